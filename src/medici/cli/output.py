"""What commands have in common: their shared options, and how results and errors are shown.

A command makes one plain JSON object. With ``--json`` that object is all that stdout gets; without,
a person reads a rendering of the same object. Progress and logs go to stderr.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from medici.errors import MediciError
    from medici.firm.house import Firm

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
FirmDir = Annotated[
    Path | None,
    typer.Option("--firm", metavar="DIR", help="The firm's folder (default: here or above)."),
]
Network = Annotated[
    str | None, typer.Option("--network", metavar="NAME", help="The chain to use, by its name.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before money moves.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the decoded call and its gas; send nothing.")
]


def wants_json(words: Sequence[str]) -> bool:
    """Whether the command line asks for JSON, known before it is parsed."""
    return "--json" in words


def show(result: dict[str, Any], as_json: bool, human: Callable[[dict[str, Any]], None]) -> None:
    """Print a result for a program or for a person."""
    if as_json:
        sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    else:
        human(result)


def print_error(error: MediciError, as_json: bool) -> None:
    """An error as JSON on stdout, or as a sentence and a hint on stderr."""
    if as_json:
        sys.stdout.write(json.dumps(error.as_json(), indent=2, ensure_ascii=False) + "\n")
        return
    hint = f"\n  {error.hint}" if error.hint else ""
    typer.secho(f"medici: {error.message}{hint}", err=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people, on stdout."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=title or None, title_justify="left", header_style="bold", box=None)
    for column in columns:
        drawn.add_column(column)
    for row in rows:
        drawn.add_row(*(str(cell) for cell in row))
    Console().print(drawn)


def say(text: str) -> None:
    """A line for people, on stdout."""
    typer.echo(text)


@contextmanager
def progress(label: str, total: int | None, quiet: bool) -> Iterator[Callable[..., None]]:
    """A progress bar with time left, on stderr; call what it yields with the number done so far.

    With another label beside the number it shows that this goes on for nobody knows how long, until
    it is called without one again.

    Args:
        label: what is going on.
        total: how many steps there are, None when nobody knows.
        quiet: show nothing (JSON mode, or no terminal).
    """
    if quiet or not sys.stderr.isatty():
        yield lambda done, now=None: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)

        def tell(done: int, now: str | None = None) -> None:
            ends = total if now is None else None
            bar.update(task, completed=done, total=ends, description=now or label)

        yield tell


def confirm(question: str, yes: bool, as_json: bool) -> None:
    """Ask before money moves, unless told not to.

    Raises:
        WrongUse: nobody can be asked and ``--yes`` was not given.
        typer.Abort: the answer was no.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        from medici.errors import WrongUse

        raise WrongUse("money would move and nobody can be asked", "add --yes")
    typer.confirm(question, abort=True, err=True)


def ask_password() -> str:
    """Ask a person for the key store's password.

    Raises:
        NoKey: nobody can be asked.
    """
    if sys.stdin.isatty():
        return str(typer.prompt("Password of the firm's keys", hide_input=True, err=True))
    from medici.errors import NoKey

    raise NoKey(
        "the firm's keys need a password and nobody can be asked",
        "set MEDICI_PASSWORD or MEDICI_PASSWORD_FILE",
    )


def open_firm(folder: Path | None, network: str | None = None) -> Firm:
    """The firm that a command is about.

    Raises:
        NoFirm, BadSettings: there is none, or its settings cannot be used.
    """
    from medici.firm.house import Firm

    return Firm.open(folder or Path.cwd(), network, ask_password)

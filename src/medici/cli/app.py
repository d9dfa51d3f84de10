"""The program: groups of commands put together, and one place where every error gets its exit code.

Rooms are imported inside commands, never here: ``medici --help`` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from medici import __version__
from medici.cli import (
    data,
    firm,
    government,
    making,
    market,
    metrics,
    models,
    producing,
    proof,
    servers,
    studio,
)
from medici.cli.output import print_error, wants_json
from medici.errors import Interrupted, MediciError, MissingPart, WrongUse

app = typer.Typer(
    name="medici",
    help="An algorithmic creative firm: models make works, every work carries its proof, "
    "the chain sells them and pays everybody.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)

for group in (firm, studio, making, producing, metrics, proof, market, government, servers):
    group.add_to(app)
app.add_typer(models.app, name="model")
app.add_typer(data.app, name="data")
app.add_typer(market.auctions, name="auction")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"medici {__version__}")
        raise typer.Exit


@app.callback()
def options(
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Say more on stderr; twice for all.")
    ] = 0,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that come before the command."""
    from medici import logs

    level = ("warning", "info", "debug")[min(verbose, 2)]
    logs.configure(level, as_json=not sys.stderr.isatty())  # type: ignore[arg-type]


def run(arguments: list[str] | None = None) -> None:
    """Run one command and leave with the exit code that tells how it went."""
    # numpy reads it once, when it is first imported. A renderer's products are small: more threads
    # than one wait for each other, and on a busy machine for the neighbours too.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    as_json = wants_json(words)
    if isinstance(sys.stdout, io.TextIOWrapper):  # file names may hold bytes that are no UTF-8
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = app(words, prog_name="medici", standalone_mode=False)
        status = code if isinstance(code, int) else 0
        if status == Interrupted.exit_code:  # Typer turns Ctrl-C into this code without a word
            raise KeyboardInterrupt
    except typer.Exit as leave:
        status = leave.exit_code
    except typer.TyperException as error:
        said = getattr(error, "format_message", error.__str__)()
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "medici"
        print_error(WrongUse(said, f"{command} --help says how it is used"), as_json)
        status = WrongUse.exit_code
    except (typer.Abort, KeyboardInterrupt):
        stopped = Interrupted("stopped", "give the same command again")
        print_error(stopped, as_json)
        status = stopped.exit_code
    except MediciError as error:
        print_error(error, as_json)
        status = error.exit_code
    except MemoryError:
        full = MissingPart("memory is full", "fewer or smaller works at once", code="out-of-memory")
        print_error(full, as_json)
        status = full.exit_code
    except BrokenPipeError:
        # The reader went away (`| head`): there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except OSError as error:  # what no room foresaw: rights, a file where a folder should be …
        failed = _unforeseen(error)
        print_error(failed, as_json)
        status = failed.exit_code
    sys.exit(status)


def _unforeseen(error: OSError) -> MissingPart:
    from medici.store import did_not_fit

    reason = error.strerror or str(error)
    file = did_not_fit(error)
    if file is not None:
        hint = "make room on that disk, then give the same command again"
        return MissingPart(f"{file}: {reason}", hint, code="disk-full")
    place = f"{error.filename}: " if error.filename is not None else ""
    hint = "see that the place exists and is ours"
    return MissingPart(f"{place}{reason}", hint, code="no-access")

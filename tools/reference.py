"""Write docs/reference.md (commands, settings, error codes) from the program itself.

Usage: python tools/reference.py [--check]. With --check nothing is written; it fails when the file
is not what the program says today.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
from pathlib import Path
from typing import Any

from medici import errors, settings

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference.md"


def cell(text: object) -> str:
    """Text that fits into a table's cell."""
    return " ".join(str(text).split()).replace("|", "\\|")


def commands(command: Any, words: tuple[str, ...] = ()) -> list[str]:
    """A section for every command below this one."""
    if hasattr(command, "commands"):
        return [
            line
            for name, child in command.commands.items()
            for line in commands(child, (*words, name))
        ]
    lines = [f"### `medici {' '.join(words)}`", "", cell(command.help), ""]
    rows = []
    for parameter in command.params:
        if parameter.name == "help":
            continue
        if parameter.param_type_name == "argument":
            name = parameter.metavar or (parameter.name or "").upper()
        else:
            name = ", ".join([*parameter.opts, *parameter.secondary_opts])
        said = getattr(parameter, "help", None) or ""
        default = parameter.default
        if default not in (None, False, "", ()) and not callable(default):
            said = f"{said} Default: {default}."
        rows.append(f"| `{name}` | {cell(said)} |")
    return [*lines, "| option | meaning |", "| --- | --- |", *rows, ""]


def attribute_docs(cls: type) -> dict[str, str]:
    """Descriptions in the Attributes section of a docstring, by name."""
    found: dict[str, str] = {}
    lines = (inspect.getdoc(cls) or "").split("Attributes:")[-1].splitlines()
    name = ""
    for line in lines:
        head, colon, rest = line.strip().partition(": ")
        if colon and head.isidentifier() and line.startswith("    ") and line[4:5] != " ":
            name = head
            found[name] = rest
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found


def setting_rows(cls: type, prefix: str) -> list[str]:
    """A row a setting of this section."""
    said = attribute_docs(cls)
    rows = []
    for field in dataclasses.fields(cls):
        default = field.default
        if default is dataclasses.MISSING:
            default = "{}"
        name = f"{prefix}.{field.name}"
        rows.append(f"| `{name}` | `{cell(default)!s}` | {cell(said.get(field.name, ''))} |")
    return rows


def error_rows(cls: type[errors.MediciError]) -> list[str]:
    """A row an error, the tree walked from the root."""
    rows = [f"| `{cls.code}` | {cls.exit_code} | {cell((cls.__doc__ or '').splitlines()[0])} |"]
    for child in sorted(cls.__subclasses__(), key=lambda c: (c.exit_code, c.__name__)):
        rows += error_rows(child)
    return rows


def text() -> str:
    """The whole page."""
    import typer.main

    from medici.cli.app import app

    sections = (
        settings.FirmSettings,
        settings.StudioSettings,
        settings.RoundSettings,
        settings.AuctionSettings,
        settings.MoneySettings,
        settings.SharesSettings,
        settings.CollectorsSettings,
        settings.NetworkSettings,
    )
    names = {
        settings.FirmSettings: "firm",
        settings.StudioSettings: "studio",
        settings.RoundSettings: "round",
        settings.AuctionSettings: "auction",
        settings.MoneySettings: "money",
        settings.SharesSettings: "shares",
        settings.CollectorsSettings: "collectors",
        settings.NetworkSettings: "networks.NAME",
    }
    rows = [row for cls in sections for row in setting_rows(cls, names[cls])]
    tree = [row for child in errors.MediciError.__subclasses__() for row in error_rows(child)]
    lines = [
        "# Reference",
        "",
        "Written by `python tools/reference.py` from the program itself.",
        "",
        "## Commands",
        "",
        (
            "Exit codes: 0 done; 1 the answer is no; 2 wrong use; 3 a needed part is missing, with "
            "how to get it; 4 the chain refused, with the decoded reason; 130 interrupted, safely "
            "resumable. With `--json` one JSON object is all that stdout gets; an error is "
            '`{"error": {"code", "message", "hint"}}`. Logs and progress go to stderr.'
        ),
        "",
        *commands(typer.main.get_command(app)),
        "## Settings",
        "",
        (
            "In `medici.toml`; each can be overridden in the environment as "
            "`MEDICI_<SECTION>__<KEY>`, and `MEDICI_NETWORK` chooses the chain."
        ),
        "",
        "| setting | default | meaning |",
        "| --- | --- | --- |",
        "| `network` | `local` | Name of the network in use. |",
        *rows,
        "",
        "## Environment",
        "",
        "| variable | meaning |",
        "| --- | --- |",
        "| `MEDICI_NETWORK` | name of the chain to use |",
        "| `MEDICI_RPC_URL` | address of a node for the chain in use |",
        "| `MEDICI_PASSWORD` | opens keys and certificates |",
        "| `MEDICI_PASSWORD_FILE` | a file that holds that password |",
        "| `MEDICI_ANVIL` | path of the program that is the local chain |",
        "",
        "## Error codes",
        "",
        "| code | exit | meaning |",
        "| --- | --- | --- |",
        *tree,
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the page, or compare it."""
    new = text()
    if "--check" not in sys.argv:
        TARGET.write_text(new, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != new:
        sys.exit("docs/reference.md is not up to date: run `python tools/reference.py`")


if __name__ == "__main__":
    main()

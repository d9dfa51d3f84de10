"""Commands of the data room: build a data set, look at it, ask whether it may be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from medici.cli.output import Json, progress, say, show, table

app = typer.Typer(help="Data sets: build, inspect, audit.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A data set, or any picture folder.")]


def parse_shares(text: str) -> dict[str, float]:
    """``"tune=0.1,judge=0.1"`` as numbers by name.

    Raises:
        WrongUse: a part of it is no such pair.
    """
    from medici.errors import WrongUse

    found: dict[str, float] = {}
    for pair in filter(None, text.split(",")):
        name, _, share = pair.partition("=")
        try:
            found[name.strip()] = float(share)
        except ValueError as error:
            raise WrongUse(
                f"{pair!r} is no share of a split", "write it like tune=0.1,judge=0.1"
            ) from error
    return found


def parse_colour(text: str) -> tuple[int, int, int]:
    """``"#ffcc00"`` as red, green and blue.

    Raises:
        WrongUse: it is no colour.
    """
    from medici.errors import WrongUse

    digits = text.removeprefix("#")
    try:
        value = int(digits, 16) if len(digits) == 6 else None
    except ValueError:
        value = None
    if value is None:
        raise WrongUse(f"{text!r} is no colour", "write it like #ffffff")
    return value >> 16, value >> 8 & 255, value & 255


@app.command()
def build(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE…",
            help="Folders, archives, hf:DATASET[:SPLIT], npm:PACKAGE or pypi:PACKAGE.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Becomes the data set's folder.")],
    side: Annotated[int, typer.Option(help="Pixels a side of every sample, 16 to 1024.")] = 64,
    licence: Annotated[
        str | None,
        typer.Option(metavar="SPDX", help="For pictures whose source states none: CC-BY-4.0 …"),
    ] = None,
    author: Annotated[
        str | None, typer.Option(help="For pictures whose source names no author.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Who is owed for their use: a name or an address.")
    ] = None,
    consent: Annotated[
        str | None, typer.Option(metavar="TEXT", help="How the authors agreed to training.")
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="Of the set (default: the folder's name).")
    ] = None,
    crop: Annotated[
        str, typer.Option(help="What is not square: none refuses it, centre cuts it, pad fills it.")
    ] = "none",
    ground: Annotated[
        str | None, typer.Option(metavar="COLOUR", help="Set transparent pictures on a colour.")
    ] = None,
    first_frame: Annotated[
        bool, typer.Option("--first-frame", help="Take the first frame of animations.")
    ] = False,
    split: Annotated[
        str, typer.Option(metavar="SHARES", help="Like tune=0.1,judge=0.1; the rest is train.")
    ] = "",
    shards: Annotated[
        bool, typer.Option("--shards", help="Write tar shards, for sets larger than memory.")
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out files that cannot be used, and list them.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in place of another set that is there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build a data set: every picture checked, brought to size, credited, and named by content."""
    from medici.studio.data.build import Credits, Plan
    from medici.studio.data.build import build as build_set
    from medici.studio.data.picture import Reading

    reading = Reading(
        side,
        crop,
        first_frame=first_frame,
        deep=True,
        ground=parse_colour(ground) if ground else None,
    )
    plan = Plan(
        reading,
        Credits(licence, author, owner, consent),
        title=title,
        splits=parse_shares(split),
        shards=shards,
        skip_bad=skip_bad,
        replace=replace,
    )
    with progress("reading", None, as_json) as done:
        result = build_set(sources, out, plan, done)

    def human(said: dict[str, Any]) -> None:
        there = " (it was there already)" if said["unchanged"] else ""
        say(f"{said['count']} pictures of {said['side']} pixels in {said['folder']}{there}")
        say(f"root {said['root']}, licence {said['licence']}")
        rows = [(name, s["count"], s["root"][:16]) for name, s in said["splits"].items()]
        if rows:
            table("", ("split", "pictures", "root"), rows)
        for word, counts in (("left out", said["left_out"]), ("converted", said["converted"])):
            if counts:
                say(f"{word}: " + ", ".join(f"{n} {reason}" for reason, n in counts.items()))
        for entry in said["bad_files"]:
            say(f"  {entry['message']}")

    show(result, as_json, human)


@app.command()
def inspect(
    folder: Folder,
    sheet: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Write a contact sheet there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at a data set: counts, sizes, colours, copies, licences, authors, attributes."""
    from medici.studio.data import inspection

    result = inspection.inspect(folder, sheet)

    def human(said: dict[str, Any]) -> None:
        for line in inspection.lines(said):
            say(line)

    show(result, as_json, human)


@app.command()
def audit(folder: Folder, as_json: Json = False) -> None:
    """Say what is missing before works made from this set may be published; 1 when something is."""
    from medici.studio.data import auditing

    result = auditing.audit(folder)

    def human(said: dict[str, Any]) -> None:
        rows = [(f["level"], f["code"], f["message"]) for f in said["findings"]]
        if rows:
            table("", ("", "finding", "what"), rows)
        say("publishable" if said["publishable"] else "not publishable")

    show(result, as_json, human)
    if not result["publishable"]:
        raise typer.Exit(1)

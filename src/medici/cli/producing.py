"""Commands that produce sets: campaigns, personalised works, filtered batches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medici.cli.making import Model, Styles, generator_of, model_of, settings_of
from medici.cli.output import FirmDir, Json, progress, say, show, table
from medici.cli.studio import parse_style

if TYPE_CHECKING:
    from medici.studio.stylebook import StyleVersion

Book = Annotated[
    Path | None, typer.Option("--stylebook", metavar="FILE", help="Style book; its latest version.")
]


def add_to(app: typer.Typer) -> None:
    """Put this group's commands into the program."""
    app.command()(campaign)
    app.command()(personalise)
    app.command()(batch)


def campaign(
    concept: Annotated[
        Path, typer.Argument(metavar="CONCEPT", help="TOML or JSON: title, text, kicker, seeds.")
    ],
    brand: Annotated[
        Path | None, typer.Option(help="Brand kit, TOML or JSON: name, palette, logo, fonts.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the pieces.")] = Path("out/campaign"),
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="One format; repeatable (default: all).")
    ] = None,
    files: Annotated[
        list[str] | None, typer.Option("--file", help="png, svg or pdf; repeatable.")
    ] = None,
    model: Model = None,
    firm: FirmDir = None,
    as_json: Json = False,
) -> None:
    """One concept in many formats, in the brand's colours and type, with a manifest."""
    from medici.studio.making import campaign as campaigns
    from medici.studio.making.brand import BrandKit
    from medici.studio.making.formats import chosen
    from medici.studio.making.page import PAINTERS

    generator = generator_of(firm, model)
    kit = BrandKit.read(brand) if brand else BrandKit(_name(firm))
    idea = campaigns.Concept.read(concept)
    names = chosen(formats or [])
    with progress("laying out", len(names), as_json) as done:
        made = campaigns.campaign(
            generator,
            idea,
            kit,
            out,
            formats=names,
            files=files or tuple(PAINTERS),
            progress=done,
        )

    def human(said: dict[str, Any]) -> None:
        rows = [(p["format"], "×".join(map(str, p["size"])), p["file"]) for p in said["pieces"]]
        table(f"{len(rows)} pieces in {out}", ("format", "size", "file"), rows)
        for note in dict.fromkeys(n for p in said["pieces"] for n in p.get("notes", [])):
            say(f"note: {note}")

    show({**made, "folder": str(out.absolute())}, as_json, human)


def personalise(
    name: Annotated[str | None, typer.Option(help="The buyer's name.")] = None,
    date: Annotated[str | None, typer.Option(help="A date like 1492-04-09.")] = None,
    wallet: Annotated[str | None, typer.Option(help="The buyer's account address.")] = None,
    colour: Annotated[
        list[str] | None, typer.Option(help="A favourite colour like #d1495b; repeatable.")
    ] = None,
    wish: Annotated[str | None, typer.Option(help="A sentence.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for work and receipt.")] = Path("out/personal"),
    book: Book = None,
    model: Model = None,
    firm: FirmDir = None,
    as_json: Json = False,
) -> None:
    """A work from a buyer's own parameters; anyone can derive it again from the receipt."""
    import json

    from medici.content import content_digest
    from medici.store import atomic_write
    from medici.studio.making.files import write_work
    from medici.studio.making.personal import Personal

    generator = generator_of(firm, model)
    given = {"name": name, "date": date, "wallet": wallet, "colours": colour, "wish": wish}
    work, receipt = Personal.of(given).work(generator, _version(book))
    identity = content_digest(work)
    file = write_work(out, work)
    text = json.dumps({**receipt, "work": identity}, indent=2, ensure_ascii=False) + "\n"
    atomic_write(file.with_suffix(".json"), text.encode())
    result = {"id": identity, "file": str(file.absolute()), **receipt}
    show(result, as_json, lambda said: say(f"{said['file']}\nseed {said['seed']}"))


def batch(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="For works and reports.")],
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="Works to keep.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first candidate.")] = 0,
    most: Annotated[int, typer.Option(min=1, help="Candidates judged at most.")] = 100_000,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="NAME[=LEAST]", help="quality, novelty, or plugged in."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="More than one: unfiltered, through Ray Data.")
    ] = 1,
    book: Book = None,
    style: Styles = None,
    model: Model = None,
    firm: FirmDir = None,
    as_json: Json = False,
) -> None:
    """Make works until enough pass the filters; the same call goes on where it was stopped."""
    from medici.errors import WrongUse
    from medici.studio.making import filters as sieve
    from medici.studio.making import pipeline as line

    steer = parse_style(style or [])
    if workers > 1:
        if filters or book:
            raise WrongUse("workers do not filter", "batch in one process, or filter afterwards")
        return _scaled(model_of(firm, model), out, seed, number, steer, workers, as_json)
    generator = generator_of(firm, model)
    chosen = sieve.make(filters or [], generator)
    pipe = line.Pipeline(generator, chosen, steer, _version(book))
    with progress("making", number, as_json) as done:
        made = line.produce(pipe, out, first=seed, keep=number, most=most, progress=done)
    result = {
        "model": generator.id,
        "folder": str(out.absolute()),
        "reports": str((out / line.REPORTS).absolute()),
        "seen": made.seen,
        "kept": made.kept,
        "refused": dict(made.refused),
        "next_seed": made.next_seed,
    }

    def human(said: dict[str, Any]) -> None:
        refused = ", ".join(f"{n} by {name}" for name, n in said["refused"].items()) or "none"
        say(f"{said['kept']} of {said['seen']} kept in {said['folder']}; refused: {refused}")

    show(result, as_json, human)
    return None


def _scaled(
    model: str, out: Path, seed: int, number: int, style: dict[str, Any], workers: int, quiet: bool
) -> None:
    from medici.store import atomic_write
    from medici.studio.making import scale

    works = []
    with progress("making", number, quiet) as done:
        for made in scale.render(model, seed, number, style, workers):
            file = out / f"{made.work[:16]}.{made.suffix}"
            atomic_write(file, made.file, durable=False)
            works.append({"id": made.work, "seed": made.seed, "file": str(file.absolute())})
            done(len(works))
    result = {"folder": str(out.absolute()), "kept": len(works), "works": works}
    show(result, quiet, lambda said: say(f"{said['kept']} works in {said['folder']}"))


def _name(firm: Path | None) -> str:
    found = settings_of(firm)
    return found.firm.name if found else "Medici"


def _version(book: Path | None) -> StyleVersion:
    from medici.studio.stylebook import StyleBook, StyleVersion

    return StyleBook.load(book).latest if book else StyleVersion()

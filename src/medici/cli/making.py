"""Commands that make something of a model: sheets, grids, films, edits, other forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medici.cli.output import FirmDir, Json, progress, say, show
from medici.cli.studio import parse_style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medici.settings import Settings
    from medici.studio.families import Generator

Model = Annotated[str | None, typer.Option(help="A shipped model's name or a model's folder.")]
Styles = Annotated[
    list[str] | None, typer.Option("--style", metavar="KEY=VALUE", help="Steer; repeatable.")
]
Seeds = Annotated[str, typer.Option(metavar="LIST", help="Seeds like 1,2,5-9.")]


def add_to(app: typer.Typer) -> None:
    """Put this group's commands into the program."""
    app.command()(sheet)
    app.command()(grid)
    app.command()(walk)
    app.command()(edit)
    app.command()(export)


def parse_seeds(text: str) -> list[int]:
    """``1,2,5-9`` as a list.

    Raises:
        WrongUse: it is none, or over 100,000 of them.
    """
    from medici.errors import WrongUse

    out: list[int] = []
    try:
        for part in text.split(","):
            low, dash, high = part.partition("-")
            first, last = int(low), int(high) if dash else int(low)
            if last < first or last - first > 100_000:
                raise ValueError
            out += range(first, last + 1)
    except ValueError:
        raise WrongUse(f"{text!r} is no list of seeds", "write it like 1,2,5-9") from None
    return out


def sheet(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="A .png or .webp file.")],
    seeds: Seeds = "0-47",
    columns: Annotated[
        int | None, typer.Option(min=1, help="Works a row (default: up to 8, as they fit).")
    ] = None,
    scale: Annotated[
        int | None, typer.Option(min=1, help="Pixels for each pixel (default: up to 4).")
    ] = None,
    gap: Annotated[int, typer.Option(min=0, help="Pixels between works.")] = 4,
    style: Styles = None,
    model: Model = None,
    firm: FirmDir = None,
    as_json: Json = False,
) -> None:
    """Lay many works out on one page, to look at."""
    from medici.studio.making.sheet import fitting, save_sheet
    from medici.studio.making.upscale import native

    generator = generator_of(firm, model)
    works = generator.sample_many(parse_seeds(seeds), parse_style(style or []))
    shown = [native(work.pixels) for work in works]
    across, large = fitting(max(p.shape[1] for p in shown), columns, scale, gap)
    save_sheet(shown, out, across, large, gap)
    _wrote(generator, out, as_json, works=len(works))


def grid(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="A .png or .webp file.")],
    of: Annotated[
        str,
        typer.Option(
            help="interpolation, mixing, truncation, works, directions.NAME, or a style key."
        ),
    ] = "interpolation",
    seeds: Seeds = "1-6",
    values: Annotated[
        str | None, typer.Option(help="JSON list of the values across; of mixing: seeds.")
    ] = None,
    steps: Annotated[int, typer.Option(min=2, help="Of an interpolation; works a row.")] = 7,
    style: Styles = None,
    model: Model = None,
    firm: FirmDir = None,
    as_json: Json = False,
) -> None:
    """Show what a parameter does: seeds down the page, its values across."""
    import json

    from medici.errors import WrongUse
    from medici.studio.making import grid as grids
    from medici.studio.making.sheet import save_page

    generator = generator_of(firm, model)
    rows = parse_seeds(seeds)
    steer = {**grids.cell(generator, rows[0]), **parse_style(style or [])}
    try:
        across = json.loads(values) if values else None
        if across is not None and not isinstance(across, list):
            raise ValueError
    except ValueError:
        raise WrongUse(f"{values!r} is no JSON list", "write it like [0, 0.5, 1]") from None
    if of == "interpolation":
        pairs = list(zip(rows[::2], rows[1::2], strict=False))
        made = grids.interpolation(generator, pairs, steps, steer)
    elif of == "mixing":
        made = grids.mixing(generator, rows, across or rows, steer)
    elif of == "works":
        made = grids.works(generator, rows, steps, steer)
    elif of.startswith("directions."):
        amounts = across or [-2.0, -1.0, 0.0, 1.0, 2.0]
        made = grids.along(generator, rows, of.removeprefix("directions."), amounts, steer)
    elif of == "truncation":
        made = grids.sweep(generator, rows, "psi", across or [0.0, 0.3, 0.6, 0.9, 1.2], steer)
    elif of not in generator.keys:
        raise WrongUse(
            f"{of!r} is neither a grid nor a style key of {generator.record.name}",
            "interpolation, mixing, truncation, works, directions.NAME; "
            f"its style keys: {', '.join(generator.keys) or 'none'}",
        )
    elif across:
        made = grids.sweep(generator, rows, of, across, steer)
    else:
        raise WrongUse(f"a grid of {of} needs its values", "--values '[0, 0.5, 1]'")
    save_page(made.page(), out)
    _wrote(generator, out, as_json, rows=list(made.rows), columns=list(made.columns))


def walk(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="A .mp4 or .webp file.")],
    seeds: Seeds = "1-5",
    frames: Annotated[int, typer.Option(min=1, help="From one work to the next.")] = 24,
    hold: Annotated[int, typer.Option(min=0, help="For which each work stands still.")] = 6,
    rate: Annotated[int, typer.Option(min=1, max=120, help="Frames a second.")] = 24,
    factor: Annotated[
        int | None, typer.Option(min=1, help="Exact enlargement (default: to about 512 pixels).")
    ] = None,
    between: Annotated[
        str | None,
        typer.Option(help="blend, dissolve or cut (default: blend, where the model can)."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do not come back to the first.")] = False,
    sheets: Annotated[
        Path | None, typer.Option(help="Instead: the sample sheets in a training run's folder.")
    ] = None,
    style: Styles = None,
    model: Model = None,
    firm: FirmDir = None,
    as_json: Json = False,
) -> None:
    """Walk through a model's latents, from seed to seed, as a film."""
    from medici.studio.making.sizes import drawn_at
    from medici.studio.making.video import Walk, progress_film, sheets_of, write_film

    if sheets is not None:
        count = write_film(progress_film(sheets_of(sheets), hold), out, rate=rate)
        result = {"file": str(out.absolute()), "frames": count, "seconds": count / rate}
        return show(result, as_json, lambda said: say(said["file"]))
    generator = generator_of(firm, model)
    steer = parse_style(style or [])
    if "scale" in generator.keys and "scale" not in steer:
        first = parse_seeds(seeds)[0]
        steer |= {"scale": 1} if factor else drawn_at(generator, first, 512) or {"scale": 1}
    between = between or ("blend" if "blend" in generator.keys else "dissolve")
    way = Walk(tuple(parse_seeds(seeds)), frames, hold, not once, between, steer)
    side = max(generator.sample(way.seeds[0], steer).pixels.shape[:2])
    enlarged = factor or max(1, 512 // side)
    with progress("filming", len(way), as_json) as done:
        count = write_film(way.film(generator), out, rate=rate, factor=enlarged, progress=done)
    return _wrote(generator, out, as_json, frames=count, seconds=count / rate)


def edit(
    seed: Annotated[int, typer.Argument(min=0, help="The work's seed.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the work and its recipe.")] = Path(
        "out/edits"
    ),
    style: Styles = None,
    change: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="New value of a style key; repeatable."),
    ] = None,
    take: Annotated[int | None, typer.Option(min=0, help="Take a region from this seed.")] = None,
    repaint: Annotated[
        list[str] | None, typer.Option(metavar="OLD=NEW", help="Paint a colour over; repeatable.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="X,Y,W,H", help="In native pixels; several by ;")
    ] = None,
    mask: Annotated[Path | None, typer.Option(help="Region as a picture, white inside.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="Follow this recipe again.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Begin with the model's work nearest to this file.")
    ] = None,
    model: Model = None,
    firm: FirmDir = None,
    as_json: Json = False,
) -> None:
    """Change a work; says whether seed and style still make it, or which works it derives from."""
    import json

    from medici.errors import UnreadableFile, WrongUse
    from medici.store import atomic_write
    from medici.studio.making import edit as edits
    from medici.studio.making.files import write_work

    generator = generator_of(firm, model)
    steer, changes = parse_style(style or []), parse_style(change or [])
    if sum((bool(changes), take is not None, bool(repaint), recipe is not None)) > 1:
        raise WrongUse("one edit at a time", "--change, --take, --repaint or --recipe")
    if file is not None:
        nearest = generator.encode(file)
        seed, steer = nearest.seed, {**nearest.style, **steer}
    where = edits.Region.of_mask(mask) if mask else edits.Region.parse(region) if region else None
    if recipe:
        try:
            told = json.loads(recipe.read_text("utf-8"))
        except OSError as error:
            raise UnreadableFile(f"{recipe} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise UnreadableFile(f"{recipe} is no recipe: {error}") from error
        done = edits.replay(generator, told)
    elif take is not None:
        if where is None:
            raise WrongUse("which region should be taken?", "--region X,Y,W,H or --mask FILE")
        done = edits.replace_region(generator, seed, steer, where, take)
    elif repaint:
        pairs = {str(old): str(new) for old, new in parse_style(repaint).items()}
        done = edits.repaint(generator, seed, steer, pairs, where)
    else:
        done = edits.restyle(generator, seed, steer, changes)
    target = write_work(out, done.work)
    text = json.dumps(dict(done.recipe), indent=2, ensure_ascii=False) + "\n"
    atomic_write(target.with_suffix(".json"), text.encode())
    result = {
        "id": done.id,
        "file": str(target.absolute()),
        "recipe": str(target.with_suffix(".json").absolute()),
        "exact": done.exact,
        "parents": list(done.parents),
        "seed": done.work.seed,
        "style": dict(done.work.style),
        "colours": [colour for colour, _ in edits.colours_of(done.work)][:64],
    }

    def human(said: dict[str, Any]) -> None:
        how = "seed and style make it again" if said["exact"] else "a derived work, see its recipe"
        say(f"{said['file']}\n{how}\ncolours: {' '.join(said['colours'][:12])}")

    show(result, as_json, human)


def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Its suffix is the form.")],
    seed: Annotated[int, typer.Option(min=0, help="The work's seed.")] = 0,
    form: Annotated[str | None, typer.Option(help="Another form than the suffix says.")] = None,
    factor: Annotated[int, typer.Option(min=1, help="Exact enlargement of PNG and WebP.")] = 1,
    style: Styles = None,
    model: Model = None,
    firm: FirmDir = None,
    as_json: Json = False,
) -> None:
    """Write a work in another form: what its family knows, PNG, WebP, or SVG of pixel pictures."""
    from medici.content import content_digest
    from medici.errors import WrongUse
    from medici.store import atomic_write
    from medici.studio.making import upscale

    generator = generator_of(firm, model)
    known = sorted({*generator.forms, *upscale.RASTERS, "svg"})
    wanted = form or form_of(out, known)
    work = generator.sample(seed, parse_style(style or []))
    if wanted in generator.forms:
        data = generator.export(work, wanted)
    elif wanted in upscale.RASTERS:
        data = upscale.RASTERS[wanted](upscale.enlarge(work.pixels, factor))
    elif wanted == "svg":
        data = upscale.to_svg(work.pixels, f"{work.kind} {seed} by {generator.record.name}")
    else:
        raise WrongUse(f"works of this model cannot be had as {wanted!r}", ", ".join(known))
    atomic_write(out, data, durable=False)
    _wrote(generator, out, as_json, id=content_digest(work), form=wanted, bytes=len(data))


def form_of(file: Path, known: Sequence[str]) -> str:
    """The longest known form that a file's name ends in; its suffix, where it ends in none."""
    name = file.name.lower()
    ends = [form for form in known if name == form or name.endswith(f".{form}")]
    return max(ends, key=len, default=file.suffix.removeprefix(".").lower())


def generator_of(firm: Path | None, model: str | None) -> Generator:
    """The model that a command is about, loaded.

    Raises:
        NoWeights, BadWeights: there is none, or it is damaged.
    """
    from medici.studio.families import load_model

    return load_model(model_of(firm, model))


def model_of(firm: Path | None, model: str | None) -> str:
    """The model asked for, else the firm's, else the first that is shipped."""
    found = settings_of(firm)
    if found is None:
        return model or "portraits"
    name = model or found.studio.model
    inside = found.folder / name
    return str(inside) if inside.is_dir() else name


def settings_of(firm: Path | None) -> Settings | None:
    """The firm's settings; None where no firm was named and none is here or above.

    Raises:
        NoFirm, BadSettings: the named folder holds none, or it cannot be used.
    """
    from medici import settings
    from medici.errors import NoFirm

    try:
        return settings.load(settings.find_firm(firm or Path.cwd()))
    except NoFirm:
        if firm is not None:
            raise
        return None


def _wrote(generator: Generator, out: Path, as_json: bool, **more: Any) -> None:
    result = {"model": generator.id, "file": str(out.absolute()), **more}
    show(result, as_json, lambda said: say(said["file"]))

"""Commands of the studio: train a model, generate works."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from medici.cli.output import FirmDir, Json, progress, say, show, table


def add_to(app: typer.Typer) -> None:
    """Put this group's commands into the program."""
    app.command()(train)
    app.command()(generate)


def parse_style(pairs: list[str]) -> dict[str, Any]:
    """``["psi=0.7"]`` as ``{"psi": 0.7}``; values are JSON where they can be, else text.

    Raises:
        BadStyle: a pair has no ``=``.
    """
    import json

    from medici.errors import BadStyle

    style: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise BadStyle(f"{pair!r} is no KEY=VALUE", "write it like psi=0.7")
        try:
            style[key] = json.loads(value, parse_constant=_no_number)
        except BadStyle as error:
            raise BadStyle(f"{key}: {error.message}") from None
        except ValueError:
            style[key] = value
    return style


def _no_number(word: str) -> float:
    from medici.errors import BadStyle

    raise BadStyle(f"{word} is no number that can be worked with")


def generate(
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many works.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first; the next ones follow.")] = 0,
    style: Annotated[
        list[str] | None, typer.Option("--style", metavar="KEY=VALUE", help="Steer; repeatable.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A shipped model's name or a model's folder.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the pictures (default: out/works).")
    ] = None,
    firm: FirmDir = None,
    as_json: Json = False,
) -> None:
    """Make works. The same model, seed and style give the same works on every machine."""
    from medici.firm import sketching

    with progress("generating", number, as_json) as done:
        result = sketching.generate(
            firm or Path.cwd(),
            range(seed, seed + number),
            parse_style(style or []),
            model=model,
            out=out,
            progress=done,
        )

    def human(said: dict[str, Any]) -> None:
        rows = [(w["id"][:16], w["seed"], w["file"]) for w in said["works"]]
        table(f"{len(rows)} works by {said['model'][:16]}", ("work", "seed", "file"), rows)

    show(result, as_json, human)


def train(
    data: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="A data set: a folder, perhaps made by data build."),
    ],
    family: Annotated[
        str, typer.Option(help="What to train: pictures, textures, icons, music, diffusion …")
    ] = "pictures",
    out: Annotated[
        Path, typer.Option(help="Becomes the model's folder; snapshots go to run/ in it.")
    ] = Path("models/own"),
    minutes: Annotated[
        float | None,
        typer.Option(min=0.0, help="Wall time of this call (20 where nothing else ends it)."),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of the whole run.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the snapshot, or publish.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, …")] = "cpu",
    tune: Annotated[
        Path | None, typer.Option(help="Fresh pictures: the run's best moment is exported.")
    ] = None,
    judge: Annotated[
        Path | None, typer.Option(help="Other fresh pictures, for the figures in the record.")
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option(help="Fine-tune a model: its folder, or the name of a shipped one."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the family; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train a model on your own data; stop it and resume as you like."""
    from medici.studio import families
    from medici.studio.training.folder import unpublished

    told = parse_style(settings or [])
    if minutes is None and steps is None and "cpu_seconds" not in told:
        # A run that is over only wants to be published.
        minutes = None if resume and unpublished(out / families.RUN) is not None else 20.0
    first = os.environ.get("RANK", "0") == "0"  # of the workers that torchrun started
    with progress("training", 1000, as_json or not first) as done:

        def tell(now: families.Now) -> None:
            # What comes before the first step and after the last may take minutes.
            doing = None
            if now.fraction >= 1:
                doing = "judging and writing the model"
            elif now.step == 0:
                doing = "beginning as the other model"
            done(round(now.fraction * 1000), doing)

        how = families.Training(
            minutes=minutes,
            steps=steps,
            resume=resume,
            seed=seed,
            device=device,
            tune=tune,
            judge=judge,
            start_from=start_from,
            settings=told,
            progress=tell,
        )
        record = families.train(family, data, out, how)
    if not first:
        return
    result = {
        "model": record.id,
        "name": record.name,
        "family": record.family,
        "folder": str(out.absolute()),
    }
    unjudged = ""
    if tune is None and judge is None:
        unjudged = "nothing was judged: --tune and --judge take fresh samples, not trained on\n"
    show(
        result,
        as_json,
        lambda said: say(
            f"model {said['model'][:16]} is in {said['folder']}\n{unjudged}"
            f'To use it: studio.model = "{said["folder"]}" in medici.toml'
        ),
    )

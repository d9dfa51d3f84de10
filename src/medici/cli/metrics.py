"""The command that says how good a model is, beside what a perfect and two bad ones would score."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from medici.cli.output import Json, progress, say, show, table
from medici.cli.studio import parse_style


def add_to(app: typer.Typer) -> None:
    """Put this group's command into the program."""
    app.command()(metrics)


def metrics(
    model: Annotated[str, typer.Option(help="A shipped model's name or a model's folder.")],
    train: Annotated[
        Path, typer.Option(metavar="DIR", help="What it was trained on: floor, memorisation.")
    ],
    judge: Annotated[
        Path, typer.Option(metavar="DIR", help="Fresh works of the same kind, seen by nothing.")
    ],
    number: Annotated[
        int, typer.Option("-n", "--number", min=1, help="Works a side; fewer if a set is smaller.")
    ] = 2000,
    extractor: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[:FILE]",
            help="efficientnet-lite0 (the default), inception:FILE, dinov2:FOLDER, onnx:FILE, or a "
            "plug-in's.",
        ),
    ] = None,
    style: Annotated[
        list[str] | None, typer.Option("--style", metavar="KEY=VALUE", help="Steer; repeatable.")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where features of real sets are kept (default: yours)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a model: one table, with the real-against-real floor and the negative controls."""
    from medici.errors import BadData
    from medici.studio.families import load_model
    from medici.studio.metrics.features import default_cache
    from medici.studio.metrics.measure import Measuring, measure

    for option, folder in (("--train", train), ("--judge", judge)):
        if not folder.is_dir():
            raise BadData(f"{option} {folder}: there is no such folder", "give a data set's folder")
    loaded = load_model(model)
    how = Measuring(number, parse_style(style or []), extractor, cache or default_cache())
    with progress("measuring", None, as_json):
        measured = measure(loaded, train, judge, how)
    result = {
        "model": loaded.id,
        "name": loaded.record.name,
        "family": loaded.record.family,
        **measured.as_json(),
        "misleading": measured.misleading(),
    }

    def human(said: dict[str, Any]) -> None:
        title = f"{said['name']} {said['model'][:16]}, n = {said['n']}, {said['extractor']}"
        table(title, measured.columns(), measured.lines())
        copying = said.get("memorisation", {})
        if "nearer_to_train" in copying:
            say(
                f"memorisation: {copying['nearer_to_train']:.0%} of samples are nearer to training "
                f"than to fresh works (half without), {copying['exact_copies']} exact copies"
            )
        for sentence in (*said["misleading"], *(f"warning: {w}" for w in said["warnings"])):
            say(sentence)

    show(result, as_json, human)

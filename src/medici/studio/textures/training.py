"""Training a texture model: settings, the run of the training room, then the model folder."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse
from medici.studio.textures.data import LEAST_SIDE, read_materials
from medici.studio.textures.gan import SCHEMA, Recipe, Trainer
from medici.studio.textures.networks import Shape
from medici.studio.training.options import Options
from medici.studio.training.run import BEST, SNAPSHOT, device_for, drive
from medici.studio.training.settings import refuse_unknown, typed
from medici.studio.training.snapshots import read_snapshot
from medici.studio.training.starting import defaults, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from medici.records import ModelRecord
    from medici.studio.families import Training
    from medici.studio.metrics.distances import Extractor
    from medici.studio.textures.data import MaterialSet

_COUNTED = {"materials", "planes"}
_SIZES = {f.name for f in fields(Shape)} - _COUNTED
_RATES = {f.name for f in fields(Recipe)}
_SHOWN = 8


def train(
    folder: Path, out: Path, how: Training, *, extractor: Extractor | None = None
) -> ModelRecord:
    """See `medici.studio.textures.family.Textures.train`.

    Args:
        folder: materials.
        out: model folder.
        how: budget and settings.
        extractor: features for patch figures; none are measured without it.

    Raises:
        WrongUse: a setting that cannot be, or pictures to tune by.
    """
    from medici.studio.textures.publish import publish

    options, settings = Options.take(how.settings)
    if how.tune is not None:
        raise WrongUse("textures are not judged while they train", "give fresh pictures as --judge")
    device = device_for(how.device)
    known = defaults(how, out / "run", _SIZES, _RATES)
    recipe, sizes = read_settings({**known, **settings})
    waves = int(sizes.get("waves", 1))
    data = read_materials(folder, waves, max(LEAST_SIDE, recipe.side + 24))
    judge = read_materials(how.judge, waves) if how.judge is not None else None
    shape = Shape(materials=len(data.materials), planes=data.planes, **sizes)
    trainer = Trainer(data, shape, recipe, how.seed, device)
    if how.start_from is not None and not how.resume:
        trainer.start_from(snapshot_of(how.start_from))
    run = drive(trainer, out / "run", how, data=data.root, draw=draw, options=options)
    return publish(
        run.best,
        out,
        data,
        name=how.name or out.name,
        curves=run.curves.rows(),
        judge=judge,
        extractor=extractor,
    )


def keep_snapshot(run: Path, data: MaterialSet) -> Path:
    """Write the averaged generator of a run's snapshot as its best, while it trains or after.

    Raises:
        BadWeights: there is no snapshot, or it does not fit the data.
    """
    about, _ = read_snapshot(run / SNAPSHOT, SCHEMA)
    recipe, shape = Recipe(**about["recipe"]), Shape.from_json(about["shape"])
    trainer = Trainer(data, shape, recipe, int(about["seed"]), device_for("cpu"))
    trainer.load(run / SNAPSHOT)
    trainer.keep(run / BEST, trainer.averages[-1])
    return run / BEST


def draw(pictures: NDArray[np.uint8], path: Path) -> None:
    """A sample sheet: some textures as they are, large enough to judge."""
    import numpy as np
    from PIL import Image

    rows = [np.concatenate(list(pictures[i : i + 4]), 1) for i in range(0, _SHOWN, 4)]
    Image.fromarray(np.concatenate(rows)[..., :3]).save(path)


def read_settings(settings: Mapping[str, Any]) -> tuple[Recipe, dict[str, Any]]:
    """The recipe, and the sizes that are named, from one flat mapping.

    Raises:
        WrongUse: an unknown name, or a value that cannot be.
    """
    refuse_unknown(settings, _SIZES | _RATES, "textures")
    recipe = Recipe(**typed(Recipe, settings))
    sizes = typed(Shape, settings, _COUNTED)
    shape = Shape(materials=1, **sizes)
    least = min(shape.local, shape.width, recipe.batch, recipe.lazy, *shape.channels)
    wrong = not 2 <= len(shape.channels) <= 7 or least < 1 or recipe.average >= 1
    if wrong or recipe.side < shape.patch:
        raise WrongUse(
            "these settings cannot be trained",
            f"2 to 7 channels, sizes and batch of at least 1, crops of side {shape.patch} or more",
        )
    return recipe, sizes

"""Training a texture model: settings, the run of the training room, then the model folder."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse
from medici.studio.textures.data import read_materials
from medici.studio.textures.gan import SCHEMA, Recipe, Trainer
from medici.studio.textures.networks import Shape
from medici.studio.training.options import Options
from medici.studio.training.run import BEST, SNAPSHOT, device_for, drive
from medici.studio.training.snapshots import read_snapshot

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
    """
    from medici.studio.textures.publish import publish

    options, settings = Options.take(how.settings)
    device = device_for(how.device)
    recipe: Recipe = _chosen(Recipe, settings)
    waves = int(settings.get("waves", 1))
    data = read_materials(folder, waves, recipe.side + 24)
    judge = read_materials(how.judge, waves) if how.judge is not None else None
    shape: Shape = _chosen(Shape, settings, materials=len(data.materials), planes=data.planes)
    _check(recipe, shape, settings)
    trainer = Trainer(data, shape, recipe, how.seed, device)
    if how.start_from is not None and not how.resume:
        trainer.start_from(how.start_from / "run" / SNAPSHOT)
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


def _chosen(kind: type[Any], settings: Mapping[str, Any], **given: Any) -> Any:
    known = {f.name for f in fields(kind)} - _COUNTED
    chosen = {k: v for k, v in settings.items() if k in known}
    if isinstance(chosen.get("channels"), list):
        chosen["channels"] = tuple(chosen["channels"])
    return kind(**chosen, **given)


def _check(recipe: Recipe, shape: Shape, settings: Mapping[str, Any]) -> None:
    known = {f.name for kind in (Recipe, Shape) for f in fields(kind)} - _COUNTED
    for key in settings:
        if key not in known:
            raise WrongUse(
                f"textures have no setting {key!r}", "settings: " + ", ".join(sorted(known))
            )
    if not 2 <= len(shape.channels) <= 7 or recipe.batch < 1 or recipe.side < shape.patch:
        raise WrongUse(
            "these settings cannot be trained",
            f"2 to 7 channels, a batch of at least 1, crops of side {shape.patch} or more",
        )

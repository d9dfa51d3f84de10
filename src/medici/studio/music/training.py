"""Training a music model from a folder of scores: settings, data, run, model folder."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse
from medici.studio.music import sheet
from medici.studio.music.examples import Examples
from medici.studio.music.export import to_weights
from medici.studio.music.fine_tuning import start_from
from medici.studio.music.networks import Shape
from medici.studio.music.publish import publish
from medici.studio.music.scores import read_scores
from medici.studio.music.trainer import Recipe, Trainer, TuneJudge
from medici.studio.training.options import Options
from medici.studio.training.run import device_for, drive
from medici.studio.training.settings import refuse_unknown, typed
from medici.studio.training.starting import defaults

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from medici.records import ModelRecord
    from medici.studio.families import Training
    from medici.studio.music.networks import ChoraleNetwork

_RUN = "run"
_SIZES = {f.name for f in fields(Shape)}
_RATES = {f.name for f in fields(Recipe)} - {"shape"}
# A network that knows music already learns a few pieces by heart at the full rate.
_TUNING = {"rate": 5e-4}
_DRAWN = 6
_LONGEST_REACH = 256


def train(data: Path, out: Path, how: Training) -> ModelRecord:
    """See `medici.studio.music.family.Music.train`."""
    options, rest = Options.take(how.settings)
    recipe = chosen(defaults(how, out / _RUN, _SIZES, _RATES, _TUNING) | rest)
    device = device_for(how.device)
    scores = read_scores(data)
    tune = read_scores(how.tune) if how.tune is not None else None
    judge = read_scores(how.judge) if how.judge is not None else None
    folder = out / _RUN

    def picture(network: ChoraleNetwork, n: int) -> NDArray[np.uint8]:
        return sheet.tiles(to_weights(network), scores.scores, min(n, _DRAWN))

    trainer = Trainer(Examples(scores.scores, recipe.shape), recipe, how.seed, device, picture)
    if how.start_from is not None and not how.resume:
        start_from(trainer, how.start_from)
    drive(
        trainer,
        folder,
        how,
        data=scores.root,
        judge=TuneJudge(Examples(tune.scores, recipe.shape)) if tune is not None else None,
        draw=sheet.save,
        options=options,
    )
    return publish(folder, out, scores, name=how.name or out.name, tune=tune, judge=judge)


def chosen(settings: Mapping[str, Any]) -> Recipe:
    """A recipe from settings; what is not named keeps its default.

    Raises:
        WrongUse: an unknown name, or a value that cannot be trained with.
    """
    refuse_unknown(settings, _RATES | _SIZES, "music")
    rates, shape = typed(Recipe, settings, {"shape"}), typed(Shape, settings)
    for key, value in shape.items():
        if key in ("near", "far"):
            if not all(1 <= s <= _LONGEST_REACH for s in value) or len(set(value)) < len(value):
                raise _wrong(key, value, f"different steps back, 1 to {_LONGEST_REACH}")
        elif not 1 <= value <= 4096:
            raise _wrong(key, value, "a whole number from 1 to 4096")
    for key, value in rates.items():
        if isinstance(value, float) and value >= 1 and key != "decay":
            raise _wrong(key, value, "below 1")
    if rates.get("batch") == 0:
        raise _wrong("batch", 0, "at least 1")
    return Recipe(shape=Shape(**shape), **rates)


def _wrong(key: str, value: object, hint: str) -> WrongUse:
    return WrongUse(f"setting {key} cannot be {value!r}", hint)

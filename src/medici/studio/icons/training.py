"""Training an icon model: settings, the run of the training room, then the model folder."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import torch

from medici.errors import WrongUse
from medici.studio.icons.bodies import trainer
from medici.studio.icons.codes import Codes
from medici.studio.icons.data import IconSet, read_icons
from medici.studio.icons.fine_tuning import start_from
from medici.studio.icons.networks import BODIES, Shape
from medici.studio.icons.sheets import save_sheet
from medici.studio.icons.trainer import Recipe
from medici.studio.training.options import Options
from medici.studio.training.precision import SETTINGS
from medici.studio.training.run import device_for, drive
from medici.studio.training.settings import refuse_unknown, typed
from medici.studio.training.starting import defaults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from medici.records import ModelRecord
    from medici.studio.families import Training
    from medici.studio.metrics.distances import Extractor
    from medici.studio.training.trainee import Trainee

_SIZES = {f.name for f in fields(Shape)} - {"looks"}
_RATES = {f.name for f in fields(Recipe)} - {"shape"}

# Codes move a little towards the new icons; at the full rate small sets are learnt by heart.
_TUNING = {"first": 150, "prior_rate": 3e-4}


def recipe_of(settings: Mapping[str, Any], looks: int) -> Recipe:
    """A recipe from a user's settings: keys of `Recipe`, and of `Shape` beside them.

    Raises:
        WrongUse: an unknown key, body or batch.
    """
    refuse_unknown(settings, _SIZES | _RATES, "icons")
    sizes = typed(Shape, settings, {"looks"})
    recipe = Recipe(**typed(Recipe, settings, {"shape"}))
    if recipe.body not in BODIES:
        raise WrongUse(f"icons have no body {recipe.body!r}", "bodies: " + ", ".join(BODIES))
    if recipe.batch % 8 or recipe.batch < 8:
        raise WrongUse(f"a batch of {recipe.batch} icons cannot be used", "multiples of 8")
    shape = Shape(**sizes, looks=looks)
    widths = (*shape.encoder, *shape.decoder, *shape.channels)
    least = min(shape.hidden, shape.latent, shape.width, recipe.lazy, *widths)
    if least < 1 or min(shape.levels) < 2:
        raise WrongUse("these icons cannot be trained", "sizes of at least 1, levels of at least 2")
    if recipe.average >= 1 or recipe.drop >= 1 or recipe.precision not in SETTINGS:
        raise WrongUse(
            "these icons cannot be trained",
            f"average and drop under 1; precision one of {', '.join(SETTINGS)}",
        )
    return replace(recipe, shape=shape)


class BitsJudge:
    """Bits that the averaged prior needs for a fresh icon: the best moment has the fewest.

    Args:
        tune: fresh icons, none of them trained on.
    """

    metric = "tune_bits"

    def __init__(self, tune: IconSet) -> None:
        self.pictures = torch.from_numpy(tune.pixels)[:, None]
        self.classes = torch.from_numpy(tune.classes)

    def figures(self, trainee: Trainee, which: str) -> Mapping[str, float]:
        """Mean bits an icon; infinite while there is no prior."""
        assert isinstance(trainee, Codes)
        if trainee.step <= trainee.recipe.first:
            return {self.metric: float("inf")}
        tokens = trainee.encode(self.pictures).to(trainee.device)
        with torch.no_grad():
            bits = trainee.bits(trainee.smoothed["prior"], tokens, self.classes)
        return {self.metric: float(bits)}

    def warnings(self, trainee: Trainee, which: str) -> Sequence[str]:
        """None: copying is measured when the model is published."""
        return ()


def train(
    data: Path, out: Path, how: Training, *, extractor: Extractor | None = None
) -> ModelRecord:
    """See `medici.studio.icons.family.Icons.train`.

    Args:
        data: icons.
        out: model folder.
        how: budget and settings.
        extractor: features for the figures; EfficientNet-Lite0 by default when they are wanted.
    """
    from medici.studio.icons.publish import publish

    options, settings = Options.take(how.settings)
    device = device_for(how.device)
    settings = defaults(how, out / "run", _SIZES | {"body"}, _RATES, _TUNING) | settings
    icons = read_icons(data)
    tune = read_icons(how.tune) if how.tune is not None else None
    judge = read_icons(how.judge) if how.judge is not None else None
    recipe = recipe_of(settings, len(icons.looks))
    if not recipe.first and how.start_from is None and not how.resume:
        raise WrongUse("first is 0: codes would be those of a random network", "first: at least 1")
    if recipe.body == "codes" and how.steps is not None and how.steps <= recipe.first:
        raise WrongUse(
            f"{how.steps} steps end before the prior is trained",
            f"give more steps than {recipe.first}, or set first to fewer",
        )
    state = trainer(icons, recipe, how.seed, device)
    if how.start_from is not None and not how.resume:
        start_from(state, how.start_from, icons.looks)
    # A GAN has no such figure: its last average is kept.
    chooses = BitsJudge(tune) if tune is not None and isinstance(state, Codes) else None

    run = drive(
        state, out / "run", how, data=icons.root, judge=chooses, draw=_draw, options=options
    )
    if isinstance(state, Codes) and state.step <= recipe.first:
        raise WrongUse(
            f"the run ended at step {state.step}, before the prior was trained",
            f"resume it with more time, or train anew with first below {state.step}",
        )
    rows = run.curves.series()
    return publish(
        run.best,
        out,
        train=icons,
        name=how.name or out.name,
        curves=rows,
        judge=judge,
        extractor=extractor,
    )


def _draw(pictures: NDArray[np.uint8], path: Path) -> None:
    save_sheet(pictures[..., 3], path)

"""Training picture codes on a folder of pictures: settings, run, what is published."""

from __future__ import annotations

import difflib
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse
from medici.studio.exact import identity
from medici.studio.pictures.codes import CodesShape
from medici.studio.pictures.codes_trainer import CodesRecipe, CodesTrainer
from medici.studio.pictures.fine_tuning import start_codes_from
from medici.studio.training.options import Options
from medici.studio.training.run import device_for, drive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from medici.studio.data.sampling import Samples
    from medici.studio.exact.identity import ExactModel
    from medici.studio.families import Now, Training
    from medici.studio.training.judging import Judge
    from medici.studio.training.run import Run


def read_settings(settings: Mapping[str, Any], side: int) -> tuple[Options, CodesRecipe]:
    """Options of the run and recipe of the networks, from one flat mapping.

    Raises:
        WrongUse: an unknown name, or a value that cannot be.
    """
    options, rest = Options.take(settings)
    shape = {f.name for f in fields(CodesShape)}
    recipe = {f.name for f in fields(CodesRecipe)} - {"shape"}
    for name in rest:
        if name not in shape | recipe:
            near = difflib.get_close_matches(name, shape | recipe, 1)
            known = "known: " + ", ".join(sorted(shape | recipe))
            raise WrongUse(
                f"codes have no setting {name!r}", f"did you mean {near[0]}?" if near else known
            )
    lists = {"channels", "averages"}
    told: dict[str, Any] = {k: tuple(v) if k in lists else v for k, v in rest.items()}
    sized: dict[str, Any] = {"side": side, **{k: v for k, v in told.items() if k in shape}}
    try:
        sizes = CodesShape(**sized)
        return options, CodesRecipe(**{k: v for k, v in told.items() if k in recipe}, shape=sizes)
    except TypeError as error:
        raise WrongUse(f"a setting has the wrong type: {error}") from error


def run_codes(data: Samples, folder: Path, how: Training, judge: Judge | None = None) -> Run:
    """Train codes in a run folder; `Run.best` is an exact weights file.

    Args:
        data: training pictures.
        folder: of the run.
        how: budget, seed, device; `settings` are those of `CodesRecipe`, `CodesShape`, `Options`.
        judge: chooses the best moment.

    Raises:
        BadData, WrongUse, MissingPart, Interrupted, BadWeights: see `drive` and `CodesTrainer`.
    """
    options, recipe = read_settings(how.settings, data.side)
    trainer = CodesTrainer(data, recipe, how.seed, device_for(how.device))
    if how.start_from is not None and not how.resume:
        start_codes_from(trainer, how.start_from)

    def tell(now: Now) -> None:
        trainer.fraction = now.fraction
        how.progress(now)

    return drive(trainer, folder, replace(how, progress=tell), judge=judge, options=options)


def outcome(run: Run) -> tuple[ExactModel, dict[str, Any]]:
    """The model of a finished run, and what its record says of the training."""
    trainer = run.trainee
    assert isinstance(trainer, CodesTrainer)
    exact, _ = identity.read(run.best)
    return exact, {
        "architecture": "discrete codes (FSQ), dense decoder to colour slots, NADE prior",
        "recipe": trainer.recipe.as_json(),
        "seed": trainer.seed,
        "step": trainer.step,
        "average": trainer.averages[-1],
        "precision": trainer.precision.setting,
        "spent": trainer.spent,
    }

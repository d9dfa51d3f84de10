"""Training picture codes on a folder of pictures: settings, run, what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.studio.exact import identity
from medici.studio.families import Now
from medici.studio.pictures.codes_recipe import RATES, SIZES, read_settings
from medici.studio.pictures.codes_trainer import CodesTrainer
from medici.studio.pictures.fine_tuning import start_codes_from
from medici.studio.training.parallel import Workers
from medici.studio.training.run import device_for, drive, ready
from medici.studio.training.starting import defaults

if TYPE_CHECKING:
    from pathlib import Path

    from medici.studio.data.sampling import Samples
    from medici.studio.exact.identity import ExactModel
    from medici.studio.families import Training
    from medici.studio.training.judging import Judge
    from medici.studio.training.run import Run

# At the full rate a small set is learnt by heart before the rest is forgotten.
_TUNING = {"rate": 3e-4}


def run_codes(data: Samples, folder: Path, how: Training, judge: Judge | None = None) -> Run:
    """Train codes in a run folder; `Run.best` is an exact weights file.

    Under ``torchrun`` every process calls this with the same arguments.

    Args:
        data: training pictures.
        folder: of the run.
        how: budget, seed, device; `settings` are those of `CodesRecipe`, `CodesShape`, `Options`.
        judge: chooses the best moment.

    Raises:
        BadData, WrongUse, MissingPart, Interrupted, BadWeights: see `drive` and `CodesTrainer`.
    """
    known = defaults(how, folder, SIZES, RATES, _TUNING)
    options, recipe = read_settings({**known, **how.settings}, data.side)
    device = device_for(how.device)
    workers = Workers.join(device)
    trainer = CodesTrainer(data, recipe, how.seed, device, workers)
    if how.start_from is not None and not how.resume:
        ready(folder, how, options, judged=judge is not None)
        how.progress(Now(0, 0.0, 0.0, {}))
        start_codes_from(trainer, how.start_from)
    return drive(
        trainer, folder, how, data=data.root, judge=judge, options=options, workers=workers
    )


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

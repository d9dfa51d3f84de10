"""Training a picture GAN: from settings to a run, from a run to an exact model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.studio.pictures.fine_tuning import start_from
from medici.studio.pictures.gan import Trainer, load_trained
from medici.studio.pictures.gan_export import to_exact
from medici.studio.pictures.recipe import RATES, SIZES, Recipe
from medici.studio.training.options import Options
from medici.studio.training.parallel import Workers
from medici.studio.training.run import device_for, drive
from medici.studio.training.starting import defaults

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from medici.studio.data.sampling import Samples
    from medici.studio.exact.identity import ExactModel
    from medici.studio.families import Training
    from medici.studio.training.judging import Judge
    from medici.studio.training.run import Run


def read_settings(settings: Mapping[str, Any]) -> tuple[Options, Recipe]:
    """Options of the run and recipe of the networks, from one flat mapping.

    Raises:
        WrongUse: an unknown name, or a value that cannot be.
    """
    options, rest = Options.take(settings)
    return options, Recipe.from_settings(rest)


def run_gan(data: Samples, folder: Path, how: Training, judge: Judge | None = None) -> Run:
    """Train a GAN in a run folder; `Run.best` holds the generator to export.

    Under ``torchrun`` every process calls this with the same arguments.

    Args:
        data: training pictures at the recipe's side.
        folder: of the run.
        how: budget, seed, device; `settings` are those of `Recipe`, `GanShape` and `Options`.
        judge: chooses the best moment.

    Raises:
        BadData, WrongUse, MissingPart, Interrupted, BadWeights: see `drive` and `Trainer`.
    """
    known = defaults(how, folder, SIZES - {"head", "side"}, RATES)
    options, recipe = read_settings({**known, **how.settings})
    device = device_for(how.device)
    workers = Workers.join(device)
    trainer = Trainer(data, recipe, how.seed, device, workers)
    if how.start_from is not None and not how.resume:
        start_from(trainer, how.start_from)
    return drive(
        trainer, folder, how, data=data.root, judge=judge, options=options, workers=workers
    )


def outcome(run: Run) -> tuple[ExactModel, dict[str, Any]]:
    """The model of a finished run, and what its record says of the training."""
    return exported(run.best)


def exported(best: Path, psi: int = 1000) -> tuple[ExactModel, dict[str, Any]]:
    """The model of kept weights, and what its record says of the training.

    Raises:
        BadWeights: no such file, or its numbers do not fit integers.
    """
    network, about = load_trained(best)
    shape, loss = network.shape, Recipe.from_json(about["recipe"]).chosen_loss
    return to_exact(network, about["classes"], psi), {
        "architecture": f"GAN, {shape.body} body, {shape.head} head, {loss} loss",
        **{k: about[k] for k in ("recipe", "seed", "step", "average", "precision", "spent")},
    }

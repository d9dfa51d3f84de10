"""Training a picture GAN on a folder of pictures, up to the model folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.studio.data.folder import read_folder
from medici.studio.families import RECORD, read_record
from medici.studio.pictures.recipe import Recipe
from medici.studio.training.options import Options
from medici.studio.training.run import device_for, drive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from medici.records import ModelRecord
    from medici.studio.data.sampling import Samples
    from medici.studio.families import Training
    from medici.studio.metrics.distances import Extractor
    from medici.studio.training.run import Run


def run_gan(
    data: Samples,
    folder: Path,
    how: Training,
    *,
    tune: Samples | None = None,
    extractor: Extractor | None = None,
) -> Run:
    """Train a GAN in a run folder; `Run.best` holds the generator to export.

    Args:
        data: training pictures at the recipe's size.
        folder: of the run.
        how: budget, seed, device; `settings` are those of `Recipe` and `Options`.
        tune: fresh pictures to choose the best moment by.
        extractor: for that; EfficientNet-Lite0 by default.

    Raises:
        BadData, WrongUse, MissingPart, Interrupted, BadWeights: see `drive` and `Trainer`.
    """
    from medici.studio.pictures.fine_tuning import start_from
    from medici.studio.pictures.gan import Trainer
    from medici.studio.training.judging import PictureJudge
    from medici.studio.training.parallel import Workers

    options, recipe = read_settings(how.settings)
    device = device_for(how.device)
    workers = Workers.join(device)
    trainer = Trainer(data, recipe, how.seed, device, workers)
    if how.start_from is not None and not how.resume:
        start_from(trainer, how.start_from)
    judge = None
    if tune is not None and workers.first:
        if extractor is None:
            from medici.studio.metrics.extractor import EfficientNetLite0

            extractor = EfficientNetLite0()
        judge = PictureJudge(extractor, tune, data)
    return drive(trainer, folder, how, judge=judge, options=options, workers=workers)


def read_settings(settings: Mapping[str, Any]) -> tuple[Options, Recipe]:
    """Options of the run and recipe of the networks, from one flat mapping.

    Raises:
        WrongUse: an unknown name, or a value that cannot be.
    """
    options, rest = Options.take(settings)
    return options, Recipe.from_settings(rest)


def train(
    data: Path, out: Path, how: Training, *, extractor: Extractor | None = None, judged: int = 2000
) -> ModelRecord:
    """Train on a folder of pictures and write an exact model folder.

    Args:
        data: pictures, and perhaps a ``source.json`` with licence and authors.
        out: becomes the model's folder; the run's own files go to ``run`` in it.
        how: see `Training`; `settings` are those of `Recipe` and `Options`.
        extractor: features for the figures; EfficientNet-Lite0 where they are wanted.
        judged: pictures a side in the record's figures.

    Raises:
        BadData: a picture or the folder cannot be used; the message names it.
        Interrupted: stopped by the user; the same call with `resume` goes on.
        MissingPart: the device is not there, memory or disk is full.
        WrongUse: no budget given, nothing to resume, or training diverged.
    """
    from medici.studio.pictures.gan import load_trained
    from medici.studio.pictures.gan_export import to_exact
    from medici.studio.pictures.publish import publish

    _, recipe = read_settings(how.settings)
    side = recipe.shape.side
    train_on = read_folder(data, side)
    tune = read_folder(how.tune, side) if how.tune is not None else None
    judge = read_folder(how.judge, side) if how.judge is not None else None
    if extractor is None and (tune is not None or judge is not None):
        from medici.studio.metrics.extractor import EfficientNetLite0

        extractor = EfficientNetLite0()
    run = run_gan(train_on, out / "run", how, tune=tune, extractor=extractor)
    if not run.workers.first:
        run.workers.wait()
        run.workers.leave()
        return read_record(out / RECORD)
    network, about = load_trained(run.best)
    shape = network.shape
    record = publish(
        to_exact(network),
        out,
        train=train_on,
        name=how.name or out.name,
        training={
            "architecture": f"GAN, {shape.body} body, {shape.head} head, {recipe.chosen_loss} loss",
            **{k: about[k] for k in ("recipe", "seed", "step", "average", "precision", "spent")},
        },
        curves=run.curves.rows(),
        judge=judge,
        tune=tune,
        extractor=extractor,
        n=judged,
    )
    run.workers.wait()
    run.workers.leave()
    return record

"""Training the small denoiser on a folder of pictures: settings, data, run, model folder."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from medici.errors import WrongUse
from medici.studio.data.folder import read_folder, warn_of_loss
from medici.studio.diffusion.pipelines import open_pipeline
from medici.studio.diffusion.pixels import fits
from medici.studio.diffusion.publish import publish
from medici.studio.diffusion.recipe import Recipe, library
from medici.studio.diffusion.trainer import LossJudge, Trainer
from medici.studio.families import RECORD, read_record
from medici.studio.training.options import Options
from medici.studio.training.parallel import Workers
from medici.studio.training.run import device_for, drive
from medici.studio.training.starting import defaults

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from medici.records import ModelRecord
    from medici.studio.families import Training

_SIZES = ("size", "widths", "layers")
_RATES = {f.name for f in fields(Recipe)}


def train(data: Path, out: Path, how: Training) -> ModelRecord:
    """See `medici.studio.diffusion.family.Diffusion.train`.

    Under ``torchrun`` every process calls this with the same arguments.
    """
    options, settings = Options.take(how.settings)
    recipe = Recipe.from_settings(defaults(how, out / "run", _SIZES, _RATES) | settings)
    device = device_for(how.device)
    library()
    pictures = read_folder(data, recipe.size)
    if "size" not in settings and how.start_from is None:
        warn_of_loss(data, recipe.size, "size")
    tune = read_folder(how.tune, recipe.size) if how.tune is not None else None
    judge = read_folder(how.judge, recipe.size) if how.judge is not None else None
    workers = Workers.join(device)
    trainer = Trainer(pictures, recipe, how.seed, device, workers)
    if how.start_from is not None and not how.resume:
        trainer.start_from(_weights(how.start_from))
    run = drive(
        trainer,
        out / "run",
        how,
        data=pictures.root,
        judge=LossJudge(tune.pixels) if tune is not None else None,
        options=options,
        workers=workers,
    )
    record = None
    if workers.first:
        record = publish(run, out, pictures, name=how.name or out.name, judge=judge)
    workers.wait()
    workers.leave()
    return record or read_record(out / RECORD)


def _weights(folder: Path) -> dict[str, Tensor]:
    pipeline = open_pipeline(folder)
    if not fits(pipeline):
        raise WrongUse(f"{folder} is no denoiser of pixels", "start from a model trained here")
    return {k: v.cpu() for k, v in pipeline.unet.state_dict().items()}

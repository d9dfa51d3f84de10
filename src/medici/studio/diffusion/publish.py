"""From a training run to a model folder: pipeline, record, figures, curves, sheet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.records import ModelRecord
from medici.studio.data.sampling import some
from medici.studio.diffusion.model import RENDERER, DiffusionModel, hardened
from medici.studio.diffusion.recipe import pipeline
from medici.studio.diffusion.trainer import LossJudge, Trainer, load_trained
from medici.studio.imported import files_of, identity, weights_digest, write_record
from medici.studio.making.sheet import save_sheet
from medici.studio.metrics.memorisation import copying_without_fresh, memorisation, warn_of
from medici.studio.training.publishing import about_data, staged, versions, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.data.folder import PictureSet
    from medici.studio.training.run import Run

METRICS, CURVES, SHEET = "metrics.json", "curves.json", "sheet.png"
_COLUMNS = 20
_LOOKED_AT = 2000
# Samples that are looked at for copies where there are no figures: each costs 25 passes.
_COMPARED = 500


@staged
def publish(
    run: Run, out: Path, data: PictureSet, *, name: str, judge: PictureSet | None = None
) -> ModelRecord:
    """Write a pipeline of `diffusers` and everything that ships with a model.

    Args:
        run: a finished one of `Trainer`.
        out: model folder; its files are replaced.
        data: what it was trained on.
        name: short name for the record.
        judge: fresh pictures, for the figures; without them only copying is looked at.

    Raises:
        BadWeights: the run's weights cannot be read.
        MissingPart: there is not memory enough.
    """
    trainer = run.trainee
    assert isinstance(trainer, Trainer)
    network, kept = load_trained(run.best)
    pipeline(network).save_pretrained(out, safe_serialization=True)
    files = files_of(out)
    record = ModelRecord(
        id=identity(files),
        name=name,
        renderer=RENDERER,
        weights_sha256=weights_digest(files),
        data_root=data.root,
        data_licence=data.licence,
        training={
            "architecture": "U-Net over pixels, cosine noise, velocity prediction, DDIM",
            "parameters": sum(p.numel() for p in network.parameters()),
            "recipe": trainer.recipe.as_json(),
            "precision": trainer.precision.setting,
            "seed": trainer.seed,
            "step": trainer.step,
            "kept": "last" if run.judge is None else "lowest loss on the tuning pictures",
            "kept_step": kept["step"],
            "average": kept["average"],
            "spent": trainer.spent,
            "data": about_data(data.source, len(data)),
            "versions": versions("diffusers"),
            "files": files,
        },
        family="diffusion",
    )
    model = DiffusionModel(out, record)
    shown = trainer.recipe.shown
    judged = trainer.recipe.judged if judge is not None else min(trainer.recipe.judged, _COMPARED)
    made = hardened(model.natives(range(max(judged, shown))))
    save_sheet(made[:shown], out / SHEET, _COLUMNS)
    measured: dict[str, Any] = {"measured": "no held-out pictures were given"}
    if judge is not None:
        from medici.studio.metrics.extractors import extractor
        from medici.studio.metrics.measure import picture_table

        measured = picture_table(
            made, data, judge, extractor(), n=judged, about={"style": model.sample(0).style}
        ).as_json()
    else:
        # The run was judged by its loss, if at all, so nobody has looked yet.
        measured["memorisation"] = told = _copying(made, data, run)
        warn_of(told)
    full = replace(record, metrics=measured, bias_report=bias(some(data, _LOOKED_AT), made))
    write_json(out / METRICS, measured)
    write_json(out / CURVES, run.curves.series())
    write_record(out, full)
    return full


def _copying(made: NDArray[np.uint8], data: PictureSet, run: Run) -> dict[str, Any]:
    """Whether samples are copies, by the tuning pictures where there are any."""
    if isinstance(run.judge, LossJudge):
        return memorisation(made, data.pixels, run.judge.tune, data.names)
    return copying_without_fresh(made, data.pixels, data.names)


def bias(data: NDArray[np.uint8], made: NDArray[np.uint8]) -> dict[str, Any]:
    """Shares of colours in data and samples, by cells of 32 levels: floats hit no colour exactly.

    Args:
        data: (n, h, w, 4) uint8.
        made: (m, h, w, 4) uint8.
    """
    from medici.studio.pictures.bias import colour_report

    mask = np.array([0xE0, 0xE0, 0xE0, 0xFF], np.uint8)
    return {
        "data": f"{len(data)} training pictures",
        "samples": f"{len(made)} pictures from seed 0 on",
        "cells": "colours rounded down to multiples of 32",
        "colours": colour_report(data & mask, made & mask),
    }

"""Training the small denoiser on a folder of pictures: budget, snapshots, recovery, export."""

from __future__ import annotations

import json
import platform
import time
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import Interrupted, MissingPart, WrongUse
from medici.records import ModelRecord
from medici.store import atomic_write
from medici.studio.data.folder import read_folder, warn_of_loss
from medici.studio.data.sampling import some
from medici.studio.diffusion.model import RENDERER, DiffusionModel
from medici.studio.diffusion.recipe import Recipe, library, schedule
from medici.studio.families import RECORD, Now
from medici.studio.imported import files_of, identity, weights_digest, write_record
from medici.studio.making.sheet import save_sheet

try:
    import torch  # noqa: TC002
except ImportError as error:
    raise MissingPart(
        "training needs PyTorch, which is not installed",
        "pip install 'medici[train,diffusion]' (CPU wheels: --index-url of PyTorch's CPU index)",
    ) from error

from medici.studio.diffusion.trainer import NotFinite, Trainer
from medici.studio.training.budget import Budget
from medici.studio.training.interrupts import Interrupts
from medici.studio.training.origin import same_data
from medici.studio.training.parallel import refuse_others
from medici.studio.training.run import device_for

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.data.folder import PictureSet
    from medici.studio.families import Training

SNAPSHOT, BEST, CURVES = "snapshot.safetensors", "best.safetensors", "curves.jsonl"
_SNAPSHOT_SECONDS, _LOOK_SECONDS, _NOTE_STEPS = 120.0, 300.0, 20
_MOST_RECOVERIES = 3
_COLUMNS = 20
HARD_ALPHA = 128


def train(data: Path, out: Path, how: Training) -> ModelRecord:
    """Train on a folder of pictures and write a model folder in the layout of `diffusers`.

    With `how.tune` the average with the lowest loss on those pictures is kept, else the last.

    Raises:
        BadData: a picture cannot be used.
        Interrupted: stopped by the user; the same call with `resume` goes on.
        MissingPart: a library, a device, memory or room on the disk is not there.
        WrongUse: no budget, a wrong setting, nothing to resume, or training diverged.
    """
    refuse_others()
    device = device_for(how.device)
    Budget(how.minutes, how.steps)  # refuses a budget that is none
    library()
    recipe = Recipe.from_json(how.settings)
    run = out / "run"
    if (run / SNAPSHOT).exists() != how.resume:
        if how.resume:
            raise WrongUse(f"nothing to resume in {run}", "train without --resume")
        raise WrongUse(f"{run} holds a training run", "resume it, or give another folder")
    pictures = read_folder(data, recipe.size)
    if "size" not in how.settings:
        warn_of_loss(data, recipe.size, "size")
    tune = read_folder(how.tune, recipe.size) if how.tune else None
    judge = read_folder(how.judge, recipe.size) if how.judge else None
    run.mkdir(parents=True, exist_ok=True)
    same_data(run, pictures.root, resume=how.resume)
    trainer = Trainer(pictures, recipe, how.seed, device)
    if how.start_from is not None and not how.resume:
        trainer.start_from(_weights(how.start_from))
    if how.resume:
        trainer.load(run / SNAPSHOT)
    _Run(run, trainer, how, tune.pixels if tune else None).go()
    return _export(out, trainer, pictures, how, judge)


class _Run:
    """The loop: steps, curves, snapshots, looks at the average, recovery."""

    def __init__(
        self, folder: Path, trainer: Trainer, how: Training, tune: NDArray[np.uint8] | None
    ) -> None:
        self.folder, self.trainer, self.how, self.tune = folder, trainer, how, tune
        self.began = time.monotonic()
        self.best = min((r["tune_loss"] for r in self.rows() if "tune_loss" in r), default=np.inf)

    def rows(self) -> list[dict[str, Any]]:
        return read_curves(self.folder)

    def note(self, row: dict[str, Any]) -> None:
        with (self.folder / CURVES).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.trainer.step, **row}) + "\n")

    def used(self) -> float:
        parts = [0.0]
        if self.how.minutes is not None:
            parts.append((time.monotonic() - self.began) / max(self.how.minutes * 60, 1e-9))
        if self.how.steps is not None:
            parts.append(self.trainer.step / max(self.how.steps, 1))
        return min(1.0, max(parts))

    def go(self) -> None:
        trainer, snapshot = self.trainer, self.folder / SNAPSHOT
        if not snapshot.exists():
            trainer.save(snapshot)
        saved = looked = time.monotonic()
        with Interrupts() as stop:
            while (used := self.used()) < 1 and not stop.asked:
                cpu, wall = time.process_time(), time.monotonic()
                told = self.step()
                now = time.monotonic()
                trainer.spent["cpu_seconds"] += time.process_time() - cpu
                trainer.spent["wall_seconds"] += now - wall
                left = (now - self.began) * (1 - used) / max(used, 1e-9)
                try:
                    self.how.progress(Now(trainer.step, used, left, told))
                except KeyboardInterrupt:
                    stop.asked = True
                if trainer.step % _NOTE_STEPS == 0:
                    self.note({**told, "rate": trainer.rate, **trainer.spent})
                if now - saved > _SNAPSHOT_SECONDS:
                    trainer.save(snapshot)
                    saved = now
                if now - looked > _LOOK_SECONDS:
                    self.look()
                    looked = time.monotonic()
        trainer.save(snapshot)
        if stop.asked:
            raise Interrupted(
                f"training stopped at step {trainer.step}", "the same command with --resume goes on"
            )
        self.look()

    def look(self) -> None:
        """Score the average on the tuning pictures and keep it if it is the best so far."""
        if self.tune is None:
            return
        loss = self.trainer.held_out_loss(self.tune)
        self.note({"tune_loss": loss, **self.trainer.spent})
        if loss < self.best:
            from safetensors.torch import save

            self.best = loss
            state = self.trainer.averaged().state_dict()
            about = {"step": str(self.trainer.step)}
            data = save({k: v.cpu().contiguous() for k, v in state.items()}, metadata=about)
            atomic_write(self.folder / BEST, data)

    def step(self) -> dict[str, float]:
        trainer = self.trainer
        while True:
            try:
                return trainer.advance()
            except NotFinite as error:
                times = trainer.spent["recoveries"] + 1
                if times > _MOST_RECOVERIES:
                    raise WrongUse(
                        f"training diverged {int(times)} times, last at {error}",
                        "lower the rate",
                        code="training-diverged",
                    ) from error
                rate = trainer.rate / 2
                trainer.load(self.folder / SNAPSHOT)
                trainer.rate, trainer.spent["recoveries"] = rate, times
                # Other noise than what led here.
                trainer.random.manual_seed(trainer.seed + 1000 + int(times))
                self.note({"recovered": str(error), "rate": rate})


def read_curves(run: Path) -> list[dict[str, Any]]:
    """Every row that a run wrote, oldest first."""
    path = run / CURVES
    return [json.loads(x) for x in path.read_text("utf-8").splitlines()] if path.exists() else []


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    from medici.studio.diffusion.pipelines import open_pipeline
    from medici.studio.diffusion.pixels import fits

    pipeline = open_pipeline(folder)
    if not fits(pipeline):
        raise WrongUse(f"{folder} is no denoiser of pixels", "start from a model trained here")
    return {k: v.cpu() for k, v in pipeline.unet.state_dict().items()}


def _export(
    out: Path, trainer: Trainer, data: PictureSet, how: Training, judge: PictureSet | None
) -> ModelRecord:
    """Write pipeline, curves, figures, sheet and, last of all, the record that makes it a model."""
    from safetensors.torch import load_file

    network, kept = trainer.averaged(), "last"
    if (out / "run" / BEST).exists() and how.tune is not None:
        network.load_state_dict(load_file(out / "run" / BEST))
        kept = "lowest loss on the tuning pictures"
    (out / RECORD).unlink(missing_ok=True)
    pipeline = library().DDIMPipeline(unet=network.cpu(), scheduler=schedule())
    pipeline.save_pretrained(out, safe_serialization=True)
    files = files_of(out)
    record = ModelRecord(
        id=identity(files),
        name=how.name or out.name,
        renderer=RENDERER,
        weights_sha256=weights_digest(files),
        data_root=data.root,
        data_licence=data.licence,
        training={
            "architecture": "U-Net over pixels, cosine noise, velocity prediction, DDIM",
            "parameters": sum(p.numel() for p in network.parameters()),
            "recipe": trainer.recipe.as_json(),
            "bfloat16": trainer.half,
            "seed": trainer.seed,
            "step": trainer.step,
            "kept": kept,
            "spent": trainer.spent,
            "data": {
                "title": data.source.get("title", ""),
                "authors": data.source.get("authors", []),
                "source": data.source.get("source", ""),
                "count": len(data),
            },
            "versions": versions(),
            "files": files,
        },
        family="diffusion",
    )
    model = DiffusionModel(out, record)
    pixels = some(data, 2000)
    shown = trainer.recipe.shown
    judged = trainer.recipe.judged if judge is not None else 0
    made = hardened(model.natives(range(max(judged, shown))))
    save_sheet(made[:shown], out / "sheet.png", _COLUMNS)
    measured: dict[str, Any] = {"measured": "no held-out pictures were given"}
    if judge is not None:
        from medici.studio.metrics.extractors import extractor
        from medici.studio.metrics.measure import picture_table

        measured = picture_table(
            made, data, judge, extractor(), n=judged, about={"style": model.sample(0).style}
        ).as_json()
    full = replace(record, metrics=measured, bias_report=bias(pixels, made))
    write_json(out / "metrics.json", measured)
    write_json(out / "curves.json", read_curves(out / "run"))
    write_record(out, full)
    return full


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


def hardened(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Alpha made hard at one half, as in the data, for sheets and figures: (n, h, w, 4) uint8."""
    hard = pictures.copy()
    hard[..., 3] = np.where(hard[..., 3] >= HARD_ALPHA, 255, 0)
    hard[hard[..., 3] == 0] = 0
    return hard


def versions() -> dict[str, str]:
    """What the numbers were made with."""
    names = ("numpy", "torch", "diffusers", "safetensors")
    return {"python": platform.python_version(), **{n: version(n) for n in names}}


def write_json(path: Path, value: object) -> None:
    """Write JSON so that a reader sees the old file or the new one."""
    atomic_write(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())

"""Training a texture model: budget, snapshots, curves, recovery, then the model folder."""

from __future__ import annotations

import json
import time
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from medici.errors import Interrupted, MissingPart, WrongUse
from medici.studio.families import Now
from medici.studio.textures.data import read_materials
from medici.studio.textures.gan import NotFinite, Recipe, Trainer
from medici.studio.textures.networks import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from medici.records import ModelRecord
    from medici.studio.families import Training
    from medici.studio.textures.data import MaterialSet

SNAPSHOT = "snapshot.safetensors"
TRAINED = "trained.safetensors"
CURVES = "curves.jsonl"
_MOST_RECOVERIES = 3
_NOTE_STEPS = 25
_SNAPSHOT_SECONDS = 120.0
_COUNTED = {"materials", "planes"}


def train(folder: Path, out: Path, how: Training) -> ModelRecord:
    """See `medici.studio.textures.family.Textures.train`."""
    from medici.studio.textures.publish import publish

    if how.minutes is None and how.steps is None:
        raise WrongUse("training needs an end", "give minutes or steps")
    device = torch.device(how.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise MissingPart("no CUDA device answers", "train with device cpu")
    recipe = _chosen(Recipe, how.settings)
    waves = int(how.settings.get("waves", 1))
    data = read_materials(folder, waves, recipe.side + 24)
    shape = _chosen(Shape, how.settings, materials=len(data.materials), planes=data.planes)
    _check(recipe, shape, how.settings)
    run = out / "run"
    if (run / SNAPSHOT).exists() and not how.resume:
        raise WrongUse(f"{run} holds a training run", "resume it, or give another folder")
    if how.resume and not (run / SNAPSHOT).exists():
        raise WrongUse(f"nothing to resume in {run}", "train without resuming")
    trainer = Trainer(data, shape, recipe, how.seed, device)
    if how.start_from is not None and not how.resume:
        trainer.start_from(how.start_from / "run" / SNAPSHOT)
    if how.resume:
        trainer.load(run / SNAPSHOT)
    run.mkdir(parents=True, exist_ok=True)
    go(trainer, run, how)
    keep(trainer, run)
    judge = read_materials(how.judge, waves) if how.judge is not None else None
    return publish(run, out, data, name=how.name or out.name, judge=judge)


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


def go(trainer: Trainer, run: Path, how: Training) -> None:
    """Train until the budget is used.

    Raises:
        Interrupted: stopped by the user; the snapshot is complete.
        WrongUse: training diverged again and again.
    """
    start = saved = time.monotonic()
    if not (run / SNAPSHOT).exists():
        trainer.save(run / SNAPSHOT)
    try:
        while (used := _fraction(trainer.step, start, how)) < 1:
            cpu, wall = time.process_time(), time.monotonic()
            losses = _step(trainer, run)
            now = time.monotonic()
            trainer.spent["cpu_seconds"] += time.process_time() - cpu
            trainer.spent["wall_seconds"] += now - wall
            left = (now - start) * (1 - used) / max(used, 1e-9)
            how.progress(Now(trainer.step, used, left, losses))
            if trainer.step % _NOTE_STEPS == 0:
                _note(trainer, run, losses)
            if now - saved > _SNAPSHOT_SECONDS:
                trainer.save(run / SNAPSHOT)
                saved = now
    except KeyboardInterrupt:
        trainer.save(run / SNAPSHOT)
        raise Interrupted(
            f"training stopped at step {trainer.step}", "the same command with --resume goes on"
        ) from None
    trainer.save(run / SNAPSHOT)


def _fraction(step: int, start: float, how: Training) -> float:
    parts = [0.0]
    if how.minutes is not None:
        parts.append((time.monotonic() - start) / max(how.minutes * 60, 1e-9))
    if how.steps is not None:
        parts.append(step / max(how.steps, 1))
    return min(1.0, max(parts))


def _step(trainer: Trainer, run: Path) -> dict[str, float]:
    while True:
        try:
            return trainer.advance()
        except NotFinite as error:
            times = trainer.spent["recoveries"] + 1
            if times > _MOST_RECOVERIES:
                raise WrongUse(
                    f"training diverged {int(times)} times, last at {error}",
                    "lower the learning rate or raise gamma",
                    code="training-diverged",
                ) from error
            rate = trainer.rate / 2
            trainer.load(run / SNAPSHOT)
            trainer.spent["recoveries"] = times
            trainer.slow_down(rate)
            # Other crops and latents than those that led here.
            trainer.random.manual_seed(trainer.seed + 1000 + int(times))


def _note(trainer: Trainer, run: Path, losses: Mapping[str, float]) -> None:
    row = {"step": trainer.step, **losses, "rate": trainer.rate, **trainer.spent}
    with (run / CURVES).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def keep(trainer: Trainer, run: Path) -> None:
    """Write the averaged generator, as export takes it."""
    about = {
        "shape": trainer.shape.as_json(),
        "recipe": trainer.recipe.as_json(),
        "materials": trainer.data.names,
        "step": trainer.step,
        "seed": trainer.seed,
        "spent": trainer.spent,
    }
    state = trainer.averaged().state_dict()
    part = run / (TRAINED + ".part")
    save_file(
        {k: v.detach().cpu().contiguous() for k, v in state.items()},
        part,
        metadata={"medici": json.dumps(about)},
    )
    part.replace(run / TRAINED)


def resumed(data: MaterialSet, run: Path, device: str = "cpu") -> Trainer:
    """The trainer of a run as its snapshot left it.

    Raises:
        BadWeights: there is none, or it does not fit the data.
    """
    from medici.studio.textures.gan import read_snapshot

    about, _ = read_snapshot(run / SNAPSHOT)
    shape, recipe = Shape.from_json(about["shape"]), Recipe(**about["recipe"])
    trainer = Trainer(data, shape, recipe, int(about["seed"]), torch.device(device))
    trainer.load(run / SNAPSHOT)
    return trainer

"""Training an icon model from a folder of icons: budget, snapshots, curves, the best moment."""

from __future__ import annotations

import json
import time
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from medici.errors import Interrupted, MissingPart, WrongUse
from medici.studio.families import Now
from medici.studio.icons.data import IconSet, read_icons

try:
    import torch
except ImportError as error:
    raise MissingPart(
        "training needs PyTorch, which is not installed",
        "pip install 'medici[train]' (CPU wheels: --index-url of PyTorch's CPU index)",
    ) from error

from medici.studio.icons.networks import BODIES, Shape
from medici.studio.icons.trainer import Codes, NotFinite, Recipe, trainer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from medici.records import ModelRecord
    from medici.studio.families import Training

SNAPSHOT = "snapshot.safetensors"
BEST = "best.safetensors"
CURVES = "curves.jsonl"
_SNAPSHOT_SECONDS = 120
_NOTED = 20
_JUDGED = 200


def recipe_of(settings: Mapping[str, Any], looks: int) -> Recipe:
    """A recipe from a user's settings: keys of `Recipe`, and of `Shape` beside them.

    Raises:
        WrongUse: an unknown key or body.
    """
    of_recipe = {f.name for f in fields(Recipe)} - {"shape"}
    of_shape = {f.name for f in fields(Shape)} - {"looks"}
    unknown = sorted(set(settings) - of_recipe - of_shape)
    if unknown:
        known = ", ".join(sorted(of_recipe | of_shape))
        raise WrongUse(f"icons have no setting {unknown[0]!r}", f"settings: {known}")
    sizes: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in settings.items() if k in of_shape
    }
    recipe = replace(Recipe(), **{k: v for k, v in settings.items() if k in of_recipe})
    if recipe.body not in BODIES:
        raise WrongUse(f"icons have no body {recipe.body!r}", "bodies: " + ", ".join(BODIES))
    if recipe.batch % 8 or recipe.batch < 8:
        raise WrongUse(f"a batch of {recipe.batch} icons cannot be used", "multiples of 8")
    return replace(recipe, shape=replace(recipe.shape, **sizes, looks=looks))


class Run:
    """A training folder: snapshot, best state so far, curves.

    Args:
        out: the folder.
        data: training icons.
        recipe: sizes and rates.
        how: seed and device.
        tune: fresh icons; the prior is kept where it needs the fewest bits for these.
    """

    def __init__(
        self, out: Path, data: IconSet, recipe: Recipe, how: Training, tune: IconSet | None
    ) -> None:
        self.out, self.tune = out, tune
        self.trainer = trainer(data, recipe, how.seed, torch.device(how.device))
        self.best = float("inf")

    def resume(self) -> None:
        """Continue from the folder's snapshot.

        Raises:
            WrongUse: there is none.
            BadWeights: it does not fit.
        """
        if not (self.out / SNAPSHOT).exists():
            raise WrongUse(f"nothing to resume in {self.out}", "train without --resume")
        self.trainer.load(self.out / SNAPSHOT)
        # Rows after the snapshot are of steps that will be done again.
        rows = [row for row in curves(self.out) if row["step"] <= self.trainer.step]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (self.out / CURVES).write_text(text, "utf-8")
        self.best = min((row["tune_bits"] for row in rows if "tune_bits" in row), default=self.best)

    def note(self, row: Mapping[str, float]) -> None:
        """Append a row to the curves, as data that pages can plot."""
        with (self.out / CURVES).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.trainer.step, **row}) + "\n")

    def judge(self) -> None:
        """Bits a fresh icon needs; where they are fewest, the state is kept as the best."""
        state = self.trainer
        if self.tune is None or not isinstance(state, Codes) or state.step <= state.recipe.first:
            return
        tokens = state.encode(torch.from_numpy(self.tune.pixels)[:, None]).to(state.device)
        classes = torch.from_numpy(self.tune.classes)
        with torch.no_grad():
            bits = float(state.bits(state.averages["prior"], tokens, classes))
        self.note({"tune_bits": bits, **state.spent})
        if bits < self.best:
            self.best = bits
            state.save(self.out / BEST)

    def go(self, how: Training) -> None:
        """Train until the budget is used.

        Raises:
            Interrupted: stopped by the user; the snapshot is complete.
            WrongUse: training diverged.
        """
        state, start = self.trainer, time.monotonic()
        saved = start
        cpu, wall = time.process_time(), start
        try:
            while (used := _used(how, state.step, time.monotonic() - start)) < 1:
                losses = state.advance()
                now, spent = time.monotonic(), time.process_time()
                state.spent["cpu_seconds"] += spent - cpu
                state.spent["wall_seconds"] += now - wall
                left = (now - start) * (1 - used) / max(used, 1e-9)
                how.progress(Now(state.step, used, left, losses))
                if state.step % _NOTED == 0:
                    self.note({**losses, **state.spent})
                if state.step % _JUDGED == 0:
                    self.judge()
                if now - saved > _SNAPSHOT_SECONDS:
                    state.save(self.out / SNAPSHOT)
                    saved = now
                cpu, wall = time.process_time(), time.monotonic()
        except KeyboardInterrupt:
            state.save(self.out / SNAPSHOT)
            raise Interrupted(
                f"training stopped at step {state.step}", "the same command with --resume goes on"
            ) from None
        except NotFinite as error:
            raise WrongUse(
                f"training diverged at {error}",
                "lower the rate, or raise gamma, and resume from the last snapshot",
                code="training-diverged",
            ) from error
        state.save(self.out / SNAPSHOT)


def _used(how: Training, step: int, seconds: float) -> float:
    parts = [0.0]
    if how.minutes is not None:
        parts.append(seconds / max(how.minutes * 60, 1e-9))
    if how.steps is not None:
        parts.append(step / max(how.steps, 1))
    return min(1.0, max(parts))


def curves(run: Path) -> list[dict[str, Any]]:
    """Every row written so far."""
    path = run / CURVES
    return [json.loads(x) for x in path.read_text("utf-8").splitlines()] if path.exists() else []


def train(data: Path, out: Path, how: Training) -> ModelRecord:
    """Train on a folder of icons and export an exact model to `out`.

    Raises:
        BadData: an icon or the folder cannot be used; the message names it.
        Interrupted: stopped by the user; the same call with `resume` goes on.
        MissingPart: the device is not there.
        WrongUse: no budget given, too small a one, nothing to resume, or training diverged.
    """
    from medici.studio.icons.publish import publish

    if how.minutes is None and how.steps is None:
        raise WrongUse("training needs an end", "give minutes or steps")
    if torch.device(how.device).type == "cuda" and not torch.cuda.is_available():
        raise MissingPart("no CUDA device answers", "train with device cpu")
    if how.start_from is not None:
        raise WrongUse("icons cannot start from another model yet", "train without start_from")
    icons = read_icons(data)
    tune = read_icons(how.tune) if how.tune is not None else None
    judge = read_icons(how.judge) if how.judge is not None else None
    recipe = recipe_of(how.settings, len(icons.looks))
    run_folder = out / "run"
    if (run_folder / SNAPSHOT).exists() and not how.resume:
        raise WrongUse(f"{run_folder} holds a training run", "resume it, or give another folder")
    run_folder.mkdir(parents=True, exist_ok=True)
    run = Run(run_folder, icons, recipe, how, tune)
    if how.resume:
        run.resume()
    run.go(how)
    if recipe.body == "codes" and run.trainer.step <= recipe.first:
        raise WrongUse(
            f"the run ended at step {run.trainer.step}, before the prior was trained",
            f"resume with more time, or set first below {recipe.first}",
        )
    run.judge()
    if not (run_folder / BEST).exists() or tune is None:
        run.trainer.save(run_folder / BEST)
    return publish(run_folder, out, train=icons, name=how.name or out.name, judge=judge)

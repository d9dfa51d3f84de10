"""Training a picture model from a folder of pictures: budget, snapshots, judging, recovery."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import Interrupted, MissingPart, WrongUse
from medici.studio.data.folder import PictureSet, read_folder
from medici.studio.making.sheet import save_sheet
from medici.studio.metrics.distances import Extractor, compare
from medici.studio.pictures.finish import ground_for

try:
    import torch
except ImportError as error:
    raise MissingPart(
        "training needs PyTorch, which is not installed",
        "pip install 'medici[train]' (CPU wheels: --index-url of PyTorch's CPU index)",
    ) from error

from medici.studio.pictures.gan import NotFinite, Recipe, Trainer
from medici.studio.pictures.networks import draw_latents

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from medici.records import ModelRecord

SNAPSHOT = "snapshot.safetensors"
BEST = "best.safetensors"
CURVES = "curves.jsonl"
_MOST_RECOVERIES = 3
_JUDGED = 2000
_SHEET = 160


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands; handed to the progress callback after every step.

    Attributes:
        step: steps done.
        fraction: of the budget, 0 to 1.
        seconds_left: estimate until the budget is used.
        losses: of the last step.
    """

    step: int
    fraction: float
    seconds_left: float
    losses: dict[str, float]


@dataclass(slots=True)
class Budget:
    """Ends a run after so many minutes or steps, whichever comes first."""

    minutes: float | None
    steps: int | None
    start: float

    def fraction(self, step: int) -> float:
        """Share of the budget that is used, 0 to 1."""
        parts = [0.0]
        if self.minutes is not None:
            parts.append((time.monotonic() - self.start) / max(self.minutes * 60, 1e-9))
        if self.steps is not None:
            parts.append(step / max(self.steps, 1))
        return min(1.0, max(parts))


class Run:
    """A training folder: snapshot, best average so far, curves, sample sheets.

    Args:
        data: training pictures.
        out: folder of the run.
        recipe: sizes and rates.
        seed: of everything random.
        device: ``cpu``, ``cuda`` …
        tune: pictures that averages are judged against while training; without them the last
            average is taken.
        extractor: features for judging; needed with `tune`.
    """

    def __init__(
        self,
        data: PictureSet,
        out: Path,
        recipe: Recipe,
        *,
        seed: int,
        device: str,
        tune: PictureSet | None = None,
        extractor: Extractor | None = None,
    ) -> None:
        self.out, self.data, self.tune = out, data, tune
        self.trainer = Trainer(data, recipe, seed, torch.device(device))
        self.extractor = extractor
        self.tuning: NDArray[np.float64] | None = None
        if tune is not None and extractor is not None:
            self.tuning = extractor.features(ground_for(tune.pixels[:_JUDGED], seed=1))
        self.best = float("inf")

    def resume(self) -> None:
        """Continue from the folder's snapshot.

        Raises:
            WrongUse: there is none.
            BadWeights: it does not fit.
        """
        path = self.out / SNAPSHOT
        if not path.exists():
            raise WrongUse(f"nothing to resume in {self.out}", "train without --resume")
        self.trainer.load(path)
        judged = [row["fid"] for row in self.curves() if "fid" in row]
        self.best = min(judged, default=float("inf"))

    def curves(self) -> list[dict[str, Any]]:
        """Every row written so far."""
        path = self.out / CURVES
        return [json.loads(x) for x in path.read_text().splitlines()] if path.exists() else []

    def note(self, row: dict[str, Any]) -> None:
        """Append a row to the curves, as data that pages can plot."""
        with (self.out / CURVES).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.trainer.step, **row}) + "\n")

    def judge(self) -> None:
        """Score each average on the tuning set; keep the best; draw a sheet."""
        save_sheet(self.samples(0, _SHEET), self.out / f"sheet-{self.trainer.step:06d}.png")
        if self.tuning is None or self.extractor is None:
            return
        for which in range(len(self.trainer.averages)):
            pictures = self.samples(which, _JUDGED)
            figures = compare(self.tuning, self.extractor.features(ground_for(pictures, seed=2)))
            self.note({"average": which, **figures, **self.trainer.spent})
            if figures["fid"] < self.best:
                self.best = figures["fid"]
                self.keep(which)

    def keep(self, which: int) -> None:
        """Write an averaged generator as the run's best."""
        from safetensors.torch import save_file

        about = {
            "recipe": self.trainer.recipe.as_json(),
            "transparent": self.trainer.transparent,
            "step": self.trainer.step,
            "seed": self.trainer.seed,
            "average": self.trainer.recipe.averages[which],
            "spent": self.trainer.spent,
        }
        state = self.trainer.averaged(which).state_dict()
        part = self.out / (BEST + ".part")
        save_file(
            {k: v.cpu().contiguous() for k, v in state.items()},
            part,
            metadata={"medici": json.dumps(about)},
        )
        part.replace(self.out / BEST)

    def samples(self, which: int, n: int) -> NDArray[np.uint8]:
        """Pictures of an average in floats, (n, 16, 16, 4) uint8; fixed latents."""
        network = self.trainer.averaged(which)
        random = torch.Generator().manual_seed(9)
        out = []
        with torch.no_grad():
            for start in range(0, n, 100):
                size = min(100, n - start)
                z = draw_latents(size, self.trainer.recipe.shape, random, self.trainer.device)
                out.append(to_pixels(network(z)))
        return np.concatenate(out)

    def go(self, budget: Budget, tell: Callable[[Progress], None], every: Every) -> None:
        """Train until the budget is used.

        Raises:
            Interrupted: stopped by the user; the snapshot is complete.
            WrongUse: training diverged again and again.
        """
        trainer = self.trainer
        if not (self.out / SNAPSHOT).exists():
            trainer.save(self.out / SNAPSHOT)
        clock = _Clock(trainer)
        saved = judged = time.monotonic()
        try:
            while (used := budget.fraction(trainer.step)) < 1:
                losses = self._step()
                clock.tick()
                now = time.monotonic()
                left = (now - budget.start) * (1 - used) / max(used, 1e-9)
                tell(Progress(trainer.step, used, left, losses))
                if trainer.step % every.losses == 0:
                    self.note({**losses, "rate": trainer.rate, **trainer.spent})
                if now - saved > every.snapshot_seconds:
                    trainer.save(self.out / SNAPSHOT)
                    saved = now
                if now - judged > every.judge_seconds:
                    self.judge()
                    judged = time.monotonic()
                    clock.restart()
        except KeyboardInterrupt:
            trainer.save(self.out / SNAPSHOT)
            raise Interrupted(
                f"training stopped at step {trainer.step}", "the same command with --resume goes on"
            ) from None
        trainer.save(self.out / SNAPSHOT)

    def _step(self) -> dict[str, float]:
        trainer = self.trainer
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
                trainer.load(self.out / SNAPSHOT)
                trainer.spent["recoveries"] = times
                trainer.slow_down(rate)
                # Other pictures and latents than those that led here.
                trainer.random.manual_seed(trainer.seed + 1000 + int(times))
                self.note({"recovered": str(error), "rate": rate})


@dataclass(frozen=True, slots=True)
class Every:
    """How often things happen: losses by steps, the others by seconds."""

    losses: int = 20
    snapshot_seconds: float = 120
    judge_seconds: float = 420


class _Clock:
    """Adds processor and wall time of steps, not of judging, to what a run has spent."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.restart()

    def restart(self) -> None:
        self.cpu, self.wall = time.process_time(), time.monotonic()

    def tick(self) -> None:
        cpu, wall = time.process_time(), time.monotonic()
        self.trainer.spent["cpu_seconds"] += cpu - self.cpu
        self.trainer.spent["wall_seconds"] += wall - self.wall
        self.cpu, self.wall = cpu, wall


def to_pixels(seen: torch.Tensor) -> NDArray[np.uint8]:
    """Pictures as the discriminator sees them → (n, h, w, 4) uint8 with hard alpha."""
    n, planes, h, w = seen.shape
    colour = ((seen[:, :3] + 1) * 127.5).round()
    alpha = (seen[:, 3:] > 0).float() * 255 if planes == 4 else seen.new_full((n, 1, h, w), 255)
    pixels: NDArray[np.uint8] = (
        torch.cat([colour * (alpha > 0), alpha], 1).byte().movedim(1, 3).cpu().numpy()
    )
    return pixels


def prepare(
    dataset_dir: str | Path,
    out_dir: str | Path,
    *,
    recipe: Recipe | None = None,
    seed: int = 0,
    device: str = "cpu",
    tune_dir: str | Path | None = None,
    extractor: Extractor | None = None,
    resume: bool = False,
) -> Run:
    """Read the data and set a run up in `out_dir`.

    Raises:
        BadData: the data cannot be used.
        WrongUse: `out_dir` holds a run already and `resume` was not asked for, or the reverse.
    """
    data = read_folder(dataset_dir)
    tune = read_folder(tune_dir) if tune_dir is not None else None
    out = Path(out_dir)
    if (out / SNAPSHOT).exists() and not resume:
        raise WrongUse(f"{out} holds a training run", "resume it, or give another folder")
    out.mkdir(parents=True, exist_ok=True)
    if tune is not None and extractor is None:
        from medici.studio.metrics.extractor import EfficientNetLite0

        extractor = EfficientNetLite0()
    run = Run(
        data,
        out,
        recipe or Recipe(),
        seed=seed,
        device=device,
        tune=tune,
        extractor=extractor,
    )
    if resume:
        run.resume()
    return run


def train(
    dataset_dir: str | Path,
    out_dir: str | Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    resume: bool = False,
    device: str = "cpu",
    seed: int = 0,
    name: str | None = None,
    tune_dir: str | Path | None = None,
    judge_dir: str | Path | None = None,
    recipe: Recipe | None = None,
    extractor: Extractor | None = None,
    progress: Callable[[Progress], None] | None = None,
    every: Every | None = None,
    judged: int = _JUDGED,
) -> ModelRecord:
    """Train on a folder of pictures and export an exact model to `out_dir`.

    Args:
        dataset_dir: pictures, and perhaps a ``source.json`` with licence and authors.
        out_dir: becomes the model's folder; the run's own files go to ``run`` in it.
        minutes: wall time of this call.
        steps: steps of the whole run; whichever comes first ends it.
        resume: go on from the run's snapshot.
        device: ``cpu``, ``cuda``, ``cuda:1`` …
        seed: the same data, recipe, steps and seed on the same machine give the same model.
        name: the model's name; the folder's by default.
        tune_dir: fresh pictures; with them the best moment of the run is exported, not the last.
        judge_dir: other fresh pictures, for the figures in the record.
        recipe: sizes and rates.
        extractor: features for the figures; EfficientNet-Lite0 by default when they are wanted.
        progress: told after every step.
        every: how often losses, snapshots and judging happen.
        judged: pictures a side in the record's figures and its bias report.

    Raises:
        BadData: a picture or the folder cannot be used; the message names it.
        Interrupted: stopped by the user; the same call with `resume` goes on.
        MissingPart: the device is not there.
        WrongUse: no budget given, nothing to resume, or training diverged.
    """
    from medici.studio.pictures.publish import publish_gan

    if minutes is None and steps is None:
        raise WrongUse("training needs an end", "give minutes or steps")
    if torch.device(device).type == "cuda" and not torch.cuda.is_available():
        raise MissingPart("no CUDA device answers", "train with device cpu")
    out = Path(out_dir)
    if extractor is None and (tune_dir is not None or judge_dir is not None):
        from medici.studio.metrics.extractor import EfficientNetLite0

        extractor = EfficientNetLite0()
    run = prepare(
        dataset_dir,
        out / "run",
        recipe=recipe,
        seed=seed,
        device=device,
        tune_dir=tune_dir,
        extractor=extractor,
        resume=resume,
    )
    budget = Budget(minutes, steps, time.monotonic())
    run.go(budget, progress or (lambda _: None), every or Every())
    run.judge()
    if run.tuning is None:
        run.keep(0)
    return publish_gan(
        out / "run",
        out,
        train=run.data,
        name=name or out.name,
        judge=read_folder(judge_dir) if judge_dir is not None else None,
        tune=run.tune,
        extractor=extractor,
        n=judged,
    )

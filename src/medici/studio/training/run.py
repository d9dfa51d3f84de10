"""One training run of anything: budget, snapshots, judging, recovery, trackers. Needs PyTorch."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from medici.errors import Interrupted, MissingPart, WrongUse
from medici.logs import logger
from medici.studio.families import Now, Training
from medici.studio.making.sheet import save_sheet

try:
    import torch
except ImportError as error:
    raise MissingPart(
        "training needs PyTorch, which is not installed",
        "pip install 'medici[train]' (CPU wheels: --index-url of PyTorch's CPU index)",
    ) from error

from medici.studio.training.budget import Budget, Pace, Spending
from medici.studio.training.curves import Curves
from medici.studio.training.folder import (
    BEST,
    SNAPSHOT,
    forget_unpublished,
    note_unpublished,
    unpublished,
)
from medici.studio.training.interrupts import Interrupts
from medici.studio.training.looks import Looks
from medici.studio.training.options import Options
from medici.studio.training.origin import note_origin, same_data
from medici.studio.training.parallel import Workers, refuse_others
from medici.studio.training.plateau import Plateau
from medici.studio.training.precision import deterministic
from medici.studio.training.trackers import Trackers
from medici.studio.training.trainee import NotFinite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from medici.records import Digest
    from medici.studio.training.judging import Judge
    from medici.studio.training.trainee import Trainee

    Draw = Callable[[NDArray[np.uint8], Path], None]

__all__ = ["BEST", "SNAPSHOT", "Run", "device_for", "draw_sheet", "drive", "out_of_memory"]

_SHEET = 160


def draw_sheet(pictures: NDArray[np.uint8], path: Path) -> None:
    """A sheet of samples, small pictures enlarged."""
    save_sheet(pictures, path, scale=max(1, 64 // pictures.shape[1]))


def device_for(name: str) -> torch.device:
    """The device of a name: ``cpu``, ``cuda``, ``cuda:1``; a worker of torchrun gets its own.

    Raises:
        WrongUse: no such kind of device.
        MissingPart: it is not here.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise WrongUse(f"no device is called {name!r}", "cpu, cuda, cuda:1 …") from error
    if device.type not in ("cpu", "cuda"):
        raise WrongUse(f"nothing here is trained on {name!r}", "cpu, cuda, cuda:1 …")
    if device.type == "cpu":
        return device
    if not torch.cuda.is_available():
        raise MissingPart("no CUDA device answers", "train with device cpu")
    if name == "cuda" and "LOCAL_RANK" in os.environ:
        return torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    return device


class Run:
    """A training folder: snapshot, best weights so far, curves, sample sheets.

    Args:
        trainee: what is trained.
        folder: of the run.
        judge: chooses the best moment; without it the last one is kept.
        draw: writes a sample sheet of samples.
        options: how the run is kept, watched and ended.
        workers: the processes that train together.
        about: settings, for trackers that show them.
    """

    def __init__(
        self,
        trainee: Trainee,
        folder: Path,
        *,
        judge: Judge | None = None,
        draw: Draw = draw_sheet,
        options: Options | None = None,
        workers: Workers | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.trainee, self.folder, self.judge, self.draw = trainee, folder, judge, draw
        self.options, self.workers = options or Options(), workers or Workers()
        if self.workers.first:
            folder.mkdir(parents=True, exist_ok=True)
        self.curves = Curves(folder)
        self.trackers: Trackers | None = None
        if self.workers.first:
            self.trackers = Trackers(folder, self.options.trackers, about or {})
        self.looks = Looks(trainee, self.options.judge_seconds, self.options.judge_share)
        self.plateau = Plateau(self.options.patience)
        self.lowest = float("inf")
        self.told: set[str] = set()

    @property
    def best(self) -> Path:
        """The weights to export, once something was kept."""
        return self.folder / BEST

    @property
    def snapshot(self) -> Path:
        """Everything the run needs to go on."""
        return self.folder / SNAPSHOT

    def resume(self, data: Digest | None = None) -> None:
        """Continue from the folder's snapshot.

        Args:
            data: root of the data to go on with.

        Raises:
            WrongUse: there is none, or it began with other data.
            BadWeights: it does not fit.
        """
        if not self.snapshot.exists():
            raise WrongUse(f"nothing to resume in {self.folder}", "train without --resume")
        # First: at another size the same pictures have another root, and it is the size that the
        # user has to hear of.
        self.trainee.load(self.snapshot)
        if data is not None and self.workers.first:
            same_data(self.folder, data)
        if self.workers.first:
            self.curves.forget_after(self.trainee.step)
        self.workers.wait()
        if self.judge is None:
            return
        by_step: dict[int, float] = {}
        for row in self.curves.rows():
            value = row.get(self.judge.metric)
            if "average" in row and isinstance(value, int | float):
                by_step[row["step"]] = min(value, by_step.get(row["step"], float("inf")))
        for value in by_step.values():
            self.lowest = min(self.lowest, value)
            self.plateau.judged(value)

    def note(self, row: Mapping[str, Any]) -> None:
        """Add a row to the curves and tell the trackers."""
        if self.trackers is not None:
            self.curves.note(self.trainee.step, row)
            if "event" not in row:
                named = row
                if "average" in row:
                    named = {f"judged/{row['average']}/{k}": v for k, v in row.items()}
                self.trackers.scalars(self.trainee.step, named)

    def go(self, budget: Budget, tell: Callable[[Now], None] = lambda now: None) -> None:
        """Train until the budget is used or nothing improves any more.

        Raises:
            Interrupted: stopped by the user; the snapshot is complete.
            MissingPart: memory or disk is full; the last snapshot is whole.
            WrongUse: training diverged again and again.
        """
        try:
            with Interrupts() as stop, deterministic(self.options.deterministic):
                self._loop(budget, tell, stop)
        except BaseException:
            if self.trackers is not None:
                self.trackers.close()
            raise

    def _loop(self, budget: Budget, tell: Callable[[Now], None], stop: Interrupts) -> None:
        trainee, options, workers = self.trainee, self.options, self.workers
        if workers.most([float(not self.snapshot.exists())])[0]:
            trainee.save(self.snapshot)
        spending = Spending(trainee)
        pace = Pace(budget.fraction(trainee.step, trainee.spent["cpu_seconds"]))
        saved = time.monotonic()
        self.looks.restart()
        due = [0.0, 0.0]
        while True:
            used = budget.fraction(trainee.step, trainee.spent["cpu_seconds"])
            # What one worker finds all do, or they would wait for each other for ever.
            asked, used, *due = workers.most([float(stop.asked), used, *due])
            if due[0] or asked:
                trainee.save(self.snapshot)
                saved = time.monotonic()
            if asked:
                raise Interrupted(
                    f"training stopped at step {trainee.step}",
                    "the same command with --resume goes on",
                )
            if due[1]:
                ended = workers.most([float(self.look())])[0]
                if ended:
                    break
            if used >= 1:
                break
            due = [0.0, 0.0]  # done; only the first worker asks again
            trainee.fraction = used
            spending.restart()
            losses = self._step()
            spending.tick()
            if workers.first:
                if trainee.step % options.note_steps == 0:
                    self.note({**losses, "rate": trainee.rate, **trainee.spent})
                due = [
                    float(time.monotonic() - saved > options.snapshot_seconds),
                    float(self.looks.due),
                ]
                used = budget.fraction(trainee.step, trainee.spent["cpu_seconds"])
                try:
                    tell(Now(trainee.step, used, pace.seconds_left(used), losses))
                except KeyboardInterrupt:
                    stop.asked = True
        trainee.save(self.snapshot)

    def look(self) -> bool:
        """Draw a sheet, judge each average, keep the best; whether the run is to end for it."""
        if not self.workers.first or self.trackers is None:
            return False
        with self.looks.one():
            return self._look()

    def _look(self) -> bool:
        trainee = self.trainee
        sheet = self.curves.sheet(trainee.step)
        self.draw(trainee.samples(_SHEET, trainee.averages[-1]), sheet)
        self._show(sheet)
        if self.judge is None:
            self.curves.export(self.folder / "curves.json")
            return False
        metric, lowest, best = self.judge.metric, float("inf"), trainee.averages[-1]
        for which in trainee.averages:
            figures = self.judge.figures(trainee, which)
            self.note({"average": which, **figures, **trainee.spent})
            if figures[metric] < lowest:
                lowest, best = figures[metric], which
            if figures[metric] < self.lowest:
                self.lowest = figures[metric]
                trainee.keep(self.best, which)
        for warning in self.judge.warnings(trainee, best):
            self.note({"event": "warning", "about": "memorisation", "text": warning})
            if warning not in self.told:
                logger("studio").warning("the model may copy its data", warning=warning)
                self.told.add(warning)
        ended = self.plateau.judged(lowest)
        if ended:
            text = f"{metric} has not improved by 1 % in {self.plateau.waited} judgements"
            self.note({"event": "plateau", "text": text})
        self.curves.export(self.folder / "curves.json")
        return ended

    def finish(self) -> Path:
        """A last look; then the weights to export, the best by the judge or the last ones."""
        # A plateau that ended the run looked at this very step already.
        if not self.curves.sheet(self.trainee.step).exists():
            self.look()
        if self.workers.first and (self.judge is None or not self.best.exists()):
            self.trainee.keep(self.best, self.trainee.averages[-1])
        if self.workers.first:
            self.curves.export(self.folder / "curves.json")
        if self.trackers is not None:
            self.trackers.close()
        self.workers.wait()
        return self.best

    def _show(self, sheet: Path) -> None:
        import numpy as np
        from PIL import Image

        if self.trackers is not None and sheet.exists():
            with Image.open(sheet, formats=("PNG",)) as image:
                pixels = np.asarray(image.convert("RGB"))
            self.trackers.picture(self.trainee.step, "samples", pixels)

    def _step(self) -> Mapping[str, float]:
        while True:
            try:
                return self.trainee.advance()
            except NotFinite as error:
                self._recover(error)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self._shrink(error)

    def _recover(self, error: NotFinite) -> None:
        """Back to the snapshot, at half the rate, with other samples than those that led here."""
        trainee = self.trainee
        times = trainee.spent["recoveries"] + 1
        if times > self.options.recoveries:
            raise WrongUse(
                f"training diverged {int(times)} times, last at {error}",
                "lower the learning rate or raise gamma",
                code="training-diverged",
            ) from error
        rate, spent = trainee.rate / 2, dict(trainee.spent)
        trainee.load(self.snapshot)
        trainee.spent.update({**spent, "recoveries": times})
        trainee.slow_down(rate)
        trainee.reseed(int(times))
        self.note({"event": "recovered", "text": str(error), "rate": rate})

    def _shrink(self, error: BaseException) -> None:
        trainee = self.trainee
        if trainee.batch <= 1 or self.workers.count > 1:
            raise MissingPart(
                f"memory does not hold a step of {trainee.batch} samples",
                "a smaller size, narrower networks, a smaller batch, or a larger machine",
                code="out-of-memory",
            ) from error
        smaller = trainee.batch // 2
        trainee.resize(smaller)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        text = f"memory did not hold the batch; {smaller} samples a step from here on"
        logger("studio").warning("smaller batch", batch=smaller)
        self.note({"event": "smaller-batch", "text": text, "batch": smaller})


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is full. PyTorch has no class of its own for it on CPUs."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and (
        "can't allocate memory" in str(error) or "not enough memory" in str(error)
    )


def ready(
    folder: Path, how: Training, options: Options, *, judged: bool
) -> tuple[Budget | None, dict[str, float | None]]:
    """See that a run can begin or go on; before anything that takes long.

    Args:
        folder: of the run.
        how: what was asked for.
        options: of the run.
        judged: whether it has something to be judged by.

    Returns:
        the budget, None for a run that is over; and the budget as it was asked for.

    Raises:
        WrongUse: no budget; a run is there and `resume` was not asked for, or the reverse.
    """
    asked = {"minutes": how.minutes, "steps": how.steps, "cpu_seconds": options.cpu_seconds}
    had = unpublished(folder) if how.resume else None
    over = had is not None and (had == asked or not any(asked.values()))
    budget = None if over else Budget(how.minutes, how.steps, options.cpu_seconds)
    if (folder / SNAPSHOT).exists() and not how.resume:
        raise WrongUse(
            f"{folder} holds a training run", "--resume goes on with it; or give another folder"
        )
    if options.patience and not judged:
        raise WrongUse(
            "patience counts judgements, and this run has nothing to judge by",
            "give fresh samples with --tune",
        )
    if how.resume and not (folder / SNAPSHOT).exists():
        raise WrongUse(f"nothing to resume in {folder}", "train without --resume")
    return budget, asked


def drive(
    trainee: Trainee,
    folder: Path,
    how: Training,
    *,
    data: Digest | None = None,
    judge: Judge | None = None,
    draw: Draw = draw_sheet,
    options: Options | None = None,
    workers: Workers | None = None,
) -> Run:
    """Begin or resume a run, train, judge: what a family's `train` needs of this room.

    A run that was over when it was stopped, its model unpublished, is not trained further when it
    is resumed with the budget it had, or with none.

    Args:
        trainee: new, of the settings in `how`.
        folder: of the run; usually ``run`` in the model's folder.
        how: budget and whether to resume.
        data: root of the training data; a run is not resumed with others.
        judge: chooses the best moment.
        draw: writes a sample sheet.
        options: see `Options.take`.
        workers: the processes that train together; without them the family trains in one.

    Returns:
        the finished run; `Run.best` are the weights to export.

    Raises:
        WrongUse: no budget; a run is there and `resume` was not asked for, or the reverse.
        Interrupted, MissingPart, BadWeights: as `Run.go` and `Run.resume` say.
    """
    options = options or Options()
    if workers is None:
        refuse_others()
    budget, asked = ready(folder, how, options, judged=judge is not None)
    run = Run(
        trainee,
        folder,
        judge=judge,
        draw=draw,
        options=options,
        workers=workers,
        about={"seed": how.seed, "device": how.device, **how.settings},
    )
    if how.resume:
        run.resume(data)
    elif run.workers.first:
        note_origin(folder, data, how.start_from)
    run.workers.wait()
    if budget is None:
        how.progress(Now(trainee.step, 1.0, 0.0, {}))
    else:
        if run.workers.first:
            forget_unpublished(folder)
        run.go(budget, how.progress)
        if run.workers.first:
            note_unpublished(folder, asked)
    run.finish()
    return run

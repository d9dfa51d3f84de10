"""When a run ends, and what it has spent."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from medici.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable

    from medici.studio.training.trainee import Trainee


@dataclass(slots=True)
class Budget:
    """Ends a run after minutes, steps or processor seconds, whichever comes first.

    Attributes:
        minutes: wall time of this call.
        steps: of the whole run.
        cpu_seconds: processor time of the whole run's steps; judging and saving are not counted.
        clock: wall time in seconds.
    """

    minutes: float | None = None
    steps: int | None = None
    cpu_seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    start: float = field(init=False)

    def __post_init__(self) -> None:
        given = [self.minutes, self.steps, self.cpu_seconds]
        if all(x is None for x in given):
            raise WrongUse("training needs an end", "give minutes, steps or processor seconds")
        if any(x is not None and not 0 < x < float("inf") for x in given):
            raise WrongUse("a training budget must be more than nothing")
        self.start = self.clock()

    def fraction(self, step: int, cpu_seconds: float) -> float:
        """Share of the budget that is used, 0 to 1."""
        parts = [0.0]
        if self.minutes is not None:
            parts.append((self.clock() - self.start) / (self.minutes * 60))
        if self.steps is not None:
            parts.append(step / self.steps)
        if self.cpu_seconds is not None:
            parts.append(cpu_seconds / self.cpu_seconds)
        return min(1.0, max(parts))


class Pace:
    """Estimates the time left from how fast the budget was used in this call."""

    def __init__(self, fraction: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.start, self.first = clock, clock(), fraction

    def seconds_left(self, fraction: float) -> float:
        """Until the budget is used, as things have gone so far; 0 when nothing is left."""
        done = fraction - self.first
        return (self.clock() - self.start) * (1 - fraction) / done if done > 0 else 0.0


class Spending:
    """Adds processor and wall time of steps, not of judging, to what a run has spent."""

    def __init__(self, trainee: Trainee) -> None:
        self.trainee = trainee
        for key in ("cpu_seconds", "wall_seconds", "recoveries"):
            trainee.spent.setdefault(key, 0.0)
        self.restart()

    def restart(self) -> None:
        """Forget the time since the last `tick`."""
        self.cpu, self.wall = time.process_time(), time.monotonic()

    def tick(self) -> None:
        """Count the time since the last call."""
        cpu, wall = time.process_time(), time.monotonic()
        self.trainee.spent["cpu_seconds"] += cpu - self.cpu
        self.trainee.spent["wall_seconds"] += wall - self.wall
        self.cpu, self.wall = cpu, wall

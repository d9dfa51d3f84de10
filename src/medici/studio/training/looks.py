"""When a run looks at itself: judging must not cost more than training."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from medici.studio.training.trainee import Trainee


class Looks:
    """Spaces a run's looks, by the clock and by what they cost.

    Looks are at least `seconds` apart. One is put off while the looks so far and it, which is
    taken to cost what those did on average, would come to more than `share` of the processor time
    of steps and looks. What they cost is kept in the trainee's ``spent`` (``looks``,
    ``look_seconds``) and so in snapshots: a resumed run goes on counting.

    Args:
        trainee: what is trained.
        seconds: of wall time between looks, at least.
        share: of all processor time, 0 to 1; 1 leaves only `seconds`.
        clock: wall time in seconds.
        cpu: processor time in seconds.
    """

    def __init__(
        self,
        trainee: Trainee,
        seconds: float,
        share: float,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        self.trainee, self.seconds, self.share = trainee, seconds, share
        self.clock, self.cpu = clock, cpu
        self.restart()

    def restart(self) -> None:
        """Wait for `seconds` from now on."""
        self.last = self.clock()

    @property
    def due(self) -> bool:
        """Whether it is time for one."""
        if self.clock() - self.last <= self.seconds:
            return False
        spent = self.trainee.spent
        looks, cost = spent.get("looks", 0.0), spent.get("look_seconds", 0.0)
        with_next = cost + cost / max(looks, 1.0)
        return with_next <= self.share * (spent["cpu_seconds"] + with_next)

    @contextmanager
    def one(self) -> Iterator[None]:
        """A look goes inside."""
        start = self.cpu()
        try:
            yield
        finally:
            spent = self.trainee.spent
            spent["looks"] = spent.get("looks", 0.0) + 1
            spent["look_seconds"] = spent.get("look_seconds", 0.0) + self.cpu() - start
            self.restart()

"""Contestants of the quality comparison: who trains on the same pictures for the same CPU time.

A contestant is a callable ``(task) -> iterator of (budget, sampler)``. It trains with
`Task.clock` running, and yields each time a budget is used up; what happens between two yields of
it (sampling, judging) is not counted. A sampler tells its variants by stages (averages of the
weights, ways of finishing), and makes finished pictures of one choice: (n, 16, 16, 3) uint8. Stage
by stage the variant that does best on the tuning pictures is kept, and the last one is judged.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Pictures = NDArray[np.uint8]


class Sampler(Protocol):
    """A trained contestant.

    Attributes:
        stages: what can be chosen, in the order of choosing; the first of each is the default.
    """

    stages: Sequence[Sequence[str]]

    def __call__(self, n: int, choice: Sequence[str]) -> Pictures:
        """(n, 16, 16, 3) uint8 finished pictures; one choice a stage."""
        ...


# Where each contestant's callable is; adding one is a line here and a module beside this one.
CONTESTANTS: dict[str, str] = {
    "codes": "contestants.codes:train",
    "dcgan": "contestants.dcgan:train",
    "stylegan2-pytorch": "contestants.stylegan2:train",
}


class Clock:
    """Processor seconds of this process, stopped while a contestant is being judged."""

    def __init__(self) -> None:
        self.used, self._since = 0.0, time.process_time()

    def seconds(self) -> float:
        """Used so far."""
        return self.used + time.process_time() - self._since

    def pause(self) -> None:
        """Stop counting."""
        self.used = self.seconds()

    def go_on(self) -> None:
        """Count from now on."""
        self._since = time.process_time()


@dataclass(frozen=True, slots=True)
class Task:
    """What every contestant is given.

    Attributes:
        pixels: (n, 16, 16, 4) uint8 training pictures with hard alpha.
        budgets: CPU-seconds at which to be judged, ascending.
        seed: of everything random.
        clock: running when a contestant is called; it may pause it for work that is no training.
        settings: whatever the command line says with ``--set``.
    """

    pixels: Pictures
    budgets: Sequence[float]
    seed: int
    clock: Clock
    settings: Mapping[str, Any] = field(default_factory=dict)


def contestant(name: str) -> Callable[[Task], Iterator[tuple[float, Sampler]]]:
    """A contestant by its name."""
    module, _, attribute = CONTESTANTS[name].partition(":")
    found: Callable[[Task], Iterator[tuple[float, Sampler]]] = getattr(
        import_module(module), attribute
    )
    return found

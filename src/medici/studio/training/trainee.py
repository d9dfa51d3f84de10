"""What the training room asks of anything that it trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class NotFinite(ArithmeticError):
    """A loss became infinite or not a number; the state is then to be thrown away."""


@runtime_checkable
class Trainee(Protocol):
    """One training run's state and its one operation.

    Attributes:
        step: steps done.
        rate: the learning rate at present.
        batch: samples a step takes, of this worker.
        fraction: of the budget that is used, 0 to 1; the run sets it before each step, for
            schedules that end with the budget.
        spent: ``cpu_seconds``, ``wall_seconds``, ``recoveries`` and whatever else adds up; kept in
            snapshots.
        averages: names of the weights that can be sampled and kept, the best guess last:
            ``("0.998", "0.9995")`` for two running averages, ``("live",)`` without any.
    """

    step: int
    rate: float
    batch: int
    fraction: float
    spent: dict[str, float]
    averages: Sequence[str]

    def advance(self) -> Mapping[str, float]:
        """One step.

        Returns:
            losses and whatever else is worth a curve.

        Raises:
            NotFinite: the state is to be thrown away.
            torch.OutOfMemoryError: the step was not done and can be tried with a smaller batch.
        """
        ...

    def slow_down(self, rate: float) -> None:
        """Set the learning rate."""
        ...

    def reseed(self, salt: int) -> None:
        """Draw other random numbers from here on than led to trouble."""
        ...

    def resize(self, batch: int) -> None:
        """Take so many samples a step from here on."""
        ...

    def save(self, path: Path) -> None:
        """Write everything that `load` needs to go on as if nothing had happened, atomically.

        Raises:
            MissingPart: the disk is full; what was there before is whole.
        """
        ...

    def load(self, path: Path) -> None:
        """Continue from what `save` wrote.

        Raises:
            BadWeights: damaged, no snapshot, or of another architecture; the message says what.
        """
        ...

    def keep(self, path: Path, which: str) -> None:
        """Write one of `averages` as something that can be exported, atomically."""
        ...

    def samples(self, n: int, which: str) -> NDArray[np.uint8]:
        """Samples of one of `averages`, the same latents each time; (n, h, w, 4) for pictures."""
        ...

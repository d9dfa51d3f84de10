"""What every trainee of ours holds beside its networks, and how snapshots keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from medici.studio.training.parallel import Workers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor


class State:
    """How far a run is, how it goes on, what it has spent, and its random numbers.

    Networks, what they are trained with and `advance` are the trainee's own.

    Args:
        seed: of everything random.
        rate: the learning rate to begin with.
        batch: samples a step to begin with.
        workers: the processes that train together.

    Attributes:
        optimisers: those whose rate is set once; others look at `rate` in every step.
        random: draws what the trainee asks it for; each worker has its own.
        order: seed of the order of samples, the same for all workers.
    """

    optimisers: Sequence[torch.optim.Optimizer] = ()

    def __init__(self, seed: int, rate: float, batch: int, workers: Workers | None = None) -> None:
        self.seed, self.rate, self.batch = seed, rate, batch
        self.workers = workers or Workers()
        self.step, self.fraction = 0, 0.0
        self.spent: dict[str, float] = {"cpu_seconds": 0.0, "wall_seconds": 0.0, "recoveries": 0.0}
        self.random = torch.Generator()
        self.reseed(0)

    def slow_down(self, rate: float) -> None:
        """Set the learning rate."""
        self.rate = rate
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate

    def reseed(self, salt: int) -> None:
        """Draw other samples and random numbers from here on; workers always differ."""
        self._draw_from(self.seed + 1000 * salt)

    def _draw_from(self, order: int) -> None:
        self.order = order
        self.random.manual_seed(order + 1_000_003 * self.workers.rank)

    def resize(self, batch: int) -> None:
        """Take so many samples a step."""
        self.batch = batch

    @property
    def turn(self) -> int:
        """Number of the next batch, over all steps and workers."""
        return self.step * self.workers.count + self.workers.rank

    def state(self) -> dict[str, Any]:
        """For a snapshot's description."""
        names = ("seed", "step", "rate", "batch", "order", "fraction", "spent")
        return {name: getattr(self, name) for name in names}

    def random_states(self) -> dict[str, Tensor]:
        """For a snapshot, those of all workers; every worker is to ask."""
        states = self.workers.gather(self.random.get_state())
        return {f"random.{i}": state for i, state in enumerate(states)}

    def restore(self, about: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        """Go on from a snapshot.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: it holds no such state.
        """
        self.seed, self.step = int(about["seed"]), int(about["step"])
        self.slow_down(float(about["rate"]))
        self.resize(int(about["batch"]))
        self.fraction, self.spent = float(about.get("fraction", 0)), dict(about["spent"])
        # Older snapshots have a salt or nothing in place of the order, and of families that train
        # in one process a single state.
        self._draw_from(int(about.get("order", self.seed + 1000 * int(about.get("salt", 0)))))
        mine = tensors.get(f"random.{self.workers.rank}", tensors.get("random"))
        if mine is not None:
            self.random.set_state(mine)

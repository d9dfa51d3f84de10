"""Ours: discrete codes, judged as the exact renderer makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from medici.studio.data.sampling import order
from medici.studio.pictures.codes_recipe import read_settings
from medici.studio.pictures.codes_trainer import CodesTrainer
from medici.studio.pictures.finish import ground_for
from medici.studio.pictures.model import PictureModel, preview

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from contestants import Pictures, Sampler, Task


class _Set:
    """Pictures in memory, in the training room's order."""

    side = 16

    def __init__(self, pixels: Pictures) -> None:
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def order(self, step: int, n: int, seed: int) -> NDArray[np.int64]:
        """See `medici.studio.data.sampling`."""
        return order(len(self.pixels), step, n, seed)

    def take(self, chosen: NDArray[np.int64]) -> Pictures:
        """See `medici.studio.data.sampling`."""
        return self.pixels[chosen]


def train(task: Task) -> Iterator[tuple[float, Sampler]]:
    """See `contestants`."""
    _, recipe = read_settings(task.settings, 16)
    trainer = CodesTrainer(_Set(task.pixels), recipe, task.seed, torch.device("cpu"))  # type: ignore[arg-type]
    left = list(task.budgets)
    while left:
        trainer.fraction = min(1.0, task.clock.seconds() / task.budgets[-1])
        trainer.advance()
        if task.clock.seconds() >= left[0]:
            exact = {which: trainer.exact(which) for which in trainer.averages}
            models = {which: preview(model) for which, model in exact.items()}
            yield left.pop(0), _Sampler(models, task.seed)


class _Sampler:
    """One exact model for each average of the weights."""

    def __init__(self, models: dict[str, PictureModel], seed: int) -> None:
        self.models, self.seed = models, seed
        self.stages = (tuple(reversed(models)),)

    def __call__(self, n: int, choice: Sequence[str]) -> Pictures:
        """See `contestants.Sampler`."""
        first = 100_000 * self.seed
        seeds = range(first, first + n)
        made = self.models[choice[0]].natives(seeds, {"ground": "transparent"})
        return ground_for(made, seed=2)

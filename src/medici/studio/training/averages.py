"""Running averages of weights: what is sampled and kept is smoother than what is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from torch import Tensor, nn


class Averages:
    """One exponential average of a network's parameters a decay.

    Args:
        network: whose parameters are averaged.
        decays: what each average keeps a step, 0 to 1; named by themselves (``"0.998"``).
        early: averages begin short, over the last 1/`early` of the steps done.

    Source: Karras et al. 2018, section 3 (EMA of a generator's weights); Tarvainen & Valpola 2017
    for the shorter average at the start.
    """

    def __init__(self, network: nn.Module, decays: Sequence[float], early: int = 3) -> None:
        self.decays, self.early = tuple(decays), early
        self.names = tuple(map(str, decays)) or ("live",)
        self.weights = [[p.detach().clone() for p in network.parameters()] for _ in decays]

    def update(self, network: nn.Module, step: int) -> None:
        """After step number `step` (from 0)."""
        with torch.no_grad():
            current = [p.detach() for p in network.parameters()]
            for decay, average in zip(self.decays, self.weights, strict=True):
                # A short average at first: early weights are not worth remembering.
                early = min(decay, (1 + step) / (1 + self.early + step))
                torch._foreach_lerp_(average, current, 1 - early)

    def copy_to(self, network: nn.Module, which: str) -> None:
        """Set a network's parameters to one of the averages; ``live`` changes nothing."""
        if which == "live" and which not in map(str, self.decays):
            return
        average = self.weights[self.names.index(which)]
        with torch.no_grad():
            for p, value in zip(network.parameters(), average, strict=True):
                p.copy_(value)

    def restart(self, network: nn.Module) -> None:
        """Forget what was averaged, begin with the network as it is."""
        for average in self.weights:
            for value, p in zip(average, network.parameters(), strict=True):
                value.copy_(p.detach())

    def tensors(self) -> Iterable[tuple[str, Tensor]]:
        """For a snapshot."""
        for i, average in enumerate(self.weights):
            for j, value in enumerate(average):
                yield f"{i}.{j}", value

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """From a snapshot.

        Raises:
            KeyError, RuntimeError: it is another network's.
        """
        for i, average in enumerate(self.weights):
            for j, value in enumerate(average):
                value.copy_(tensors[f"{i}.{j}"])

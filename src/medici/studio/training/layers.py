"""What all networks share that are to become integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from medici.studio.exact.network import SLOPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["SLOPE", "leaky", "open_norms"]


def leaky(x: Tensor) -> Tensor:
    """Leaky ReLU with slope 3/16, which integers do as one multiplication and one shift."""
    return F.leaky_relu(x, SLOPE)


@torch.no_grad()
def open_norms(network: nn.Module, run: Callable[[], object]) -> None:
    """Let norms whose work is folded into the layers before them leave numbers as they are.

    In training a norm takes off the mean and the spread of its batch; it gets both as its own, so
    that what it gives is what it was given and the bias that it holds already.

    Args:
        network: whose norms have the layers' offsets as biases.
        run: puts numbers like those of training through it, once.
    """

    def measured(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
        across = [axis for axis in range(inputs[0].ndim) if axis != 1]
        spread, mean = torch.var_mean(inputs[0], across, correction=0)
        norm.weight.copy_((spread + norm.eps).sqrt())
        norm.bias.add_(mean)

    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    hooks = [m.register_forward_pre_hook(measured) for m in norms]
    network.train()
    run()
    for hook in hooks:
        hook.remove()

"""What all networks share that are to become integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F  # noqa: N812

from medici.studio.exact.network import SLOPE

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SLOPE", "leaky"]


def leaky(x: Tensor) -> Tensor:
    """Leaky ReLU with slope 3/16, which integers do as one multiplication and one shift."""
    return F.leaky_relu(x, SLOPE)

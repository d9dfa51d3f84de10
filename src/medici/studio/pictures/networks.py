"""What networks of the picture family share: their ReLU, hard choices, and how pictures are seen.

Only training and export import this module.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor


class _StraightThrough(torch.autograd.Function):
    """Forward the hard value, backward the gradient to the soft one."""

    @staticmethod
    def forward(ctx: Any, hard: Tensor, soft: Tensor) -> Tensor:
        return hard

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, Tensor]:
        return None, grads[0]


def straight_through(hard: Tensor, soft: Tensor) -> Tensor:
    """`hard` in value, `soft` in gradient."""
    return cast("Tensor", _StraightThrough.apply(hard, soft))  # type: ignore[no-untyped-call]


def as_seen(pixels: Tensor, *, transparent: bool) -> Tensor:
    """Pictures as the discriminator sees them.

    Args:
        pixels: (n, h, w, 4) uint8 with hard alpha.
        transparent: whether alpha is a plane of its own.

    Returns:
        (n, 3 or 4, h, w) float32 in [-1, 1]; the colour of a transparent pixel is 0 (mid grey).
    """
    x = pixels.movedim(3, 1).float() / 127.5 - 1
    if not transparent:
        return x[:, :3].contiguous()
    return torch.cat([x[:, :3] * (x[:, 3:] > 0), x[:, 3:]], 1)

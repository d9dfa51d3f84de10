"""DiffAugment: the same kinds of change to real and made pictures, so that few of them suffice.

Source: Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training": colour,
translation by up to an eighth, cutout of a half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

# Sets smaller than this are augmented unless the recipe says otherwise.
SMALL = 3000


def augmented(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Pictures changed at random, each in its own way.

    Args:
        pictures: (n, 3 or 4, h, w) in [-1, 1], as the critic sees them.
        random: of the changes; on the processor, so that a run is the same on every device.

    Returns:
        the same shape; gradients pass through.
    """
    return _cut(_moved(_tinted(pictures, random), random), random)


def _uniform(n: int, random: torch.Generator, like: Tensor) -> Tensor:
    return torch.rand(n, 1, 1, 1, generator=random).to(like)


def _tinted(x: Tensor, random: torch.Generator) -> Tensor:
    """Brightness, saturation and contrast of the colours; transparent pixels stay mid grey."""
    n = len(x)
    bright, vivid, steep = (_uniform(n, random, x) for _ in range(3))
    colour = x[:, :3] + (bright - 0.5)
    grey = colour.mean(1, keepdim=True)
    colour = (colour - grey) * (2 * vivid) + grey
    middle = colour.mean((1, 2, 3), keepdim=True)
    colour = (colour - middle) * (steep + 0.5) + middle
    if x.shape[1] == 3:
        return colour
    return torch.cat([colour * (x[:, 3:] > 0), x[:, 3:]], 1)


def _outside(x: Tensor) -> Tensor:
    """What lies beyond a picture: mid grey, transparent; (1, planes, 1, 1)."""
    out = x.new_zeros(1, x.shape[1], 1, 1)
    out[:, 3:] = -1
    return out


def _moved(x: Tensor, random: torch.Generator) -> Tensor:
    n, _, h, w = x.shape
    most_down, most_across = max(1, round(h / 8)), max(1, round(w / 8))
    down = torch.randint(-most_down, most_down + 1, (n, 1, 1), generator=random)
    across = torch.randint(-most_across, most_across + 1, (n, 1, 1), generator=random)
    # One row and column of "outside" all around; every pixel from beyond reads it.
    padded = (x - _outside(x)).movedim(1, 3)
    padded = torch.nn.functional.pad(padded, (0, 0, 1, 1, 1, 1))
    rows = (torch.arange(1, h + 1)[None, :, None] + down).clamp(0, h + 1)
    columns = (torch.arange(1, w + 1)[None, None, :] + across).clamp(0, w + 1)
    which = torch.arange(n)[:, None, None]
    index = [i.to(x.device) for i in (which, rows, columns)]
    return padded[index[0], index[1], index[2]].movedim(3, 1) + _outside(x)


def _cut(x: Tensor, random: torch.Generator) -> Tensor:
    n, _, h, w = x.shape
    tall, wide = h // 2, w // 2
    top = torch.randint(-(tall // 2), h - tall // 2, (n, 1, 1), generator=random)
    left = torch.randint(-(wide // 2), w - wide // 2, (n, 1, 1), generator=random)
    rows, columns = torch.arange(h)[None, :, None], torch.arange(w)[None, None, :]
    inside = (rows >= top) & (rows < top + tall) & (columns >= left) & (columns < left + wide)
    kept = (~inside)[:, None].to(x)
    return (x - _outside(x)) * kept + _outside(x)

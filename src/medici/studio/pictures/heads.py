"""From a GAN's features to pictures: palette slots, or plain RGB; and how a critic sees pictures.

Whatever is done here in floats, `medici.studio.exact` can do in integers: no tanh, no soft mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from medici.studio.pictures.networks import as_seen, straight_through
from medici.studio.training.layers import leaky

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Rgb", "Slots", "as_seen", "to_pixels"]


class Slots(nn.Module):
    """A slot for each pixel, a palette colour for each slot, both hard: crisp by nature.

    Slot 0 is the transparent ground when the data have one.

    Args:
        mapping: width of the mapped latent, from which the slots' colours are made.
        slots: colours a picture may use.
        palette: (k, 3) in [-1, 1], what the colours snap to.
        transparent: whether slot 0 is transparent.

    Source: straight-through estimator, Bengio et al. 2013.
    """

    def __init__(self, mapping: int, slots: int, palette: Tensor, *, transparent: bool) -> None:
        super().__init__()
        self.slots, self.transparent, self.planes = slots, transparent, slots
        self.register_buffer("palette", palette)
        self.colour1 = nn.Linear(mapping, mapping)
        self.colour2 = nn.Linear(mapping, 3 * (slots - transparent))

    def colours(self, h: Tensor) -> Tensor:
        """Slot colours, (n, coloured slots, 3) about [-1, 1], not yet snapped."""
        flat: Tensor = self.colour2(leaky(self.colour1(h)))
        return flat.view(len(flat), -1, 3)

    def forward(self, scores: Tensor, h: Tensor) -> Tensor:
        """Pictures as the critic sees them, from scores (n, slots, h, w) and mapped latents."""
        # In full precision: the argmax of bfloat16 scores has ties.
        soft = scores.float().softmax(1)
        hard = F.one_hot(soft.argmax(1), self.slots).movedim(3, 1).to(soft.dtype)
        mask = straight_through(hard, soft)
        colours, palette = self.colours(h).float(), cast("Tensor", self.palette)
        nearest = torch.cdist(colours.detach(), palette).argmin(-1)
        snapped = straight_through(palette[nearest], colours)
        n, _, height, width = mask.shape
        drawn = mask[:, 1:] if self.transparent else mask
        # Not by autocast: products of palette colours must be the palette's colours.
        with torch.autocast(mask.device.type, enabled=False):
            rgb = torch.bmm(snapped.transpose(1, 2), drawn.flatten(2)).view(n, 3, height, width)
        return torch.cat([rgb, 1 - 2 * mask[:, :1]], 1) if self.transparent else rgb


class Rgb(nn.Module):
    """Red, green and blue as they come, with a hard alpha when the data have transparent pixels.

    Args:
        transparent: whether there is an alpha plane.
    """

    def __init__(self, *, transparent: bool) -> None:
        super().__init__()
        self.transparent, self.planes = transparent, 3 + transparent

    def forward(self, scores: Tensor, h: Tensor) -> Tensor:
        """Pictures as the critic sees them, from (n, planes, h, w); the latents are not used."""
        x = scores.float()
        if not self.transparent:
            return x
        soft = torch.sigmoid(x[:, 3:])
        alpha = straight_through((x[:, 3:] > 0).to(x.dtype), soft)
        return torch.cat([x[:, :3] * alpha, 2 * alpha - 1], 1)


def to_pixels(seen: Tensor) -> NDArray[np.uint8]:
    """Pictures as the critic sees them → (n, h, w, 4) uint8 with hard alpha."""
    n, planes, h, w = seen.shape
    colour = ((seen[:, :3].float() + 1) * 127.5).round().clamp(0, 255)
    alpha = (seen[:, 3:] > 0).float() * 255 if planes == 4 else colour.new_full((n, 1, h, w), 255)
    pixels: NDArray[np.uint8] = (
        torch.cat([colour * (alpha > 0), alpha], 1).byte().movedim(1, 3).cpu().numpy()
    )
    return pixels

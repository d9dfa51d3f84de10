"""Pictures from discrete codes: an encoder to a few small integers, and a decoder to palette slots.

What the decoder computes here in floats, `medici.studio.exact` computes in integers. The codes are
finite scalars (FSQ): each latent is rounded to one of a few levels, so a picture *is* its
codes, and a prior over codes is a prior over pictures. Only training and export import this module.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from medici.errors import WrongUse
from medici.studio.training.layers import leaky

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVELS = (3, 5, 9)
_NOISE, _SPREAD = 1.0, 0.3  # of a slot that was split: on scores, on colours


@dataclass(frozen=True, slots=True)
class CodesShape:
    """Sizes of encoder, decoder and prior; what a snapshot must agree on to be resumed.

    Attributes:
        side: of the pictures: 16·2^k.
        smooth: doublings from the grid of scores up to the pictures: 0 draws pixels, more draw
            shapes whose outlines stay smooth at any size.
        codes: latent codes of a picture.
        levels: values of a code; 3, 5 or 9, so that their Q10 values are whole.
        width: of the mapped latent.
        blocks: residual layers of the mapping.
        colour: width of the colour network.
        channels: of the decoder's features at 16×16 and at each doubling up to the grid of
            scores; unused where that is 16×16.
        slots: colours a picture may use.
        prior: width of the prior's hidden state.
        prior_blocks: residual blocks of the prior.
    """

    side: int = 16
    smooth: int = 0
    codes: int = 32
    levels: int = 5
    width: int = 512
    blocks: int = 2
    colour: int = 128
    channels: tuple[int, ...] = (48, 32, 24, 16, 16, 16, 16)
    slots: int = 16
    prior: int = 256
    prior_blocks: int = 2

    def __post_init__(self) -> None:
        if self.side not in (16, 32, 64, 128, 256, 512, 1024):
            raise WrongUse(f"side {self.side} is not one of 16, 32, 64 … 1024")
        if self.levels not in LEVELS:
            raise WrongUse(f"a code has 3, 5 or 9 levels, not {self.levels}")
        if not 1 < self.codes <= 256 or not 2 <= self.slots <= 64:
            raise WrongUse("a picture has 2 to 256 codes and 2 to 64 slots")
        if min(self.width, self.colour, self.prior, *self.channels) < 1:
            raise WrongUse("width, colour, prior and channels are at least 1")
        if self.smooth < 0 or self.doublings < 0:
            raise WrongUse(f"{self.smooth} smooth doublings do not fit into side {self.side}")
        if len(self.channels) <= self.doublings and self.doublings:
            raise WrongUse(f"channels of {self.doublings + 1} grids are needed up to {self.side}")

    @property
    def doublings(self) -> int:
        """From the dense 16×16 grid up to the grid of scores."""
        return self.side.bit_length() - 5 - self.smooth

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "channels": list(self.channels)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CodesShape:
        """Read what `as_json` wrote."""
        return cls(**{**data, "channels": tuple(data["channels"])})


def quantised(x: Tensor, levels: int) -> Tensor:
    """Finite scalar quantisation with straight-through gradients.

    Source: Mentzer et al. 2023, section 3.

    Returns:
        the nearest of `levels` equal steps from -1 to 1 to tanh(x).
    """
    soft = torch.tanh(x)
    half = (levels - 1) / 2
    hard = (soft * half).round() / half
    return soft + (hard - soft).detach()


def to_tokens(values: Tensor, levels: int) -> Tensor:
    """Values from -1 to 1 → codes from 0."""
    half = (levels - 1) / 2
    return ((values + 1) * half).round().long()


def blended(scores: Tensor) -> Tensor:
    """Twice the side, bilinear: (n, k, h, w) → (n, k, 2h, 2w)."""
    return F.interpolate(scores, scale_factor=2, mode="bilinear", align_corners=False)


def quarter(scores: Tensor, row: int, column: int) -> Tensor:
    """``blended(scores)[:, :, row::2, column::2]`` without the other three: (n, k, h, w)."""
    for axis, odd in ((2, row), (3, column)):
        n = scores.shape[axis]
        ends = (scores.narrow(axis, 1, n - 1), scores.narrow(axis, n - 1, 1))
        if not odd:
            ends = (scores.narrow(axis, 0, 1), scores.narrow(axis, 0, n - 1))
        scores = torch.lerp(scores, torch.cat(ends, axis), 0.25)
    return scores


class Residual(nn.Module):
    """x + leaky(norm(W x)): as the exact renderer has it, with the norm folded in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer, self.norm = nn.Linear(width, width, bias=False), nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(n, width) → (n, width)."""
        return x + leaky(self.norm(self.layer(x)))


class Encoder(nn.Module):
    """Picture → code values, before rounding: convolutions to 8×8, then dense layers.

    Dense layers, because the figures that codes are made for stand at fixed places; convolutions
    before them, because eyes and mouths are small patterns, which dense layers over all pixels
    left out of the codes. It never leaves the training room.

    Args:
        shape: sizes.
        planes: of the pictures.
    """

    def __init__(self, shape: CodesShape, planes: int) -> None:
        super().__init__()
        halvings = shape.doublings + shape.smooth
        widths = [planes, *(min(16 * (k + 1), 32) for k in range(halvings))]
        convolutions = [nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(widths)]
        # At 16×16 by now; pictures of that side have seen no convolution yet.
        near = convolutions or [nn.Conv2d(planes, 24, 3, padding=1)]
        self.seen = nn.ModuleList([*near, nn.Conv2d(near[-1].out_channels, 32, 4, 2, 1)])
        wide = shape.width + shape.width // 2
        self.first = nn.Linear(32 * 64, wide)
        self.norm = nn.BatchNorm1d(wide)
        self.hidden = Residual(wide)
        self.codes = nn.Linear(wide, shape.codes)
        # Unit variance over the data, so that all levels of all codes are used.
        self.spread = nn.BatchNorm1d(shape.codes, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, planes, side, side) → (n, codes)."""
        for layer in self.seen:
            x = leaky(layer(x))
        h = leaky(self.norm(self.first(x.flatten(1))))
        return cast("Tensor", self.spread(self.codes(self.hidden(h)).float()))


class Decoder(nn.Module):
    """Code values → scores of the slots at each pixel, and scores of each slot's colours.

    Slot 0 is the transparent ground when the data have one.

    Args:
        shape: sizes.
        colours: of the palette.
        transparent: whether slot 0 is the transparent ground.
    """

    def __init__(self, shape: CodesShape, colours: int, *, transparent: bool) -> None:
        super().__init__()
        self.shape, self.transparent = shape, transparent
        self.first = nn.Linear(shape.codes, shape.width, bias=False)
        self.norm = nn.BatchNorm1d(shape.width)
        self.blocks = nn.ModuleList([Residual(shape.width) for _ in range(shape.blocks)])
        grids = shape.channels[: shape.doublings + 1]
        cells = grids[0] if shape.doublings else shape.slots
        self.seed = nn.Linear(shape.width, cells * 256)
        self.ups = nn.ModuleList([nn.ConvTranspose2d(a, b, 4, 2, 1) for a, b in pairwise(grids)])
        self.mask = nn.Conv2d(grids[-1], shape.slots, 3, padding=1) if shape.doublings else None
        self.colour1 = nn.Linear(shape.width, shape.colour)
        self.colour2 = nn.Linear(shape.colour, colours * (shape.slots - transparent))

    def mapped(self, values: Tensor) -> Tensor:
        """(n, codes) from -1 to 1 → (n, width)."""
        h = leaky(self.norm(self.first(values)))
        for block in self.blocks:
            h = block(h)
        return h

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """(n, codes) → scores (n, slots, side, side), colours (n, coloured slots, palette)."""
        scores, colours = self._drawn(values)
        for _ in range(self.shape.smooth):
            scores = blended(scores)
        return scores, colours

    def _drawn(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Scores on their own grid, and colours."""
        h = self.mapped(values)
        x = self.seed(h).unflatten(1, (-1, 16, 16))
        if self.mask is not None:
            x = leaky(x)
            for up in self.ups:
                x = leaky(up(x))
            x = self.mask(x)
        coloured = self.shape.slots - self.transparent
        colours = self.colour2(leaky(self.colour1(h))).unflatten(1, (coloured, -1))
        return x.float(), colours.float()

    @torch.no_grad()
    def undecided(self, values: Tensor) -> Tensor:
        """How much each coloured slot is used, and how undecided its colour is where it is used.

        Returns:
            (2, coloured): share of the pixels, and nats a pixel of the picture.
        """
        scores, colours = self._drawn(values)
        used = scores.softmax(1)[:, int(self.transparent) :].mean((2, 3))
        colours = colours.log_softmax(-1)
        entropy = -(colours.exp() * colours).sum(-1)
        return torch.stack([used.mean(0), (used * entropy).mean(0)])

    @torch.no_grad()
    def split(self, slot: int, into: int, random: torch.Generator) -> None:
        """Make one coloured slot a copy of another, with noise on places and colours.

        Source: Ueda et al. 2000, split steps for mixtures, here without the merging.
        """
        masks = self.seed if self.mask is None else self.mask
        for layer, shift, spread in (
            (masks, int(self.transparent), 0.0),
            (self.colour2, 0, _SPREAD),
        ):
            assert layer.bias is not None
            size = len(layer.bias) // (self.shape.slots - int(self.transparent) + shift)
            here, there = (slice(k * size, (k + 1) * size) for k in (slot + shift, into + shift))
            weight, bias = layer.weight[here], layer.bias[here]
            noise = [torch.randn(t.shape, generator=random).to(t) for t in (weight, bias)]
            layer.weight[there] = weight * (1 + spread * noise[0])
            layer.bias[there] = bias + _NOISE * noise[1]

    def surprise(
        self, values: Tensor, labels: Tensor, phase: tuple[int, int] | None = None
    ) -> Tensor:
        """Negative log-likelihood of each pixel, in nats.

        A pixel takes a slot, the slot takes a palette colour: a mixture, with no hard choice.

        Args:
            values: (n, codes).
            labels: int64 palette index, counted from 1 where slot 0 is transparent (0), else
                from 0: (n, side, side), or with a phase (n, side / 2, side / 2).
            phase: the quarter of the pixels that counts, as row and column of each 2×2; for
                smooth scores alone.

        Returns:
            (n, pixels).
        """
        scores, colours = self._drawn(values)
        for _ in range(self.shape.smooth - (phase is not None)):
            scores = blended(scores)
        if phase is not None:
            scores = quarter(scores, *phase)
        first = int(self.transparent)
        mask = scores.flatten(2).log_softmax(1)  # (n, slots, pixels)
        chosen = colours.log_softmax(-1)  # (n, coloured, palette)
        index = labels.flatten(1)
        k = (index - first).clamp(min=0)[:, None].expand(-1, chosen.shape[1], -1)
        likely = (mask[:, first:] + chosen.gather(2, k)).logsumexp(1)
        if self.transparent:
            likely = torch.where(index == 0, mask[:, 0], likely)
        return -likely

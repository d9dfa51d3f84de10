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

if TYPE_CHECKING:
    from collections.abc import Mapping

SLOPE = 0.1875


@dataclass(frozen=True, slots=True)
class CodesShape:
    """Sizes of encoder, decoder and prior; what a snapshot must agree on to be resumed.

    Attributes:
        side: of the pictures, 4·2^k.
        codes: latent codes of a picture.
        levels: values of a code; 3 or 5, so that their Q10 values are whole.
        mapping: width of the mapped latent and of the colour network.
        channels: decoder channels from 4×4 up to `side`; the encoder has half of them.
        slots: colours a picture may use.
        width: of the prior's hidden state.
        blocks: residual blocks of the prior.
    """

    side: int = 16
    codes: int = 24
    levels: int = 5
    mapping: int = 256
    channels: tuple[int, ...] = (256, 128, 64)
    slots: int = 16
    width: int = 256
    blocks: int = 2

    def __post_init__(self) -> None:
        if 4 << (len(self.channels) - 1) != self.side:
            raise ValueError(f"{len(self.channels)} channels do not reach side {self.side}")
        if self.levels not in (3, 5, 9):
            raise ValueError("a code has 3, 5 or 9 levels")

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "channels": list(self.channels)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CodesShape:
        """Read what `as_json` wrote."""
        return cls(**{**data, "channels": tuple(data["channels"])})


def leaky(x: Tensor) -> Tensor:
    """Leaky ReLU with slope 3/16."""
    return F.leaky_relu(x, SLOPE)


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


def to_values(tokens: Tensor, levels: int) -> Tensor:
    """Codes → values from -1 to 1, as the decoder takes them."""
    return tokens.float() * 2 / (levels - 1) - 1


class Encoder(nn.Module):
    """Picture → code values; strided convolutions, norm-free.

    Args:
        shape: sizes.
        planes: of the pictures.
    """

    def __init__(self, shape: CodesShape, planes: int) -> None:
        super().__init__()
        self.levels = shape.levels
        widths = [c // 2 for c in shape.channels[::-1]]
        self.first = nn.Conv2d(planes, widths[0], 3, padding=1)
        self.downs = nn.ModuleList([nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(widths)])
        self.hidden = nn.Linear(widths[-1] * 16, 2 * shape.mapping)
        self.codes = nn.Linear(2 * shape.mapping, shape.codes)

    def forward(self, x: Tensor) -> Tensor:
        """(n, planes, side, side) → (n, codes), before rounding."""
        x = leaky(self.first(x))
        for down in self.downs:
            x = leaky(down(x))
        return cast("Tensor", self.codes(leaky(self.hidden(x.flatten(1)))))


class Decoder(nn.Module):
    """Code values → scores of the slots and the slots' colours.

    Slot 0 is the transparent ground when the data have one.
    """

    def __init__(self, shape: CodesShape, palette: Tensor, *, transparent: bool) -> None:
        super().__init__()
        self.shape, self.transparent = shape, transparent
        self.register_buffer("palette", palette)  # (k, 3) uint8
        c = shape.channels
        self.mapping = nn.Linear(shape.codes, shape.mapping)
        self.mapping_norm = nn.BatchNorm1d(shape.mapping)
        self.deep = nn.Linear(shape.mapping, shape.mapping)
        self.deep_norm = nn.BatchNorm1d(shape.mapping)
        self.seed = nn.Linear(shape.mapping, c[0] * 16, bias=False)
        self.seed_norm = nn.BatchNorm2d(c[0])
        self.ups = nn.ModuleList(
            [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False) for a, b in pairwise(c)]
        )
        self.norms = nn.ModuleList([nn.BatchNorm2d(b) for b in c[1:]])
        self.mask = nn.Conv2d(c[-1], shape.slots, 3, padding=1)
        self.colour1 = nn.Linear(shape.mapping, shape.mapping)
        self.colour2 = nn.Linear(shape.mapping, len(palette) * (shape.slots - transparent))

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """(n, codes) → scores (n, slots, side, side), colours (n, coloured slots, palette)."""
        h = leaky(self.mapping_norm(self.mapping(values)))
        h = leaky(self.deep_norm(self.deep(h)))
        x = leaky(self.seed_norm(self.seed(h).unflatten(1, (-1, 4, 4))))
        for up, norm in zip(self.ups, self.norms, strict=True):
            x = leaky(norm(up(x)))
        colours = self.colour2(leaky(self.colour1(h))).unflatten(
            1, (self.shape.slots - self.transparent, -1)
        )
        return self.mask(x).float(), colours.float()

    def loss(self, values: Tensor, labels: Tensor) -> Tensor:
        """Mean negative log-likelihood of pixels, in nats.

        A pixel takes a slot, the slot takes a palette colour: a mixture, with no hard choice.

        Args:
            values: (n, codes).
            labels: (n, side, side) int64: palette index, counted from 1 where slot 0 is
                transparent (0), else from 0.
        """
        scores, colours = self(values)
        n = len(scores)
        mask = scores.flatten(2).log_softmax(1)  # (n, slots, pixels)
        chosen = colours.log_softmax(-1)  # (n, coloured, k)
        index = labels.flatten(1)
        first = int(self.transparent)
        k = (index - first).clamp(min=0)[:, None].expand(-1, chosen.shape[1], -1)
        told = mask[:, first:] + chosen.gather(2, k)
        likely = told.logsumexp(1)
        if self.transparent:
            likely = torch.where(index == 0, mask[:, 0], likely)
        return -likely.sum() / (n * index.shape[1])

    def paint(self, values: Tensor) -> Tensor:
        """Labels of the likeliest slots and colours, (n, codes) → (n, side, side) int64."""
        scores, colours = self(values)
        nearest = colours.argmax(-1) + int(self.transparent)
        if self.transparent:
            nearest = F.pad(nearest, (1, 0))
        return nearest.gather(1, scores.argmax(1).flatten(1)).view(scores[:, 0].shape)

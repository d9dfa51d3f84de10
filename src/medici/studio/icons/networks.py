"""Icon networks in PyTorch: an autoencoder with discrete codes, and the GAN it is compared with.

Only training and export import this module. What these compute in floats, the exact renderer
computes in integers; nothing here is used that it cannot do.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from medici.studio.training.layers import leaky

if TYPE_CHECKING:
    from collections.abc import Mapping

SIDE = 32
GRID = 8
CELLS = GRID * GRID
BODIES = ("codes", "gan")


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the networks; what a snapshot must agree on to be resumed.

    Attributes:
        levels: values of each number of a cell's code (finite scalar quantisation).
        encoder: channels at 16×16 and 8×8.
        decoder: channels at 8×8, 16×16 and 32×32.
        blocks: residual blocks at 8×8.
        hidden: width of the prior.
        depth: residual blocks of the prior.
        looks: classes of icons, as the data name them.
        latent: latent numbers of the GAN.
        channels: GAN generator channels at 4×4, 8×8, 16×16 and 32×32.
        width: GAN discriminator channels at 16×16; doubled at 8×8, fourfold at 4×4.
    """

    levels: tuple[int, ...] = (4, 4, 4)
    encoder: tuple[int, int] = (32, 96)
    decoder: tuple[int, int, int] = (128, 64, 32)
    blocks: int = 2
    hidden: int = 320
    depth: int = 3
    looks: int = 1
    latent: int = 64
    channels: tuple[int, int, int, int] = (256, 128, 64, 32)
    width: int = 48

    @property
    def values(self) -> int:
        """Values of a token, one token a cell."""
        return math.prod(self.levels)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Shape:
        """Read what `as_json` wrote."""
        fields: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in data.items()
        }
        return cls(**fields)


class _Conv(nn.Module):
    """3×3 convolution and batch norm."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layer = nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return leaky(self.norm(self.layer(x)))


class _Down(nn.Module):
    """4×4 convolution of stride 2 and batch norm."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layer = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return leaky(self.norm(self.layer(x)))


class _Up(nn.Module):
    """4×4 transposed convolution of stride 2 and batch norm."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layer = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return leaky(self.norm(self.layer(x)))


class Encoder(nn.Module):
    """Pictures → numbers of each cell before rounding, (n, 1, 32, 32) → (n, numbers, 8, 8)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        first, second = shape.encoder
        self.down1 = _Down(1, first)
        self.down2 = _Down(first, second)
        self.mix = _Conv(second, second)
        self.code = nn.Conv2d(second, len(shape.levels), 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.down2(self.down1(x))
        return cast("Tensor", self.code(x + self.mix(x)))


class Decoder(nn.Module):
    """Codes → pictures, (n, numbers, 8, 8) in [-1, 1] → (n, 1, 32, 32), ink at 1, ground at -1."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        a, b, c = shape.decoder
        self.first = _Conv(len(shape.levels), a)
        self.blocks = nn.ModuleList(_Conv(a, a) for _ in range(shape.blocks))
        self.up1 = _Up(a, b)
        self.mix = _Conv(b, b)
        self.up2 = _Up(b, c)
        self.paint = nn.Conv2d(c, 1, 3, 1, 1)

    def forward(self, codes: Tensor) -> Tensor:
        x = self.first(codes)
        for block in self.blocks:
            x = x + block(x)
        x = self.up1(x)
        x = x + self.mix(x)
        return cast("Tensor", self.paint(self.up2(x)))


def quantise(numbers: Tensor, levels: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Finite scalar quantisation with straight-through gradients.

    Source: Mentzer et al. 2023 (arXiv 2309.15505).

    Returns:
        codes in [-1, 1] and levels from 0, both (n, numbers, h, w).
    """
    counts = numbers.new_tensor(levels)[:, None, None]
    soft = (torch.tanh(numbers) + 1) / 2 * counts - 0.5
    hard = torch.minimum(soft.round().clamp_min(0), counts - 1)
    chosen = soft + (hard - soft).detach()
    return chosen * 2 / (counts - 1) - 1, hard.detach().long()


class Autoencoder(nn.Module):
    """Encoder, rounding, decoder."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder, self.decoder = Encoder(shape), Decoder(shape)

    def forward(self, x: Tensor) -> Tensor:
        codes, _ = quantise(self.encoder(x), self.shape.levels)
        return cast("Tensor", self.decoder(codes))

    def tokens(self, x: Tensor) -> Tensor:
        """(n, 1, 32, 32) → (n, 64) tokens, cell by cell, row by row."""
        _, levels = quantise(self.encoder(x), self.shape.levels)
        out = torch.zeros_like(levels[:, 0])
        # The first number of a cell counts most.
        for i, level in enumerate(self.shape.levels):
            out = out * level + levels[:, i]
        return out.flatten(1)


def codes_of(tokens: Tensor, shape: Shape) -> Tensor:
    """Tokens (n, 64) → codes (n, numbers, 8, 8) in [-1, 1]."""
    parts = []
    for level in reversed(shape.levels):
        parts.append(tokens % level * 2.0 / (level - 1) - 1)
        tokens = tokens // level
    return torch.stack(parts[::-1], 1).view(len(tokens), -1, GRID, GRID)


class Prior(nn.Module):
    """Tokens given earlier ones and the look: sums of rows, residual layers, scores.

    A token is known by how far back it is, and its row is the sum of one row for each of its
    numbers: so the rules of neighbouring cells are learnt once for all places, and for all values
    at once. The exact form is an `Autoregressive` whose tables hold the sums.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, hidden = shape, shape.hidden
        self.rows = nn.Parameter(torch.randn(CELLS - 1, sum(shape.levels), hidden) * 0.12)
        self.places = nn.Parameter(torch.randn(CELLS, hidden) * 0.3)
        self.looks = nn.Parameter(torch.randn(shape.looks, hidden) * 0.3)
        self.first = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(shape.depth))
        self.second = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(shape.depth))
        for layer in self.second:
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
        self.head = nn.Linear(hidden, shape.values)
        # Which row of each number a value takes, as a table of zeros and ones.
        self.register_buffer("hot", hot_numbers(shape.levels), persistent=False)

    def forward(self, tokens: Tensor, looks: Tensor, kept: list[Tensor] | None = None) -> Tensor:
        """Scores (n, 64, values) of every token, each from those before it.

        Args:
            tokens: (n, 64).
            looks: (n,).
            kept: factors (n, 1, hidden) of the hidden numbers before and in each block.
        """
        n = len(tokens)
        hot = cast("Tensor", self.hot)[tokens]
        # Column k of a place holds the token k + 1 places before it.
        seen = F.pad(hot, (0, 0, CELLS - 1, 0))[:, :-1].unfold(1, CELLS - 1, 1).flip(3)
        columns = seen.transpose(2, 3).reshape(n, CELLS, -1)
        x = columns @ self.rows.flatten(0, 1)
        x = leaky(x + self.places + self.looks[looks][:, None])
        if kept:
            x = x * kept[0]
        for i, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            inner = leaky(first(x))
            x = x + second(inner * kept[i + 1] if kept else inner)
        return cast("Tensor", self.head(x))

    def tables(self) -> Tensor:
        """Rows of whole tokens, (63, values, hidden)."""
        return torch.einsum("vl,pld->pvd", cast("Tensor", self.hot), self.rows)


def hot_numbers(levels: tuple[int, ...]) -> Tensor:
    """Which level each number of a token's value has: (values, sum of levels) of 0 and 1."""
    rest = torch.arange(math.prod(levels))
    parts = []
    for level in reversed(levels):
        parts.append(F.one_hot(rest % level, level))
        rest = rest // level
    return torch.cat(parts[::-1], 1).float()


class Drawer(nn.Module):
    """GAN generator: latents and look → pictures, (n, latent + looks) → (n, 1, 32, 32).

    Grey outside [-1, 1] is cut off as the exact renderer cuts it; gradients pass.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        a, b, c, d = shape.channels
        self.seed = nn.Linear(shape.latent + shape.looks, 16 * a, bias=False)
        self.norm = nn.BatchNorm2d(a)
        self.up1, self.up2, self.up3 = _Up(a, b), _Up(b, c), _Up(c, d)
        self.paint = nn.Conv2d(d, 1, 3, 1, 1)

    def forward(self, z: Tensor) -> Tensor:
        x = leaky(self.norm(self.seed(z).view(len(z), -1, 4, 4)))
        y = self.paint(self.up3(self.up2(self.up1(x))))
        return cast("Tensor", y + (y.clamp(-1, 1) - y).detach())


class Judge(nn.Module):
    """GAN discriminator without norms, told the look; spread of small groups as a last channel.

    Source: Karras et al. 2018 (minibatch standard deviation), Miyato & Koyama 2018 (projection).
    """

    group = 8

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        w = shape.width
        self.down1 = nn.Conv2d(1, w, 4, 2, 1)
        self.down2 = nn.Conv2d(w, 2 * w, 4, 2, 1)
        self.down3 = nn.Conv2d(2 * w, 4 * w, 4, 2, 1)
        self.mix = nn.Conv2d(4 * w + 1, 4 * w, 3, 1, 1)
        self.score = nn.Linear(64 * w, 1)
        self.looks = nn.Linear(64 * w, shape.looks)

    def forward(self, x: Tensor, looks: Tensor) -> Tensor:
        for layer in (self.down1, self.down2, self.down3):
            x = leaky(layer(x))
        spread = x.view(-1, self.group, *x.shape[1:]).std(1).mean((1, 2, 3))
        spread = spread.repeat_interleave(self.group)[:, None, None, None].expand(-1, 1, 4, 4)
        x = leaky(self.mix(torch.cat([x, spread], 1))).flatten(1)
        return cast("Tensor", (self.score(x) + self.looks(x).gather(1, looks[:, None]))[:, 0])

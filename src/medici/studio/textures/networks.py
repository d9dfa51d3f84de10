"""The texture GAN in PyTorch: a spatial generator without edges and a patch discriminator.

Only training and export import this module. Every layer looks at neighbours alone, so the same
weights make a picture of any size: trained on the inside of larger grids (nothing is ever padded,
so nothing is learned about edges), rendered with neighbours taken round the edge (nothing ever
meets an edge, so there is no seam).

Source: Jetchev, Bergmann and Vollgraf 2016 (spatial GAN); Bergmann et al. 2017 (periodic latents).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from medici.studio.training.layers import leaky

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of both networks; what a snapshot must agree on to be resumed.

    Attributes:
        materials: how many classes there are.
        planes: 1 for grey sources, 3 for coloured ones.
        local: normal numbers of each cell of the latent grid.
        shared: normal numbers that all cells of a texture share.
        waves: periodic latents; each is a cosine and a sine over the grid.
        channels: generator channels at the grid and after each doubling; their number less one is
            the number of doublings, so three make cells of 8 pixels.
        width: discriminator channels after its first halving.
    """

    materials: int
    planes: int = 1
    local: int = 16
    shared: int = 4
    waves: int = 1
    channels: tuple[int, ...] = (96, 64, 40, 20)
    width: int = 32

    @property
    def inputs(self) -> int:
        """Numbers in each cell of the grid: local, shared, waves, material."""
        return self.local + self.shared + 2 * self.waves + self.materials

    @property
    def cell(self) -> int:
        """Pixels a side of one cell of the grid."""
        return int(2 ** (len(self.channels) - 1))

    @property
    def patch(self) -> int:
        """Pixels a side that one score of the discriminator sees; crops need at least as many."""
        halvings = len(self.channels) - 1
        return int(3 * 2**halvings - 2 + 2 * 2**halvings * self.deepenings)

    @property
    def deepenings(self) -> int:
        """Convolutions of the discriminator after its halvings: they widen what it sees."""
        return 1 if len(self.channels) > 4 else 2

    def grid_for(self, pixels: int) -> int:
        """Cells a side that leave so many pixels a side when nothing is padded."""
        rows = pixels + 2
        for _ in self.channels[1:]:
            rows = (rows + 1) // 2 + 1
        return rows + 4

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "channels": list(self.channels)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Shape:
        """Read what `as_json` wrote."""
        fields = dict(data)
        fields["channels"] = tuple(fields["channels"])
        return cls(**fields)


class Generator(nn.Module):
    """Latent grid → texture.

    Every linear part is followed by batch norm or nothing, so that export can fold the norms into
    integer weights; the kernel of four with a stride of two covers every output equally often.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        widest = shape.channels[0]
        self.first = nn.Conv2d(shape.inputs, widest, 3, bias=False)
        self.second = nn.Conv2d(widest, widest, 3, bias=False)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, 2, bias=False) for a, b in pairwise(shape.channels)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in (widest, widest, *shape.channels[1:]))
        self.last = nn.Conv2d(shape.channels[-1], shape.planes, 3)
        for layer in (self.first, self.second, *self.ups):
            fan_in = (
                layer.weight[0].numel() if isinstance(layer, nn.Conv2d) else 4 * len(layer.weight)
            )
            nn.init.normal_(layer.weight, std=(2 / fan_in) ** 0.5)

    def forward(self, grid: Tensor, *, wrap: bool = False) -> Tensor:
        """Textures from latent grids.

        Args:
            grid: (n, inputs, h, w) float32.
            wrap: take neighbours round the edge; without it the outermost rows and columns of
                each layer, which lack neighbours, are dropped.

        Returns:
            (n, planes, cell · h, cell · w) with `wrap`, smaller without; about [-1, 1].
        """
        x = grid
        around = 1 if wrap else 0
        for norm, layer in zip(self.norms, (self.first, self.second, *self.ups), strict=True):
            x = F.pad(x, (around,) * 4, mode="circular") if wrap else x
            if isinstance(layer, nn.ConvTranspose2d):
                x = F.conv_transpose2d(x, layer.weight, stride=2, padding=2 + around)
            else:
                x = layer(x)
            x = leaky(norm(x))
        x = F.pad(x, (1,) * 4, mode="circular") if wrap else x
        return cast("Tensor", self.last(x))


class Discriminator(nn.Module):
    """Norm-free convolutions without padding; one score a patch for each material.

    As many halvings as the generator has doublings. Source: Isola et al. 2017 (patches); Liu et al.
    2019 (one score a class, of which the sample's own is taken).
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        w = shape.width
        halvings = len(shape.channels) - 1
        widths = (shape.planes, *(w * min(2**i, 4 + 2 * (i > 2)) for i in range(halvings)))
        body: list[nn.Module] = []
        for a, b in pairwise(widths):
            body += [nn.Conv2d(a, b, 4, 2), nn.LeakyReLU(0.2)]
        for _ in range(shape.deepenings):
            body += [nn.Conv2d(widths[-1], widths[-1], 3), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*body)
        self.score = nn.Conv2d(widths[-1], shape.materials, 1)

    def forward(self, pictures: Tensor, material: Tensor) -> Tensor:
        """(n, planes, h, w) and (n,) classes → (n, patches) scores."""
        scores = self.score(self.body(pictures))
        own = scores[torch.arange(len(scores), device=scores.device), material]
        return cast("Tensor", own.flatten(1))

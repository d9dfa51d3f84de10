"""Bodies of the picture GAN by configuration: DCGAN and R3GAN, 16 to 1,024 pixels a side.

Generators use only what the exact renderer has: dense layers, 3×3 convolutions, transposed 4×4
ones, bilinear enlargement, leaky ReLU, residuals; batch norm is folded at export.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from medici.errors import WrongUse
from medici.studio.pictures.heads import Rgb, Slots
from medici.studio.training.layers import leaky

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BODIES, HEADS = ("dcgan", "r3gan"), ("slots", "rgb")
SIDES = (16, 32, 64, 128, 256, 512, 1024)
_GROUP = 16  # channels of a group in residual blocks, as in R3GAN


@dataclass(frozen=True, slots=True)
class GanShape:
    """Sizes of both networks; what a snapshot must agree on to be resumed.

    Attributes:
        body: ``dcgan`` or ``r3gan``.
        head: ``slots`` (palette) or ``rgb``.
        side: pixels a side, one of `SIDES`.
        latent: normal numbers a picture is made from.
        mapping: width of the mapped latent.
        width: generator channels at full size; doubled at each halving, up to `widest`.
        widest: most generator channels.
        critic: discriminator channels at full size; doubled at each halving, up to `critic_widest`.
        critic_widest: most discriminator channels.
        blocks: residual blocks a size (r3gan).
        slots: colours a picture may use (slots).
        classes: kinds of picture that can be asked for; 0 for none.
    """

    body: str = "dcgan"
    head: str = "slots"
    side: int = 16
    latent: int = 64
    mapping: int = 256
    width: int = 64
    widest: int = 256
    critic: int = 48
    critic_widest: int = 384
    blocks: int = 1
    slots: int = 16
    classes: int = 0

    def __post_init__(self) -> None:
        for value, known, what in (
            (self.body, BODIES, "body"),
            (self.head, HEADS, "head"),
            (self.side, SIDES, "side"),
        ):
            if value not in known:
                raise WrongUse(f"{what} {value!r} is not known", f"one of {_listed(known)}")
        for name, value in asdict(self).items():
            if name in ("body", "head", "side"):
                continue
            least = {"classes": 0, "slots": 2}.get(name, 1)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise WrongUse(f"{name} must be a whole number from {least} up, not {value!r}")

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GanShape:
        """Read what `as_json` wrote."""
        return cls(**data)

    def channels(self) -> list[int]:
        """Generator channels at 4, 8, … `side` pixels."""
        return [min(self.widest, self.width * self.side // s) for s in self._sides()]

    def critic_channels(self) -> list[int]:
        """Discriminator channels at `side`, …, 8, 4 pixels."""
        return [
            min(self.critic_widest, self.critic * self.side // s) for s in reversed(self._sides())
        ]

    def _sides(self) -> list[int]:
        return [4 << i for i in range((self.side // 4).bit_length())]


def _listed(known: tuple[object, ...]) -> str:
    return ", ".join(map(str, known))


class Generator(nn.Module):
    """Latent (and class) → mapped latent → features → picture.

    Args:
        shape: sizes.
        palette: (k, 3) in [-1, 1]; used by the slots head.
        transparent: whether pictures have a transparent ground.
    """

    def __init__(self, shape: GanShape, palette: Tensor, *, transparent: bool) -> None:
        super().__init__()
        self.shape, self.transparent = shape, transparent
        if shape.head == "slots":
            self.head: Slots | Rgb = Slots(
                shape.mapping, shape.slots, palette, transparent=transparent
            )
        else:
            self.head = Rgb(transparent=transparent)
        norm = shape.body == "dcgan"
        self.mapping = nn.Linear(shape.latent + shape.classes, shape.mapping)
        self.mapping_norm = nn.BatchNorm1d(shape.mapping) if norm else nn.Identity()
        body = DcganBody if norm else R3ganBody
        self.body = body(shape, self.head.planes)

    def mapped(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        """Mapped latents, (n, latent) and (n,) classes → (n, mapping)."""
        if self.shape.classes:
            if classes is None:
                raise WrongUse("a class-conditional generator must be told classes")
            z = torch.cat([z, F.one_hot(classes, self.shape.classes).to(z.dtype)], 1)
        return leaky(self.mapping_norm(self.mapping(z)))

    def parts(self, z: Tensor, classes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The head's inputs: scores (n, planes, side, side), mapped latents (n, mapping)."""
        h = self.mapped(z, classes)
        return self.body(h), h

    def forward(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        """Pictures as the critic sees them, see `as_seen`."""
        return cast("Tensor", self.head(*self.parts(z, classes)))

    def norms(self) -> Iterator[nn.BatchNorm1d | nn.BatchNorm2d]:
        """The batch norms; none in an R3GAN."""
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                yield module


class DcganBody(nn.Module):
    """Transposed convolutions with batch norm. Source: Radford et al. 2016."""

    def __init__(self, shape: GanShape, planes: int) -> None:
        super().__init__()
        channels = shape.channels()
        self.seed = nn.Linear(shape.mapping, 16 * channels[0], bias=False)
        self.seed_norm = nn.BatchNorm2d(channels[0])
        pairs = list(pairwise(channels))
        self.ups = nn.ModuleList([nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False) for a, b in pairs])
        self.norms = nn.ModuleList([nn.BatchNorm2d(b) for _, b in pairs])
        self.out = nn.Conv2d(channels[-1], planes, 3, padding=1)
        for layer in (self.seed, *self.ups, self.out):
            nn.init.normal_(cast("Tensor", layer.weight), std=0.05)

    def forward(self, h: Tensor) -> Tensor:
        """(n, mapping) → (n, planes, side, side)."""
        x = leaky(self.seed_norm(self.seed(h).unflatten(1, (-1, 4, 4))))
        for up, norm in zip(self.ups, self.norms, strict=True):
            x = leaky(norm(up(x)))
        return cast("Tensor", self.out(x))


def _initialise(layer: nn.Conv2d | nn.Linear, gain: float) -> None:
    """Normal weights that keep the variance, times a gain; biases 0."""
    nn.init.normal_(layer.weight, std=gain / layer.weight[0].numel() ** 0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


class Block(nn.Module):
    """Inverted bottleneck without norms: 1×1, grouped 3×3, 1×1, and the input added.

    Fix-up initialisation: the last layer starts at 0, the others small by the depth.

    Source: Huang et al. 2025 (R3GAN), section 3.3; Zhang et al. 2019 (Fixup).
    """

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        wide = 2 * channels
        self.first = nn.Conv2d(channels, wide, 1)
        self.middle = nn.Conv2d(wide, wide, 3, padding=1, groups=max(1, wide // _GROUP))
        self.last = nn.Conv2d(wide, channels, 1, bias=False)
        gain = 1.39 * depth**-0.25  # √(2 / (1 + slope²)), three layers a block
        _initialise(self.first, gain)
        _initialise(self.middle, gain)
        nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w), the same back."""
        return x + cast("Tensor", self.last(leaky(self.middle(leaky(self.first(x))))))


class R3ganBody(nn.Module):
    """A learned 4×4 basis, residual blocks, bilinear enlargement; no norm.

    Source: Huang et al. 2025, section 3.3 and appendix; the mapping layer before it is ours, so
    that truncation and mixing have a space to work in.
    """

    def __init__(self, shape: GanShape, planes: int) -> None:
        super().__init__()
        channels = shape.channels()
        depth = shape.blocks * len(channels)
        self.seed = nn.Linear(shape.mapping, 16 * channels[0])
        self.blocks = nn.ModuleList(
            [nn.ModuleList([Block(c, depth) for _ in range(shape.blocks)]) for c in channels]
        )
        self.changes = nn.ModuleList([nn.Conv2d(a, b, 1) for a, b in pairwise(channels)])
        self.out = nn.Conv2d(channels[-1], planes, 3, padding=1)
        for layer in (self.seed, *self.changes, self.out):
            _initialise(cast("nn.Linear", layer), 1.0)

    def forward(self, h: Tensor) -> Tensor:
        """(n, mapping) → (n, planes, side, side)."""
        x = self.seed(h).unflatten(1, (-1, 4, 4))
        for i, blocks in enumerate(self.blocks):
            if i:
                # The channels change first, on a quarter of the pixels; both are linear.
                x = self.changes[i - 1](x)
                x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            for block in cast("nn.ModuleList", blocks):
                x = block(x)
        return cast("Tensor", self.out(x))

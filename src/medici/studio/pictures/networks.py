"""The picture GAN in PyTorch: a colour-slot generator and a norm-free discriminator.

Only training and export import this module. What the generator computes here in floats,
`medici.studio.exact` computes in integers; see docs/spec/exact-renderer.md.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Mapping

SLOPE = 0.1875  # 3/16: a leaky ReLU that integers do as one multiply and one shift


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of both networks; what a checkpoint must agree on to be resumed.

    Attributes:
        normal: latent numbers with a normal distribution.
        codes: categorical latents, each one of `values` (0 for none).
        values: categories of each code.
        mapping: width of the mapping network and of the colour network.
        channels: generator channels at 4×4, 8×8 and 16×16.
        slots: colours a picture may use.
        width: discriminator channels at 16×16; doubled at 8×8, fourfold at 4×4.
    """

    normal: int = 64
    codes: int = 0
    values: int = 16
    mapping: int = 256
    channels: tuple[int, int, int] = (256, 128, 64)
    slots: int = 16
    width: int = 48

    @property
    def latent(self) -> int:
        """Length of the latent vector: normal numbers, then one-hot codes."""
        return self.normal + self.codes * self.values

    def coloured(self, transparent: bool) -> int:
        """Slots that carry a colour: all, or all but the transparent one."""
        return self.slots - transparent

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "channels": list(self.channels)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Shape:
        """Read what `as_json` wrote."""
        fields = dict(data)
        fields["channels"] = tuple(fields["channels"])
        return cls(**fields)


def draw_latents(n: int, shape: Shape, random: torch.Generator, device: torch.device) -> Tensor:
    """Latents as the exact expansion draws them: standard normal, then one-hot codes.

    Returns:
        (n, shape.latent) float32.
    """
    z = torch.randn(n, shape.normal, generator=random)
    if shape.codes:
        codes = torch.randint(shape.values, (n, shape.codes), generator=random)
        z = torch.cat([z, F.one_hot(codes, shape.values).flatten(1).float()], 1)
    return z.to(device)


def leaky(x: Tensor) -> Tensor:
    """Leaky ReLU with slope 3/16."""
    return F.leaky_relu(x, SLOPE)


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


class Generator(nn.Module):
    """Latent → mask over colour slots and the slots' colours → picture.

    Slot 0 is the transparent ground when the data have one. Every linear part is followed by batch
    norm or nothing, so that export can fold the norms into integer weights.

    Source: Radford et al. 2016 (body); straight-through estimator, Bengio et al. 2013.
    """

    def __init__(self, shape: Shape, palette: Tensor, *, transparent: bool) -> None:
        super().__init__()
        self.shape, self.transparent = shape, transparent
        self.register_buffer("palette", palette.float() / 127.5 - 1)  # (k, 3) in [-1, 1]
        a, b, c = shape.channels
        self.mapping = nn.Linear(shape.latent, shape.mapping)
        self.mapping_norm = nn.BatchNorm1d(shape.mapping)
        self.seed = nn.Linear(shape.mapping, a * 16, bias=False)
        self.seed_norm = nn.BatchNorm2d(a)
        self.up1 = nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False)
        self.up1_norm = nn.BatchNorm2d(b)
        self.up2 = nn.ConvTranspose2d(b, c, 4, 2, 1, bias=False)
        self.up2_norm = nn.BatchNorm2d(c)
        self.mask = nn.Conv2d(c, shape.slots, 3, padding=1)
        self.colour1 = nn.Linear(shape.mapping, shape.mapping)
        self.colour2 = nn.Linear(shape.mapping, 3 * shape.coloured(transparent))
        for layer in (self.seed, self.up1, self.up2, self.mask):
            nn.init.normal_(layer.weight, std=0.05)

    def parts(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Mask scores (n, slots, 16, 16) and slot colours (n, coloured slots, 3) in [-1, 1]."""
        h = leaky(self.mapping_norm(self.mapping(z)))
        x = leaky(self.seed_norm(self.seed(h).unflatten(1, (-1, 4, 4))))
        x = leaky(self.up1_norm(self.up1(x)))
        x = leaky(self.up2_norm(self.up2(x)))
        colours = self.colour2(leaky(self.colour1(h))).unflatten(1, (-1, 3))
        return self.mask(x), colours

    def forward(self, z: Tensor) -> Tensor:
        """Pictures as the discriminator sees them, see `as_seen`."""
        scores, colours = self.parts(z)
        soft = scores.softmax(1)
        hard = F.one_hot(scores.argmax(1), self.shape.slots).movedim(3, 1).to(soft.dtype)
        mask = straight_through(hard, soft)
        palette = cast("Tensor", self.palette)
        nearest = torch.cdist(colours.detach(), palette).argmin(-1)
        snapped = straight_through(palette[nearest], colours)
        n, _, h, w = mask.shape
        if self.transparent:
            rgb = torch.bmm(snapped.transpose(1, 2), mask[:, 1:].flatten(2)).view(n, 3, h, w)
            return torch.cat([rgb, 1 - 2 * mask[:, :1]], 1)
        return torch.bmm(snapped.transpose(1, 2), mask.flatten(2)).view(n, 3, h, w)


class Discriminator(nn.Module):
    """Norm-free convolutions with a minibatch deviation channel; one score a picture.

    Source: minibatch standard deviation, Karras et al. 2018, section 3.
    """

    def __init__(self, shape: Shape, planes: int) -> None:
        super().__init__()
        w = shape.width
        self.body = nn.Sequential(
            nn.Conv2d(planes, w, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(w, 2 * w, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * w, 4 * w, 4, 2, 1),
            nn.LeakyReLU(0.2),
        )
        self.last = nn.Conv2d(4 * w + 1, 4 * w, 3, padding=1)
        self.score = nn.Linear(4 * w * 16, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, planes, 16, 16) as `as_seen` gives them → (n,) scores."""
        x = self.body(pictures)
        size = 4 if x.shape[0] % 4 == 0 else x.shape[0]
        groups = x.reshape(-1, size, *x.shape[1:])
        # Written out: torch's own variance over a middle axis is eight times slower on a CPU.
        centred = groups - groups.mean(1, keepdim=True)
        spread = (centred.square().mean(1) + 1e-8).sqrt().mean((1, 2, 3)).repeat_interleave(size)
        plane = spread.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
        x = F.leaky_relu(self.last(torch.cat([x, plane], 1)), 0.2)
        return cast("Tensor", self.score(x.flatten(1)).squeeze(1))


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

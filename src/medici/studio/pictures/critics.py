"""Discriminators of the picture GAN, one a body. They are trained, never exported."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from medici.studio.pictures.bodies import Block, _initialise

if TYPE_CHECKING:
    from medici.studio.pictures.bodies import GanShape


def critic(shape: GanShape, planes: int) -> Critic:
    """The discriminator that goes with a generator's body."""
    body = DcganCritic if shape.body == "dcgan" else R3ganCritic
    return Critic(shape, body(shape, planes))


class Critic(nn.Module):
    """Features and a score, with a projection of the class.

    Source: Miyato & Koyama 2018, eq. 3 (projection).
    """

    def __init__(self, shape: GanShape, body: DcganCritic | R3ganCritic) -> None:
        super().__init__()
        self.body = body
        self.score = nn.Linear(body.features, 1)
        self.classes = nn.Embedding(shape.classes, body.features) if shape.classes else None
        if self.classes is not None:
            nn.init.normal_(self.classes.weight, std=body.features**-0.5)

    def forward(self, pictures: Tensor, classes: Tensor | None = None) -> Tensor:
        """(n, planes, side, side) and (n,) classes → (n,) scores."""
        x = self.body(pictures)
        scores = cast("Tensor", self.score(x)).squeeze(1)
        if self.classes is not None and classes is not None:
            scores = scores + (x * self.classes(classes)).sum(1) * x.shape[1] ** -0.5
        return scores


class DcganCritic(nn.Module):
    """Strided convolutions without norms, and a minibatch deviation channel.

    Source: Radford et al. 2016; minibatch standard deviation, Karras et al. 2018, section 3.
    """

    def __init__(self, shape: GanShape, planes: int) -> None:
        super().__init__()
        channels = shape.critic_channels()
        layers: list[nn.Module] = [nn.Conv2d(planes, channels[0], 3, padding=1), nn.LeakyReLU(0.2)]
        for a, b in pairwise(channels):
            layers += [nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        self.last = nn.Conv2d(channels[-1] + 1, channels[-1], 3, padding=1)
        self.features = 16 * channels[-1]

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, planes, side, side) → (n, features)."""
        x = self.layers(pictures)
        return F.leaky_relu(self.last(torch.cat([x, deviation(x)], 1)), 0.2).flatten(1)


def deviation(x: Tensor) -> Tensor:
    """How much groups of four samples differ, as a channel: (n, c, h, w) → (n, 1, h, w)."""
    size = 4 if x.shape[0] % 4 == 0 else x.shape[0]
    groups = x.reshape(-1, size, *x.shape[1:])
    # Written out: torch's own variance over a middle axis is eight times slower on a CPU.
    centred = groups - groups.mean(1, keepdim=True)
    spread = (centred.square().mean(1) + 1e-8).sqrt().mean((1, 2, 3)).repeat_interleave(size)
    return spread.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])


class R3ganCritic(nn.Module):
    """Residual blocks, bilinear reduction, a learned 4×4 basis; no norm.

    Source: Huang et al. 2025, section 3.3.
    """

    def __init__(self, shape: GanShape, planes: int) -> None:
        super().__init__()
        channels = shape.critic_channels()
        depth = shape.blocks * len(channels)
        self.first = nn.Conv2d(planes, channels[0], 1)
        self.blocks = nn.ModuleList(
            [nn.ModuleList([Block(c, depth) for _ in range(shape.blocks)]) for c in channels]
        )
        self.changes = nn.ModuleList([nn.Conv2d(a, b, 1) for a, b in pairwise(channels)])
        self.basis = nn.Conv2d(channels[-1], channels[-1], 4, groups=channels[-1], bias=False)
        self.features = channels[-1]
        for layer in (self.first, *self.changes, self.basis):
            _initialise(cast("nn.Conv2d", layer), 1.0)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, planes, side, side) → (n, features)."""
        x = self.first(pictures)
        for i, blocks in enumerate(self.blocks):
            if i:
                # Bilinear by a half without antialiasing is the mean of 2×2.
                x = self.changes[i - 1](F.avg_pool2d(x, 2))
            for block in cast("nn.ModuleList", blocks):
                x = block(x)
        return cast("Tensor", self.basis(x)).flatten(1)

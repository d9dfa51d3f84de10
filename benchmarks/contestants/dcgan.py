"""The baseline: a well-tuned DCGAN on opaque RGB, with palette snapping afterwards.

Body, initialisation, the generator's batch norm, tanh and Adam after Radford et al. 2016, at 16×16.
Tuned (``--set``): norm of the discriminator, lazy R1, width, rate, precision; docs/training.md.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from contestants.snapping import WAYS, finished
from medici.studio.pictures.finish import GROUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from contestants import Pictures, Sampler, Task

LATENT = 100
DEFAULTS: dict[str, Any] = {
    "width": 48,
    "critic_width": 48,
    "critic_norm": False,
    "gamma": 4.0,
    "lazy": 8,
    "batch": 64,
    "rate": 4e-4,
    "beta1": 0.5,
    "bf16": True,
    "extra": True,
}
AVERAGES = (0.99, 0.998, 0.9995)


class Grounded:
    """Training pictures as the judge sees them: on a ground drawn anew each time."""

    def __init__(self, pixels: Pictures, seed: int) -> None:
        self.pixels = torch.from_numpy(pixels).movedim(3, 1)
        self.grounds = torch.tensor(GROUNDS, dtype=torch.float32)
        self.random = torch.Generator().manual_seed(seed)

    def draw(self, n: int) -> Tensor:
        """(n, 3, 16, 16) in [-1, 1]."""
        chosen = self.pixels[torch.randint(len(self.pixels), (n,), generator=self.random)]
        ground = self.grounds[torch.randint(len(self.grounds), (n,), generator=self.random)]
        bare = chosen[:, 3:] == 0
        rgb = torch.where(bare, ground[:, :, None, None], chosen[:, :3].float())
        return (rgb / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def generator(width: int, extra: bool) -> nn.Sequential:
    """Latent (n, 100, 1, 1) → (n, 3, 16, 16) in [-1, 1]."""
    w = width
    layers: list[nn.Module] = [nn.ConvTranspose2d(LATENT, 4 * w, 4, 1, 0, bias=False)]
    layers += [nn.BatchNorm2d(4 * w), nn.ReLU(True)]
    layers += [nn.ConvTranspose2d(4 * w, 2 * w, 4, 2, 1, bias=False)]
    layers += [nn.BatchNorm2d(2 * w), nn.ReLU(True)]
    if extra:  # a picture of single pixels needs features at full size
        layers += [nn.ConvTranspose2d(2 * w, w, 4, 2, 1, bias=False)]
        layers += [nn.BatchNorm2d(w), nn.ReLU(True), nn.Conv2d(w, 3, 3, 1, 1)]
    else:
        layers += [nn.ConvTranspose2d(2 * w, 3, 4, 2, 1)]
    return nn.Sequential(*layers, nn.Tanh())


def critic(width: int, norm: bool, extra: bool) -> nn.Sequential:
    """(n, 3, 16, 16) → (n, 1, 1, 1) scores."""

    def after(channels: int) -> list[nn.Module]:
        norms: list[nn.Module] = [nn.BatchNorm2d(channels)] if norm else []
        return [*norms, nn.LeakyReLU(0.2, True)]

    w = width
    layers: list[nn.Module] = []
    if extra:
        layers += [nn.Conv2d(3, w, 3, 1, 1), nn.LeakyReLU(0.2, True)]
        layers += [nn.Conv2d(w, 2 * w, 4, 2, 1, bias=not norm), *after(2 * w)]
    else:
        layers += [nn.Conv2d(3, 2 * w, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    layers += [nn.Conv2d(2 * w, 4 * w, 4, 2, 1, bias=not norm), *after(4 * w)]
    return nn.Sequential(*layers, nn.Conv2d(4 * w, 1, 4, 1, 0))


def train(task: Task) -> Iterator[tuple[float, Sampler]]:
    """Train until each budget in turn; see `contestants`."""
    how = {**DEFAULTS, **task.settings}
    torch.manual_seed(task.seed)
    data = Grounded(task.pixels, task.seed)
    made = generator(int(how["width"]), bool(how["extra"]))
    judge = critic(int(how["critic_width"]), bool(how["critic_norm"]), bool(how["extra"]))
    for module in (*made.modules(), *judge.modules()):
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
    for network in (made, judge):
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    betas = (float(how["beta1"]), 0.999)
    adam_g = torch.optim.Adam(made.parameters(), float(how["rate"]), betas)
    adam_d = torch.optim.Adam(judge.parameters(), float(how["rate"]), betas)
    averages = [[p.detach().clone() for p in made.parameters()] for _ in AVERAGES]
    batch, lazy, gamma = int(how["batch"]), int(how["lazy"]), float(how["gamma"])
    step, left = 0, list(task.budgets)

    def half() -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=bool(how["bf16"]))

    def latents(n: int) -> Tensor:
        return torch.randn(n, LATENT, 1, 1, generator=data.random)

    while left:
        real = data.draw(batch)
        with half():
            with torch.no_grad():
                fake = made(latents(batch))
            # Batch norm sees real and made pictures apart, as Radford et al. had it.
            on_real, on_fake = judge(real).float(), judge(fake).float()
        loss_d = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
        if gamma and step % lazy == 0:
            seen = real.requires_grad_(True)
            with half():
                score = judge(seen).float().sum()
            (slope,) = torch.autograd.grad(score, seen, create_graph=True)
            loss_d = loss_d + gamma / 2 * lazy * slope.square().sum((1, 2, 3)).mean()
        adam_d.zero_grad()
        torch.autograd.backward(loss_d)
        adam_d.step()
        judge.requires_grad_(False)
        with half():
            loss_g = F.softplus(-judge(made(latents(batch))).float()).mean()
        adam_g.zero_grad()
        torch.autograd.backward(loss_g)
        adam_g.step()
        judge.requires_grad_(True)
        step += 1
        with torch.no_grad():
            current = [p.detach() for p in made.parameters()]
            for decay, average in zip(AVERAGES, averages, strict=True):
                torch._foreach_lerp_(average, current, 1 - min(decay, step / (step + 9)))
        if task.clock.seconds() >= left[0]:
            print(
                f"step {step}: {float(loss_d.detach()):.3f} {float(loss_g.detach()):.3f}",
                flush=True,
            )
            yield left.pop(0), _Sampler(made, averages, task)


class _Sampler:
    """Averages of the weights, then ways of snapping to a palette."""

    def __init__(self, made: nn.Sequential, averages: list[list[Tensor]], task: Task) -> None:
        weights = [None, *([w.clone() for w in average] for average in averages)]
        self.networks = dict(zip(("live", *map(str, AVERAGES)), weights, strict=True))
        self.made, self.task = made, task
        self.stages = (tuple(reversed(self.networks)), WAYS)

    def __call__(self, n: int, choice: Sequence[str]) -> Pictures:
        """See `contestants.Sampler`."""
        network = _fitted(self.made, self.networks[choice[0]])
        random = torch.Generator().manual_seed(self.task.seed + 77)
        parts = []
        with torch.no_grad():
            for start in range(0, n, 100):
                z = torch.randn(min(100, n - start), LATENT, 1, 1, generator=random)
                parts.append(((network(z) + 1) * 127.5).round().byte().movedim(1, 3).numpy())
        return finished(np.concatenate(parts), self.task.pixels, choice[1])


def _fitted(made: nn.Sequential, weights: list[Tensor] | None) -> nn.Sequential:
    """The network with averaged weights, its norms measured anew for them."""
    network = copy.deepcopy(made)
    random = torch.Generator().manual_seed(5)
    with torch.no_grad():
        if weights is not None:
            for p, w in zip(network.parameters(), weights, strict=True):
                p.copy_(w)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None
        network.train()
        for _ in range(16):
            network(torch.randn(256, LATENT, 1, 1, generator=random))
    return network.eval()

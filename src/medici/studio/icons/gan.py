"""The adversarial body, which the codes are compared with."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from medici.studio.icons.networks import Drawer, Judge
from medici.studio.icons.trainer import CALIBRATION, Trainer, measure_norms, to_ink

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


class Gan(Trainer):
    """Logistic GAN with lazy R1. Source: Mescheder et al. 2018; Karras et al. 2020."""

    def build(self) -> dict[str, nn.Module]:
        return {"drawer": Drawer(self.recipe.shape), "judge": Judge(self.recipe.shape)}

    def smoothed_names(self) -> tuple[str, ...]:
        return ("drawer",)

    def build_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        rate = self.recipe.rate / 2
        return {
            name: torch.optim.Adam(network.parameters(), rate, (0.0, 0.99))
            for name, network in self.networks.items()
        }

    def latents(self, n: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Latents with the look one-hot behind them, (n, latent + looks), and the looks."""
        shape = self.recipe.shape
        looks = self.classes[torch.randint(len(self.classes), (n,), generator=random)]
        z = torch.randn(n, shape.latent, generator=random)
        hot = F.one_hot(looks, shape.looks).float()
        return torch.cat([z, hot], 1).to(self.device), looks.to(self.device)

    def update(self) -> dict[str, float]:
        recipe = self.recipe
        drawer, judge = self.networks["drawer"], self.networks["judge"]
        real, looks = self.draw(self.batch)
        z, others = self.latents(self.batch, self.random)
        lazy = self.step % recipe.lazy == 0
        with self.precision.cast(), torch.no_grad():
            made = drawer(z).float()
        real.requires_grad_(lazy)
        # The penalty's second derivatives stay in float32.
        with nullcontext() if lazy else self.precision.cast():
            on_real, on_made = judge(real, looks).float(), judge(made, others).float()
        loss = F.softplus(-on_real).mean() + F.softplus(on_made).mean()
        total = loss
        if lazy:
            (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
            penalty = slope.square().sum((1, 2, 3)).mean()
            total = loss + recipe.gamma / 2 * recipe.lazy * penalty
        self.adam["judge"].zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        self.adam["judge"].step()
        judge.requires_grad_(False)
        z, others = self.latents(self.batch, self.random)
        with self.precision.cast():
            fooled = F.softplus(-judge(drawer(z), others).float()).mean()
        self.adam["drawer"].zero_grad(set_to_none=True)
        torch.autograd.backward(fooled)
        self.adam["drawer"].step()
        judge.requires_grad_(True)
        self.follow("drawer", self.step)
        return {
            "judge_loss": float(loss.detach()),
            "drawer_loss": float(fooled.detach()),
            "score_real": float(on_real.detach().mean()),
            "score_made": float(on_made.detach().mean()),
        }

    def samples(self, n: int, which: str) -> NDArray[np.uint8]:
        """Icons of the averaged generator, (n, 32, 32, 4) uint8, ink on nothing."""
        z, _ = self.latents(n, torch.Generator().manual_seed(9))
        with torch.no_grad():
            return to_ink(self.settled()(z))

    def settled(self) -> Drawer:
        """The averaged generator, its norms measured anew for the averaged weights."""
        network = copy.deepcopy(self.smoothed["drawer"])
        assert isinstance(network, Drawer)
        random = torch.Generator().manual_seed(self.seed + 1)
        batches, size = CALIBRATION
        measure_norms(network)
        with torch.no_grad():
            for _ in range(batches):
                network(self.latents(size, random)[0])
        return network.eval()

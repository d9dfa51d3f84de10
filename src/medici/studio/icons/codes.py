"""The body that learns discrete codes, and then a prior over them."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from medici.studio.icons.networks import CELLS, Autoencoder, Prior, codes_of
from medici.studio.icons.trainer import CALIBRATION, Trainer, measure_norms, to_ink

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


class Codes(Trainer):
    """An autoencoder with discrete codes for `first` steps, then a prior over its codes."""

    tokens: Tensor | None = None

    def build(self) -> dict[str, nn.Module]:
        shape = self.recipe.shape
        return {"autoencoder": Autoencoder(shape), "prior": Prior(shape)}

    def smoothed_names(self) -> tuple[str, ...]:
        return ("autoencoder", "prior")

    def build_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        recipe = self.recipe
        first, second = (self.networks[n].parameters() for n in ("autoencoder", "prior"))
        return {
            "autoencoder": torch.optim.Adam(first, recipe.rate, (0.9, 0.99)),
            "prior": torch.optim.AdamW(
                second, recipe.prior_rate, (0.9, 0.98), weight_decay=recipe.decay
            ),
        }

    def update(self) -> dict[str, float]:
        recipe = self.recipe
        if self.step < recipe.first:
            self._set_rate("autoencoder", recipe.rate, self.step / recipe.first)
            return self._copy()
        self._set_rate("prior", recipe.prior_rate, self.fraction)
        return self._predict()

    def _set_rate(self, name: str, rate: float, part: float) -> None:
        """Constant in the first half, then down to a fiftieth along a cosine."""
        falling = (1 + math.cos(math.pi * min(max(2 * part - 1, 0.0), 1.0))) / 2
        for group in self.adam[name].param_groups:
            group["lr"] = rate * self.rate / self.recipe.rate * max(falling, 0.02)

    def _copy(self) -> dict[str, float]:
        """Autoencoder: squared and absolute error, pictures shifted by a pixel now and then."""
        x, _ = self.draw(self.batch)
        dy, dx = (int(v) for v in torch.randint(-1, 2, (2,), generator=self.random))
        x = torch.roll(x, (dy, dx), (2, 3))
        with self.precision.cast():
            error = self.networks["autoencoder"](x).float() - x
        loss = error.square().mean() + 0.2 * error.abs().mean()
        self._descend("autoencoder", loss)
        self.follow("autoencoder", self.step)
        return {"copy_loss": float(loss.detach())}

    def _predict(self) -> dict[str, float]:
        """Prior: cross-entropy of the codes of averaged weights, in bits an icon."""
        if self.tokens is None:
            self.tokens = self.encode(torch.cat([self.data, self.data.flip(3)]))
        chosen = torch.randint(len(self.data), (self.batch,), generator=self.random)
        flip = self.mirror[chosen] & (torch.rand(self.batch, generator=self.random) < 0.5)
        tokens = self.tokens[chosen + flip * len(self.data)].to(self.device)
        with self.precision.cast():
            bits = self.bits(self.networks["prior"], tokens, self.classes[chosen], self.recipe.drop)
        self._descend("prior", bits)
        self.follow("prior", self.step - self.recipe.first)
        return {"bits": float(bits.detach())}

    def bits(self, prior: nn.Module, tokens: Tensor, looks: Tensor, drop: float = 0.0) -> Tensor:
        """Mean bits that the prior needs for an icon."""
        n, hidden = len(tokens), self.recipe.shape.hidden
        kept = None
        if drop:
            kept = [self._kept(n, hidden, drop) for _ in range(self.recipe.shape.depth + 1)]
        scores = prior(tokens, looks.to(self.device), kept)
        loss = F.cross_entropy(scores.float().flatten(0, 1), tokens.flatten()) * CELLS
        return loss / torch.log(torch.tensor(2.0))

    def _kept(self, n: int, hidden: int, drop: float) -> Tensor:
        # One mask for all places of an icon: cheaper, and features go missing as wholes.
        kept = torch.rand((n, 1, hidden), generator=self.random) >= drop
        return kept.to(self.device) / (1 - drop)

    def _descend(self, name: str, loss: Tensor) -> None:
        optimiser = self.adam[name]
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.networks[name].parameters(), 1.0)
        optimiser.step()

    def settled(self) -> Autoencoder:
        """The averaged autoencoder, its norms measured anew for the averaged weights."""
        network = copy.deepcopy(self.smoothed["autoencoder"])
        assert isinstance(network, Autoencoder)
        random = torch.Generator().manual_seed(self.seed + 1)
        batches, size = CALIBRATION
        measure_norms(network)
        with torch.no_grad():
            for _ in range(batches):
                chosen = torch.randint(len(self.data), (size,), generator=random)
                network((self.data[chosen].float() / 127.5 - 1).to(self.device))
        return network.eval()

    def samples(self, n: int, which: str) -> NDArray[np.uint8]:
        """Icons of the averaged networks; copies of training icons while there is no prior.

        Returns:
            (n, 32, 32, 4) uint8, ink on nothing.
        """
        network, prior = self.settled(), self.smoothed["prior"]
        random = torch.Generator().manual_seed(9)
        chosen = torch.randint(len(self.data), (n,), generator=random)
        if self.step <= self.recipe.first:
            with torch.no_grad():
                x = self.data[chosen].float().to(self.device) / 127.5 - 1
                return to_ink(network(x))
        tokens = torch.zeros((n, CELLS), dtype=torch.long, device=self.device)
        looks = self.classes[chosen].to(self.device)
        with torch.no_grad():
            for t in range(CELLS):
                shares = prior(tokens, looks)[:, t].softmax(-1).cpu()
                drawn = torch.multinomial(shares, 1, generator=random)[:, 0]
                tokens[:, t] = drawn.to(self.device)
            return to_ink(network.decoder(codes_of(tokens, self.recipe.shape)))

    def encode(self, pictures: Tensor) -> Tensor:
        """Codes of (n, 1, 32, 32) uint8 pictures by the averaged autoencoder, (n, 64)."""
        network = self.settled()
        with torch.no_grad():
            parts = (p.float().to(self.device) / 127.5 - 1 for p in torch.split(pictures, 128))
            return torch.cat([network.tokens(p).cpu() for p in parts])

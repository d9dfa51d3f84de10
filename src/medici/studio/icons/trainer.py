"""Icon training runs: networks, optimisers, averages and random state, and their one step.

Two bodies with the same face: `Codes` learns discrete codes and then a prior over them, `Gan` the
adversarial way. A snapshot holds everything, so a run that was stopped and resumed gives the same
weights as one that was not.
"""

from __future__ import annotations

import copy
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from medici.errors import BadWeights
from medici.studio.icons.data import as_drawn
from medici.studio.icons.networks import CELLS, Autoencoder, Drawer, Judge, Prior, Shape, codes_of
from medici.studio.training.precision import Precision
from medici.studio.training.snapshots import (
    load_optimiser,
    optimiser_tensors,
    read_snapshot,
    refuse_other,
    under,
    write_snapshot,
)
from medici.studio.training.trainee import NotFinite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from medici.studio.icons.data import IconSet

SCHEMA = "medici/icons-snapshot/1"
_CALIBRATION = (16, 128)  # batches, samples in each


@dataclass(frozen=True, slots=True)
class Recipe:
    """How icon networks are trained.

    Attributes:
        body: ``codes`` or ``gan``.
        batch: icons a step.
        rate: Adam's learning rate of the autoencoder and of both GAN networks.
        prior_rate: of the prior.
        average: decay a step of the running average of weights.
        first: steps of the autoencoder, before the prior's begin.
        drop: share of the prior's hidden numbers set to 0 in training.
        decay: weight decay of the prior.
        gamma: weight of the GAN's R1 penalty.
        lazy: the penalty is taken every so many steps, and weighted by as much.
        precision: as `medici.studio.training.precision.Precision` takes it.
    """

    body: str = "codes"
    batch: int = 64
    rate: float = 1e-3
    prior_rate: float = 1e-3
    average: float = 0.995
    first: int = 400
    drop: float = 0.15
    decay: float = 0.02
    gamma: float = 6.0
    lazy: int = 8
    precision: str = "auto"
    shape: Shape = field(default_factory=Shape)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "shape": self.shape.as_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """Read what `as_json` wrote."""
        return cls(**{**data, "shape": Shape.from_json(data["shape"])})


class Trainer:
    """What both bodies share: data, random state, averages, snapshots.

    Args:
        data: the training icons.
        recipe: sizes and rates.
        seed: of weights, noise and the order of icons.
        device: where it computes.
    """

    networks: dict[str, nn.Module]
    smoothed: dict[str, nn.Module]
    optimisers: dict[str, torch.optim.Optimizer]

    def __init__(self, data: IconSet, recipe: Recipe, seed: int, device: torch.device) -> None:
        self.recipe, self.seed, self.device = recipe, seed, device
        self.data = torch.from_numpy(data.pixels)[:, None]
        self.classes = torch.from_numpy(data.classes)
        self.mirror = torch.from_numpy(data.mirror)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.networks = self.build()
        for network in self.networks.values():
            network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.smoothed = {n: copy.deepcopy(self.networks[n]) for n in self.smoothed_names()}
        self.averages: Sequence[str] = (str(recipe.average),)
        self.optimisers = self.build_optimisers()
        self.random = torch.Generator().manual_seed(seed)
        self.precision = Precision(recipe.precision, device)
        self.step, self.batch, self.rate = 0, recipe.batch, recipe.rate
        self.spent = {"cpu_seconds": 0.0, "wall_seconds": 0.0, "recoveries": 0.0}

    def build(self) -> dict[str, nn.Module]:
        """The networks by name."""
        raise NotImplementedError

    def smoothed_names(self) -> tuple[str, ...]:
        """Networks of which an average is kept."""
        raise NotImplementedError

    def build_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimisers by name."""
        raise NotImplementedError

    def update(self) -> dict[str, float]:
        """Change the networks once; the losses."""
        raise NotImplementedError

    def advance(self) -> dict[str, float]:
        """One step.

        Raises:
            NotFinite: a loss is not a finite number; the state is then to be thrown away.
        """
        told = self.update()
        if not all(abs(v) < float("inf") for v in told.values()):
            raise NotFinite(f"step {self.step}: {told}")
        self.step += 1
        return told

    def follow(self, name: str, step: int) -> None:
        """Move an average towards its network; quickly at first."""
        decay = min(self.recipe.average, (1 + step) / (10 + step))
        with torch.no_grad():
            old: list[Tensor] = [*self.smoothed[name].parameters()]
            new: list[Tensor] = [*self.networks[name].parameters()]
            torch._foreach_lerp_(old, new, 1 - decay)

    def draw(self, n: int) -> tuple[Tensor, Tensor]:
        """Icons at random, some mirrored, and their looks: (n, 1, 32, 32) in [-1, 1], (n,)."""
        chosen = torch.randint(len(self.data), (n,), generator=self.random)
        x = self.data[chosen].float() / 127.5 - 1
        flip = self.mirror[chosen] & (torch.rand(n, generator=self.random) < 0.5)
        x = torch.where(flip[:, None, None, None], x.flip(3), x)
        x = x.to(self.device, memory_format=torch.channels_last)
        return x, self.classes[chosen].to(self.device)

    def slow_down(self, rate: float) -> None:
        """Set the learning rate; the others keep their ratio to it."""
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] *= rate / self.rate
        self.rate = rate

    def reseed(self, salt: int) -> None:
        """Draw other icons and noise from here on."""
        self.random.manual_seed(self.seed + 1000 + salt)

    def resize(self, batch: int) -> None:
        """Take so many icons a step from here on; whole groups of the judge."""
        self.batch = max(batch // Judge.group, 1) * Judge.group

    def save(self, path: Path) -> None:
        """Write everything, atomically: a killed process leaves the old snapshot or the new.

        Raises:
            MissingPart: the disk is full.
        """
        tensors: dict[str, Tensor] = {"random": self.random.get_state()}
        for kind, group in (("network", self.networks), ("average", self.smoothed)):
            for name, network in group.items():
                tensors |= {f"{kind}.{name}.{k}": v for k, v in network.state_dict().items()}
        for name, optimiser in self.optimisers.items():
            tensors |= {f"adam.{name}.{k}": v for k, v in optimiser_tensors(optimiser).items()}
        about = {
            "schema": SCHEMA,
            "recipe": self.recipe.as_json(),
            "seed": self.seed,
            "step": self.step,
            "rate": self.rate,
            "batch": self.batch,
            "spent": self.spent,
        }
        write_snapshot(path, about, tensors)

    def keep(self, path: Path, which: str) -> None:
        """Write the state as something that can be exported; there is one average."""
        self.save(path)

    def load(self, path: Path) -> None:
        """Continue from a snapshot.

        Raises:
            BadWeights: damaged, or of other networks.
        """
        about, tensors = read_snapshot(path, SCHEMA)
        refuse_other(path, self.recipe.as_json(), about["recipe"])
        try:
            for kind, group in (("network", self.networks), ("average", self.smoothed)):
                for name, network in group.items():
                    network.load_state_dict(under(tensors, f"{kind}.{name}."))
            for name, optimiser in self.optimisers.items():
                load_optimiser(optimiser, under(tensors, f"adam.{name}."))
            self.random.set_state(tensors["random"])
            self.slow_down(float(about["rate"]))
            self.batch, self.step = int(about["batch"]), int(about["step"])
            self.seed, self.spent = int(about["seed"]), dict(about["spent"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise BadWeights(f"{path} is not a snapshot of this architecture: {error}") from error


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
        if self.step < self.recipe.first:
            return self._copy()
        return self._predict()

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
        optimiser = self.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.networks[name].parameters(), 1.0)
        optimiser.step()

    def settled(self) -> Autoencoder:
        """The averaged autoencoder, its norms measured anew for the averaged weights."""
        network = copy.deepcopy(self.smoothed["autoencoder"])
        assert isinstance(network, Autoencoder)
        random = torch.Generator().manual_seed(self.seed + 1)
        batches, size = _CALIBRATION
        _measure_norms(network)
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
        self.optimisers["judge"].zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        self.optimisers["judge"].step()
        judge.requires_grad_(False)
        z, others = self.latents(self.batch, self.random)
        with self.precision.cast():
            fooled = F.softplus(-judge(drawer(z), others).float()).mean()
        self.optimisers["drawer"].zero_grad(set_to_none=True)
        torch.autograd.backward(fooled)
        self.optimisers["drawer"].step()
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
        batches, size = _CALIBRATION
        _measure_norms(network)
        with torch.no_grad():
            for _ in range(batches):
                network(self.latents(size, random)[0])
        return network.eval()


def to_ink(seen: Tensor) -> NDArray[np.uint8]:
    """Pictures in [-1, 1], (n, 1, h, w), as ink on nothing, (n, h, w, 4) uint8."""
    grey = ((seen[:, 0] + 1) * 127.5).round().clamp(0, 255).byte().cpu().numpy()
    return as_drawn(np.asarray(grey))


def _measure_norms(network: nn.Module) -> None:
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # a plain mean over the calibration batches


def trainer(data: IconSet, recipe: Recipe, seed: int, device: torch.device) -> Codes | Gan:
    """The trainer of a recipe's body."""
    return (Codes if recipe.body == "codes" else Gan)(data, recipe, seed, device)

"""What both bodies of icon models share in training: data, random state, averages, snapshots.

The bodies are `medici.studio.icons.codes` and `medici.studio.icons.gan`. A snapshot holds
everything, so a run that was stopped and resumed gives the same weights as one that was not.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from medici.studio.icons.data import as_drawn
from medici.studio.icons.networks import Judge, Shape
from medici.studio.training.precision import Precision
from medici.studio.training.snapshots import (
    fitting,
    load_optimiser,
    optimiser_tensors,
    read_snapshot,
    refuse_other,
    under,
    write_snapshot,
)
from medici.studio.training.state import State
from medici.studio.training.trainee import NotFinite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from medici.studio.icons.data import IconSet

SCHEMA = "medici/icons-snapshot/1"
CALIBRATION = (16, 128)  # batches, samples in each


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


class Trainer(State, ABC):
    """What both bodies share: data, averages, snapshots.

    Args:
        data: the training icons.
        recipe: sizes and rates.
        seed: of weights, noise and the order of icons.
        device: where it computes.
    """

    networks: dict[str, nn.Module]
    smoothed: dict[str, nn.Module]
    adam: dict[str, torch.optim.Optimizer]

    def __init__(self, data: IconSet, recipe: Recipe, seed: int, device: torch.device) -> None:
        super().__init__(seed, recipe.rate, recipe.batch)
        self.recipe, self.device = recipe, device
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
        self.adam = self.build_optimisers()
        self.precision = Precision(recipe.precision, device)

    @abstractmethod
    def build(self) -> dict[str, nn.Module]:
        """The networks by name."""

    @abstractmethod
    def smoothed_names(self) -> tuple[str, ...]:
        """Networks of which an average is kept."""

    @abstractmethod
    def build_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimisers by name."""

    @abstractmethod
    def update(self) -> dict[str, float]:
        """Change the networks once; the losses."""

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
        for optimiser in self.adam.values():
            for group in optimiser.param_groups:
                group["lr"] *= rate / self.rate
        self.rate = rate

    def resize(self, batch: int) -> None:
        """Take so many icons a step from here on; whole groups of the judge."""
        self.batch = max(batch // Judge.group, 1) * Judge.group

    def save(self, path: Path) -> None:
        """Write everything, atomically: a killed process leaves the old snapshot or the new.

        Raises:
            MissingPart: the disk is full.
        """
        tensors = self.random_states()
        for kind, group in (("network", self.networks), ("average", self.smoothed)):
            for name, network in group.items():
                tensors |= {f"{kind}.{name}.{k}": v for k, v in network.state_dict().items()}
        for name, optimiser in self.adam.items():
            tensors |= {f"adam.{name}.{k}": v for k, v in optimiser_tensors(optimiser).items()}
        about = {"schema": SCHEMA, "recipe": self.recipe.as_json(), **self.state()}
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
        refuse_other(path, _fixed(self.recipe.as_json()), _fixed(about["recipe"]))
        with fitting(path):
            for kind, group in (("network", self.networks), ("average", self.smoothed)):
                for name, network in group.items():
                    network.load_state_dict(under(tensors, f"{kind}.{name}."))
            for name, optimiser in self.adam.items():
                load_optimiser(optimiser, under(tensors, f"adam.{name}."))
            self.restore(about, tensors)


def _fixed(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What may not change between two calls of a run, as rates may."""
    return {**recipe["shape"], **{k: recipe[k] for k in ("body", "first", "batch")}}


def to_ink(seen: Tensor) -> NDArray[np.uint8]:
    """Pictures in [-1, 1], (n, 1, h, w), as ink on nothing, (n, h, w, 4) uint8."""
    grey = ((seen[:, 0] + 1) * 127.5).round().clamp(0, 255).byte().cpu().numpy()
    return as_drawn(np.asarray(grey))


def measure_norms(network: nn.Module) -> None:
    """Set batch norms to take plain means over the batches that follow."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # a plain mean over the calibration batches

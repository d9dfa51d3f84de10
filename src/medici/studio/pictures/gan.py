"""One GAN training run: networks, optimisers, averages, random state; and how it is put on disk.

A snapshot holds everything, so a run that was stopped and resumed gives the same weights as one
that was not. Snapshots are safetensors: nothing of ours is ever unpickled.
"""

from __future__ import annotations

import copy
import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from medici.errors import BadWeights
from medici.studio.data.folder import common_colours
from medici.studio.pictures.networks import Discriminator, Generator, Shape, as_seen, draw_latents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from medici.studio.data.folder import PictureSet

_CALIBRATION = (16, 256)  # batches, latents in each


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the networks are trained.

    Attributes:
        batch: pictures a step.
        rate: Adam's learning rate, both networks.
        gamma: weight of the R1 penalty; constant, since decay hurt in trials.
        lazy: the penalty is taken every so many steps, and weighted by as much.
        averages: decay a step of each running average of the generator's weights.
        colours: most colours of the palette that slots snap to.
    """

    batch: int = 64
    rate: float = 5e-4
    gamma: float = 5.0
    lazy: int = 8
    averages: tuple[float, ...] = (0.998, 0.9995)
    colours: int = 128
    shape: Shape = field(default_factory=Shape)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **asdict(self),
            "averages": list(self.averages),
            "shape": self.shape.as_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """Read what `as_json` wrote."""
        fields = dict(data)
        fields["averages"] = tuple(fields["averages"])
        fields["shape"] = Shape.from_json(fields["shape"])
        return cls(**fields)


class NotFinite(ArithmeticError):
    """A loss became infinite or not a number."""


class Trainer:
    """The state of a run and its one operation, `advance`.

    Args:
        data: the training pictures.
        recipe: sizes and rates.
        seed: of weights, latents and order of pictures.
        device: where it computes.
    """

    def __init__(self, data: PictureSet, recipe: Recipe, seed: int, device: torch.device) -> None:
        self.recipe, self.seed, self.device = recipe, seed, device
        self.transparent = data.transparent
        self.data = as_seen(torch.from_numpy(data.pixels), transparent=self.transparent)
        palette = torch.from_numpy(common_colours(data.pixels, recipe.colours).copy())
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator = Generator(recipe.shape, palette, transparent=self.transparent)
            self.discriminator = Discriminator(recipe.shape, 3 + self.transparent)
        # Channels last: a seventh faster on CPUs.
        for network in (self.generator, self.discriminator):
            network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.data = self.data.to(memory_format=torch.channels_last)
        self.averages = [
            [p.detach().clone() for p in self.generator.parameters()] for _ in recipe.averages
        ]
        self.optimisers = [
            torch.optim.Adam(n.parameters(), recipe.rate, (0.0, 0.99))
            for n in (self.generator, self.discriminator)
        ]
        self.random = torch.Generator().manual_seed(seed)
        self.rate = recipe.rate
        self.step = 0
        self.spent: dict[str, float] = {"cpu_seconds": 0.0, "wall_seconds": 0.0, "recoveries": 0.0}

    def slow_down(self, rate: float) -> None:
        """Set the learning rate of both optimisers."""
        self.rate = rate
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate

    def advance(self) -> dict[str, float]:
        """One step of both networks.

        Returns:
            mean losses and scores of this step.

        Raises:
            NotFinite: a loss is not a finite number; the state is then to be thrown away.
        """
        told = self._judge() | self._create()
        if not all(abs(v) < float("inf") for v in told.values()):
            raise NotFinite(f"step {self.step}: {told}")
        with torch.no_grad():
            current = [p.detach() for p in self.generator.parameters()]
            for decay, average in zip(self.recipe.averages, self.averages, strict=True):
                # A short average at first: early weights are not worth remembering.
                early = min(decay, (1 + self.step) / (4 + self.step))
                torch._foreach_lerp_(average, current, 1 - early)
        self.step += 1
        return told

    def _latents(self) -> Tensor:
        return draw_latents(self.recipe.batch, self.recipe.shape, self.random, self.device)

    def _judge(self) -> dict[str, float]:
        """Discriminator: logistic loss, lazy R1. Source: Mescheder et al. 2018; Karras 2020."""
        recipe, judge = self.recipe, self.discriminator
        chosen = torch.randint(len(self.data), (recipe.batch,), generator=self.random)
        real = self.data[chosen].to(self.device)
        with torch.no_grad():
            made = self.generator(self._latents())
        if self.step % recipe.lazy:
            on_real, on_made = judge(torch.cat([real, made])).chunk(2)
        else:
            real.requires_grad_(True)
            on_real, on_made = judge(real), judge(made)
        loss = F.softplus(-on_real).mean() + F.softplus(on_made).mean()
        total = loss
        if self.step % recipe.lazy == 0:
            (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
            penalty = slope.square().sum((1, 2, 3)).mean()
            total = loss + recipe.gamma / 2 * recipe.lazy * penalty
        self.optimisers[1].zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        self.optimisers[1].step()
        return {
            "discriminator_gradient": _gradient(judge),
            "discriminator_loss": float(loss.detach()),
            "score_real": float(on_real.detach().mean()),
            "score_made": float(on_made.detach().mean()),
        }

    def _create(self) -> dict[str, float]:
        """Generator: non-saturating loss. Source: Goodfellow et al. 2014."""
        self.discriminator.requires_grad_(False)
        loss = F.softplus(-self.discriminator(self.generator(self._latents()))).mean()
        self.optimisers[0].zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.optimisers[0].step()
        self.discriminator.requires_grad_(True)
        return {
            "generator_loss": float(loss.detach()),
            "generator_gradient": _gradient(self.generator),
        }

    def averaged(self, which: int) -> Generator:
        """The generator with averaged weights, its norms measured anew for those weights.

        Batch statistics of the live weights do not fit averaged ones: without this the average
        gets worse the longer it is.
        """
        network = copy.deepcopy(self.generator)
        random = torch.Generator().manual_seed(self.seed + 1)
        with torch.no_grad():
            for p, average in zip(network.parameters(), self.averages[which], strict=True):
                p.copy_(average)
            for module in network.modules():
                if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                    module.reset_running_stats()
                    module.momentum = None  # a plain mean over the calibration batches
            batches, size = _CALIBRATION
            for _ in range(batches):
                network.parts(draw_latents(size, self.recipe.shape, random, self.device))
        return network.eval()

    def save(self, path: Path) -> None:
        """Write everything, atomically: a killed process leaves the old snapshot or the new."""
        tensors: dict[str, Tensor] = {"random": self.random.get_state()}
        for name, network in (("g", self.generator), ("d", self.discriminator)):
            tensors |= {f"{name}.{k}": v for k, v in network.state_dict().items()}
        for i, average in enumerate(self.averages):
            tensors |= {f"average{i}.{j}": v for j, v in enumerate(average)}
        for i, optimiser in enumerate(self.optimisers):
            for j, state in optimiser.state_dict()["state"].items():
                tensors |= {f"adam{i}.{j}.{k}": v for k, v in state.items()}
        about = {
            "schema": "medici/snapshot/1",
            "recipe": self.recipe.as_json(),
            "transparent": self.transparent,
            "seed": self.seed,
            "step": self.step,
            "rate": self.rate,
            "spent": self.spent,
        }
        part = path.with_suffix(".part")
        save_file(
            {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()},
            part,
            metadata={"medici": json.dumps(about)},
        )
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)

    def load(self, path: Path) -> None:
        """Continue from a snapshot.

        Raises:
            BadWeights: damaged, or of another architecture; the message says what differs.
        """
        about, tensors = read_snapshot(path)
        mine, theirs = self.recipe.shape.as_json(), about["recipe"]["shape"]
        different = sorted(k for k in mine if mine[k] != theirs.get(k))
        if different or about["transparent"] != self.transparent:
            raise BadWeights(
                f"{path} was trained with another {', '.join(different) or 'kind of ground'}",
                "resume with the same settings, or train into a new folder",
            )
        try:
            for name, network in (("g", self.generator), ("d", self.discriminator)):
                network.load_state_dict(_under(tensors, f"{name}."))
            for i, average in enumerate(self.averages):
                for j in range(len(average)):
                    average[j] = tensors[f"average{i}.{j}"].to(self.device)
            for i, optimiser in enumerate(self.optimisers):
                # From nothing: what a broken run left in the optimiser must not survive.
                state = {**optimiser.state_dict(), "state": {}}
                for key, value in _under(tensors, f"adam{i}.").items():
                    parameter, _, field_name = key.partition(".")
                    state["state"].setdefault(int(parameter), {})[field_name] = value
                optimiser.load_state_dict(state)
            self.random.set_state(tensors["random"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise BadWeights(f"{path} is not a snapshot of this architecture: {error}") from error
        self.slow_down(float(about["rate"]))
        self.step, self.seed = int(about["step"]), int(about["seed"])
        self.spent = dict(about["spent"])


def _gradient(network: torch.nn.Module) -> float:
    """Norm of the gradient. Hard masks hide broken weights from the losses, but not from this."""
    return float(
        torch.nn.utils.get_total_norm([p.grad for p in network.parameters() if p.grad is not None])
    )


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def read_snapshot(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What a snapshot says of itself, and its tensors.

    Raises:
        BadWeights: not a snapshot of ours.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["medici"])
            return about, {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise BadWeights(
            f"{path} is not a training snapshot: {error}", "train without --resume to start anew"
        ) from error


def load_trained(path: Path) -> tuple[Generator, dict[str, Any]]:
    """A generator as training kept it, and what is known of its training.

    Raises:
        BadWeights: not such a file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["medici"])
            state = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
        shape = Shape.from_json(about["recipe"]["shape"])
        palette = ((state["palette"] + 1) * 127.5).round()
        network = Generator(shape, palette, transparent=bool(about["transparent"]))
        network.load_state_dict(state)
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise BadWeights(f"{path} is not a trained generator: {error}") from error
    return network.eval(), about

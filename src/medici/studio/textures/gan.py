"""One texture training run: networks, optimisers, average, random state; and how it is kept.

A snapshot holds everything, so a run that was stopped and resumed gives the same weights as one
that was not. Snapshots are safetensors: nothing of ours is ever unpickled.
"""

from __future__ import annotations

import copy
import json
import math
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from medici.errors import BadWeights
from medici.studio.textures.networks import Discriminator, Generator, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from medici.studio.textures.data import MaterialSet

    Waves = Sequence[Sequence[tuple[float, float]]]

_CALIBRATION = (16, 8)  # batches, textures of each material in them


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the networks are trained.

    Attributes:
        batch: crops of each material in a step.
        side: pixels a side of a crop.
        rate: Adam's learning rate, both networks.
        gamma: weight of the R1 penalty, on the scores summed over patches.
        lazy: the penalty is taken every so many steps, and weighted by as much.
        average: decay a step of the running average of the generator's weights.
        half: compute in bfloat16 where autocast does; twice as fast on CPUs that have it.
        flip: mirror crops at random.
    """

    batch: int = 4
    side: int = 72
    rate: float = 4e-4
    gamma: float = 0.1
    lazy: int = 8
    average: float = 0.998
    half: bool = True
    flip: bool = True

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


class NotFinite(ArithmeticError):
    """A loss became infinite or not a number."""


def draw_grid(
    material: Tensor, cells: int, shape: Shape, waves: Waves, random: torch.Generator
) -> Tensor:
    """Latent grids as the exact expansion draws them, somewhere in an endless texture.

    Args:
        material: (n,) classes.
        cells: a side.
        shape: sizes.
        waves: wave vectors of each material, cycles a pixel.
        random: where the numbers come from.

    Returns:
        (n, shape.inputs, cells, cells) float32.
    """
    n = len(material)
    local = torch.randn(n, shape.local, cells, cells, generator=random)
    shared = torch.randn(n, shape.shared, 1, 1, generator=random).expand(-1, -1, cells, cells)
    phases = torch.rand(n, shape.waves, generator=random)
    at = torch.arange(cells) * float(shape.cell)
    turning = torch.zeros(n, 2 * shape.waves, cells, cells)
    for i, m in enumerate(material.tolist()):
        for k, (down, across) in enumerate(waves[m]):
            angle = 2 * math.pi * (down * at[:, None] + across * at + phases[i, k])
            turning[i, 2 * k], turning[i, 2 * k + 1] = angle.cos(), angle.sin()
    kind = F.one_hot(material, shape.materials).float()[:, :, None, None]
    return torch.cat([local, shared, turning, kind.expand(-1, -1, cells, cells)], 1)


class Trainer:
    """The state of a run and its one operation, `advance`.

    Args:
        data: the materials.
        shape: sizes of the networks.
        recipe: rates.
        seed: of weights, latents and crops.
        device: where it computes.
    """

    def __init__(
        self, data: MaterialSet, shape: Shape, recipe: Recipe, seed: int, device: torch.device
    ) -> None:
        self.data, self.shape, self.recipe, self.seed = data, shape, recipe, seed
        self.device = device
        self.waves = [m.waves[: shape.waves] for m in data.materials]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator = Generator(shape)
            self.discriminator = Discriminator(shape)
        # Channels last: faster on CPUs.
        for network in (self.generator, self.discriminator):
            network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = [p.detach().clone() for p in self.generator.parameters()]
        self.optimisers = [
            torch.optim.Adam(n.parameters(), recipe.rate, (0.0, 0.99))
            for n in (self.generator, self.discriminator)
        ]
        self.random = torch.Generator().manual_seed(seed)
        self.material = torch.arange(shape.materials).repeat_interleave(recipe.batch)
        self.rate = recipe.rate
        self.step = 0
        self.spent: dict[str, float] = {"cpu_seconds": 0.0, "wall_seconds": 0.0, "recoveries": 0.0}

    def start_from(self, path: Path) -> int:
        """Take over whatever fits from another run's snapshot: fine-tuning on other materials.

        Returns:
            how many tensors were taken.

        Raises:
            BadWeights: no snapshot, or nothing in it fits.
        """
        _, tensors = read_snapshot(path)
        taken = 0
        with torch.no_grad():
            for name, network in (("g", self.generator), ("d", self.discriminator)):
                for key, mine in network.state_dict().items():
                    theirs = tensors.get(f"{name}.{key}")
                    if theirs is not None and theirs.shape == mine.shape:
                        mine.copy_(theirs)
                        taken += 1
        if not taken:
            raise BadWeights(f"nothing in {path} fits this architecture")
        self.average = [p.detach().clone() for p in self.generator.parameters()]
        return taken

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
            # A short average at first: early weights are not worth remembering.
            early = min(self.recipe.average, (1 + self.step) / (4 + self.step))
            torch._foreach_lerp_(self.average, current, 1 - early)
        self.step += 1
        return told

    def real(self) -> Tensor:
        """Crops of every material, (materials · batch, planes, side, side) in [-1, 1]."""
        seed = int(torch.randint(2**62, (1,), generator=self.random))
        random = np.random.default_rng(seed)
        side, flip = self.recipe.side, self.recipe.flip
        crops = [self.data.crop(m, side, random, flip=flip) for m in self.material.tolist()]
        x = torch.from_numpy(np.stack(crops)).movedim(3, 1).float() / 127.5 - 1
        return x.to(self.device).contiguous(memory_format=torch.channels_last)

    def made(self) -> Tensor:
        """Crops of the generator's textures, as many and as large as the real ones."""
        side = self.recipe.side
        cells = self.shape.grid_for(side)
        grid = draw_grid(self.material, cells, self.shape, self.waves, self.random)
        with self._cast():
            # The inside of a larger grid: nothing here has ever seen an edge.
            x: Tensor = self.generator(grid.to(self.device))
        return x[:, :, :side, :side].float()

    def _cast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.half)

    def _scores(self, pictures: Tensor, *, exactly: bool = False) -> Tensor:
        times = len(pictures) // len(self.material)
        material = self.material.repeat(times).to(self.device)
        if exactly:
            scores: Tensor = self.discriminator(pictures, material)
            return scores
        with self._cast():
            scores = self.discriminator(pictures, material)
        return scores.float()

    def _judge(self) -> dict[str, float]:
        """Discriminator: logistic loss, lazy R1. Source: Mescheder et al. 2018; Karras 2020."""
        recipe = self.recipe
        real = self.real()
        with torch.no_grad():
            made = self.made()
        penalised = self.step % recipe.lazy == 0
        if penalised:
            real.requires_grad_(True)
            on_real, on_made = self._scores(real, exactly=True), self._scores(made)
        else:
            on_real, on_made = self._scores(torch.cat([real, made])).chunk(2)
        loss = F.softplus(-on_real).mean() + F.softplus(on_made).mean()
        total = loss
        if penalised:
            (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
            penalty = slope.square().sum() / on_real.numel()
            total = loss + recipe.gamma / 2 * recipe.lazy * penalty
        self.optimisers[1].zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        self.optimisers[1].step()
        return {
            "discriminator_loss": float(loss.detach()),
            "score_real": float(on_real.detach().mean()),
            "score_made": float(on_made.detach().mean()),
            "discriminator_gradient": _gradient(self.discriminator),
        }

    def _create(self) -> dict[str, float]:
        """Generator: non-saturating loss. Source: Goodfellow et al. 2014."""
        self.discriminator.requires_grad_(False)
        loss = F.softplus(-self._scores(self.made())).mean()
        self.optimisers[0].zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.optimisers[0].step()
        self.discriminator.requires_grad_(True)
        return {
            "generator_loss": float(loss.detach()),
            "generator_gradient": _gradient(self.generator),
        }

    def averaged(self) -> Generator:
        """The generator with averaged weights, its norms measured anew for those weights.

        Batch statistics of the live weights do not fit averaged ones.
        """
        network = copy.deepcopy(self.generator)
        random = torch.Generator().manual_seed(self.seed + 1)
        batches, size = _CALIBRATION
        material = torch.arange(self.shape.materials).repeat_interleave(size)
        cells = self.shape.grid_for(64)
        with torch.no_grad():
            for p, average in zip(network.parameters(), self.average, strict=True):
                p.copy_(average)
            for norm in network.norms:
                assert isinstance(norm, torch.nn.BatchNorm2d)
                norm.reset_running_stats()
                norm.momentum = None  # a plain mean over the calibration batches
            for _ in range(batches):
                grid = draw_grid(material, cells, self.shape, self.waves, random)
                network(grid.to(self.device))
        return network.eval()

    def save(self, path: Path) -> None:
        """Write everything, atomically: a killed process leaves the old snapshot or the new."""
        tensors: dict[str, Tensor] = {"random": self.random.get_state()}
        for name, network in (("g", self.generator), ("d", self.discriminator)):
            tensors |= {f"{name}.{k}": v for k, v in network.state_dict().items()}
        tensors |= {f"average.{j}": v for j, v in enumerate(self.average)}
        for i, optimiser in enumerate(self.optimisers):
            for j, state in optimiser.state_dict()["state"].items():
                tensors |= {f"adam{i}.{j}.{k}": v for k, v in state.items()}
        about = {
            "schema": "medici/texture-snapshot/1",
            "shape": self.shape.as_json(),
            "recipe": self.recipe.as_json(),
            "materials": self.data.names,
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
        mine, theirs = self.shape.as_json(), about["shape"]
        different = sorted(k for k in mine if mine[k] != theirs.get(k))
        if tuple(about["materials"]) != self.data.names:
            different.append("set of materials")
        if different:
            raise BadWeights(
                f"{path} was trained with another {', '.join(different)}",
                "resume with the same settings and data, or train into a new folder",
            )
        try:
            for name, network in (("g", self.generator), ("d", self.discriminator)):
                network.load_state_dict(_under(tensors, f"{name}."))
            self.average = [
                tensors[f"average.{j}"].to(self.device) for j in range(len(self.average))
            ]
            for i, optimiser in enumerate(self.optimisers):
                # From nothing: what a broken run left in the optimiser must not survive.
                state: dict[str, Any] = {**optimiser.state_dict(), "state": {}}
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
            if about.get("schema") != "medici/texture-snapshot/1":
                raise ValueError(f"schema {about.get('schema')!r}")
            return about, {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError, AttributeError) as error:
        raise BadWeights(
            f"{path} is not a training snapshot: {error}", "train without --resume to start anew"
        ) from error

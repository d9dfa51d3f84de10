"""One texture training run: networks, optimisers, average, random state.

A `medici.studio.training.trainee.Trainee`: budget, snapshots on time, trackers and recovery are the
training room's. A snapshot holds everything, so a run that was stopped and resumed gives the same
weights as one that was not.
"""

from __future__ import annotations

import copy
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from medici.errors import BadWeights
from medici.studio.textures.networks import Discriminator, Generator, Shape
from medici.studio.training import snapshots
from medici.studio.training.averages import Averages
from medici.studio.training.state import State
from medici.studio.training.trainee import NotFinite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from medici.studio.textures.data import MaterialSet

    Waves = Sequence[Sequence[tuple[float, float]]]

SCHEMA = "medici/texture-snapshot/1"
TRAINED = "medici/texture-trained/1"
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


class Trainer(State):
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
        super().__init__(seed, recipe.rate, recipe.batch * shape.materials)
        self.data, self.shape, self.recipe, self.device = data, shape, recipe, device
        self.waves = [m.waves[: shape.waves] for m in data.materials]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator = Generator(shape)
            self.discriminator = Discriminator(shape)
        # Channels last: faster on CPUs.
        for network in (self.generator, self.discriminator):
            network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = Averages(self.generator, (recipe.average,))
        self.averages: Sequence[str] = self.weights.names
        self.optimisers = [
            torch.optim.Adam(n.parameters(), recipe.rate, (0.0, 0.99))
            for n in (self.generator, self.discriminator)
        ]
        self.resize(self.batch)

    def start_from(self, path: Path) -> int:
        """Take over whatever fits from another run's snapshot: fine-tuning on other materials.

        Returns:
            how many tensors were taken.

        Raises:
            BadWeights: no snapshot, or nothing in it fits.
        """
        _, tensors = snapshots.read_snapshot(path, SCHEMA)
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
        self.weights.restart(self.generator)
        return taken

    def resize(self, batch: int) -> None:
        """Take about so many crops a step, as many of each material."""
        each = max(1, batch // self.shape.materials)
        self.material = torch.arange(self.shape.materials).repeat_interleave(each)
        self.batch = len(self.material)

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
        self.weights.update(self.generator, self.step)
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
        self.weights.copy_to(network, self.averages[-1])
        random = torch.Generator().manual_seed(self.seed + 1)
        batches, size = _CALIBRATION
        material = torch.arange(self.shape.materials).repeat_interleave(size)
        cells = self.shape.grid_for(64)
        with torch.no_grad():
            for norm in network.norms:
                assert isinstance(norm, torch.nn.BatchNorm2d)
                norm.reset_running_stats()
                norm.momentum = None  # a plain mean over the calibration batches
            for _ in range(batches):
                grid = draw_grid(material, cells, self.shape, self.waves, random)
                network(grid.to(self.device))
        return network.eval()

    def samples(self, n: int, which: str) -> NDArray[np.uint8]:
        """Textures of 16 × 16 cells that tile, the materials in turn, (n, h, w, 4) uint8."""
        network = self.averaged()
        random = torch.Generator().manual_seed(9)
        out = []
        with torch.no_grad():
            for i in range(n):
                material = torch.tensor([i % self.shape.materials])
                grid = draw_grid(material, 16, self.shape, self.waves, random).to(self.device)
                light = network(grid, wrap=True)[0].movedim(0, 2).clamp(-1, 1).cpu()
                pixels = ((light + 1) * 127.5).round().byte().expand(-1, -1, 3).numpy()
                out.append(np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)]))
        return np.stack(out)

    def keep(self, path: Path, which: str) -> None:
        """Write the averaged generator, as export takes it."""
        about = {"schema": TRAINED, **self._about()}
        snapshots.write_snapshot(path, about, self.averaged().state_dict(), "trained generator")

    def _about(self) -> dict[str, Any]:
        return {
            "shape": self.shape.as_json(),
            "recipe": self.recipe.as_json(),
            "materials": list(self.data.names),
            **self.state(),
        }

    def save(self, path: Path) -> None:
        """Write everything, atomically: a killed process leaves the old snapshot or the new.

        Raises:
            MissingPart: the disk is full.
        """
        tensors = self.random_states()
        for name, network in (("g", self.generator), ("d", self.discriminator)):
            tensors |= {f"{name}.{k}": v for k, v in network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.weights.tensors()}
        for i, optimiser in enumerate(self.optimisers):
            kept = snapshots.optimiser_tensors(optimiser)
            tensors |= {f"adam{i}.{k}": v for k, v in kept.items()}
        snapshots.write_snapshot(path, {"schema": SCHEMA, **self._about()}, tensors)

    def load(self, path: Path) -> None:
        """Continue from a snapshot.

        Raises:
            BadWeights: damaged, or of another architecture; the message says what differs.
        """
        about, tensors = snapshots.read_snapshot(path, SCHEMA)
        mine = {**self.shape.as_json(), "materials": list(self.data.names)}
        theirs = {**about["shape"], "materials": about["materials"]}
        snapshots.refuse_other(path, mine, theirs)
        with snapshots.fitting(path):
            for name, network in (("g", self.generator), ("d", self.discriminator)):
                network.load_state_dict(snapshots.under(tensors, f"{name}."))
            self.weights.load(snapshots.under(tensors, "average."))
            for i, optimiser in enumerate(self.optimisers):
                snapshots.load_optimiser(optimiser, snapshots.under(tensors, f"adam{i}."))
            self.restore(about, tensors)


def _gradient(network: torch.nn.Module) -> float:
    return float(
        torch.nn.utils.get_total_norm([p.grad for p in network.parameters() if p.grad is not None])
    )

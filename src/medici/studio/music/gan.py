"""The baseline: a convolutional GAN over four-voice piano rolls. Needs PyTorch.

Rolls are windows of 32 eighths; each voice takes one of 63 values a step by a softmax that is hard
in the forward pass and straight-through in the gradient. Shown in the same table as the chorale
network; nothing is exported from it.
"""

from __future__ import annotations

import copy
import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from medici.studio.music import metrics
from medici.studio.music.networks import features
from medici.studio.music.tokens import TURNS, VALUES, Plan, from_tokens, to_tokens
from medici.studio.training import snapshots
from medici.studio.training.averages import Averages
from medici.studio.training.layers import SLOPE
from medici.studio.training.state import State
from medici.studio.training.trainee import NotFinite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.music.score import Score
    from medici.studio.training.trainee import Trainee

SCHEMA = "medici/snapshot/music-gan/1"
TRAINED = "medici/trained/music-gan/1"
_FIRST = 8
_DEVIATIONS = 1e-8


@dataclass(frozen=True, slots=True)
class GanRecipe:
    """Sizes and rates.

    Attributes:
        latent: normals that a roll is made from.
        width: channels of the generator's last hidden layer and the discriminator's first.
        batch: rolls a step.
        rate: learning rate of both networks.
        gamma: weight of R1.
        lazy: R1 is taken every so many steps.
        average: decay of the generator's average.
    """

    latent: int = 64
    width: int = 96
    batch: int = 64
    rate: float = 5e-4
    gamma: float = 2.0
    lazy: int = 8
    average: float = 0.998


class Generator(nn.Module):
    """Latents to scores of rolls, (n, latent) → (n, 4, values, 32)."""

    def __init__(self, recipe: GanRecipe) -> None:
        super().__init__()
        w = recipe.width
        self.seed = nn.Linear(recipe.latent, 2 * w * _FIRST, bias=False)
        self.norm = nn.BatchNorm1d(2 * w)
        self.body = nn.Sequential(
            nn.LeakyReLU(SLOPE),
            nn.ConvTranspose1d(2 * w, 2 * w, 4, 2, 1, bias=False),
            nn.BatchNorm1d(2 * w),
            nn.LeakyReLU(SLOPE),
            nn.ConvTranspose1d(2 * w, 2 * w, 4, 2, 1, bias=False),
            nn.BatchNorm1d(2 * w),
            nn.LeakyReLU(SLOPE),
            nn.Conv1d(2 * w, TURNS * VALUES, 3, 1, 1),
        )

    def forward(self, z: Tensor) -> Tensor:
        """Scores, not yet normalised."""
        seeds = self.seed(z).reshape(len(z), -1, _FIRST)
        out: Tensor = self.body(self.norm(seeds))
        return out.reshape(len(z), TURNS, VALUES, metrics.WINDOW)


class Discriminator(nn.Module):
    """Rolls to one score each; sees pitches, pitch classes and holds. No norms."""

    features: Tensor

    def __init__(self, recipe: GanRecipe) -> None:
        super().__init__()
        w = recipe.width
        told = features()[:, :VALUES]
        self.register_buffer("features", told, persistent=False)
        self.body = nn.Sequential(
            nn.Conv1d(TURNS * told.shape[2], w, 3, 1, 1),
            nn.LeakyReLU(SLOPE),
            nn.Conv1d(w, w, 4, 2, 1),
            nn.LeakyReLU(SLOPE),
            nn.Conv1d(w, 2 * w, 4, 2, 1),
            nn.LeakyReLU(SLOPE),
            nn.Conv1d(2 * w, 2 * w, 4, 2, 1),
            nn.LeakyReLU(SLOPE),
        )
        for layer in self.body:
            if isinstance(layer, nn.Conv1d):
                # Without norms the default start would leave all rolls with nearly one score.
                nn.init.kaiming_normal_(layer.weight, SLOPE)
        self.last = nn.Linear(2 * w * (metrics.WINDOW // 8) + 1, 1)

    def forward(self, rolls: Tensor) -> Tensor:
        """(n, 4, values, 32) one-hot → (n,) scores."""
        seen = torch.einsum("ntvs,tvf->ntfs", rolls, self.features)
        x = self.body(seen.reshape(len(rolls), -1, rolls.shape[3])).reshape(len(rolls), -1)
        deviation = (x.var(0, unbiased=False) + _DEVIATIONS).sqrt().mean()
        told = torch.cat([x, deviation.expand(len(x), 1)], 1)
        out: Tensor = self.last(told)[:, 0]
        return out


def rolls_of(scores: Sequence[Score]) -> Tensor:
    """Windows of scores as value indices, (n, 4, 32) int64, tonic at C."""
    rows = []
    for score in scores:
        tonic, _ = score.key
        for piece in metrics.windows([score]):
            rows.append(to_tokens(piece, tonic).reshape(-1, TURNS).T)
    return torch.from_numpy(np.stack(rows))


class GanTrainer(State):
    """Both networks, their optimisers and all randomness, as the training room trains them.

    Args:
        scores: to learn from.
        recipe: sizes and rates.
        seed: of everything random.
        device: where it is trained.
        picture: draws works for the run's sheets, see `medici.studio.music.sheet`.
    """

    def __init__(
        self,
        scores: Sequence[Score],
        recipe: GanRecipe,
        seed: int = 0,
        device: torch.device | None = None,
        picture: Callable[[Sequence[Score]], NDArray[np.uint8]] | None = None,
    ) -> None:
        super().__init__(seed, recipe.rate, recipe.batch)
        self.recipe, self.picture = recipe, picture
        self.device = device or torch.device("cpu")
        self.rolls = rolls_of(scores)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator = Generator(recipe).to(self.device)
            self.discriminator = Discriminator(recipe).to(self.device)
        self._averages = Averages(self.generator, (recipe.average,))
        self.averages: Sequence[str] = self._averages.names
        self.optimisers = [
            torch.optim.Adam(network.parameters(), recipe.rate, betas=(0.0, 0.99))
            for network in (self.generator, self.discriminator)
        ]

    def advance(self) -> dict[str, float]:
        """One step of the discriminator, one of the generator.

        Raises:
            NotFinite: a loss is not finite.
        """
        losses = {"critic": self._judge(), "generator": self._create()}
        if not all(map(math.isfinite, losses.values())):
            raise NotFinite(f"losses {losses} at step {self.step}")
        self._averages.update(self.generator, self.step)
        self.step += 1
        return losses

    def _made(self) -> Tensor:
        z = torch.randn(self.batch, self.recipe.latent, generator=self.random).to(self.device)
        soft = self.generator(z).softmax(2)
        hard = F.one_hot(soft.argmax(2), VALUES).movedim(3, 2).float()
        straight: Tensor = hard + soft - soft.detach()
        return straight

    def _judge(self) -> float:
        which = torch.randint(len(self.rolls), (self.batch,), generator=self.random)
        real = F.one_hot(self.rolls[which], VALUES).movedim(3, 2).float().to(self.device)
        lazy = self.step % self.recipe.lazy == 0
        real.requires_grad_(lazy)
        with torch.no_grad():
            made = self._made()
        scores = self.discriminator(real)
        loss = F.softplus(-scores).mean() + F.softplus(self.discriminator(made)).mean()
        told = float(loss.detach())
        if lazy:
            (slope,) = torch.autograd.grad(scores.sum(), real, create_graph=True)
            penalty = slope.square().sum((1, 2, 3)).mean()
            loss = loss + self.recipe.gamma / 2 * self.recipe.lazy * penalty
        self._descend(1, loss)
        return told

    def _create(self) -> float:
        loss = F.softplus(-self.discriminator(self._made())).mean()
        self._descend(0, loss)
        return float(loss.detach())

    def _descend(self, which: int, loss: Tensor) -> None:
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimisers[which].step()

    @torch.no_grad()
    def averaged(self, which: str) -> Generator:
        """A generator with averaged weights, its norms measured anew."""
        network = copy.deepcopy(self.generator)
        self._averages.copy_to(network, which)
        measure_norms(network, self.recipe)
        return network.eval()

    def samples(self, n: int, which: str) -> NDArray[np.uint8]:
        """Piano rolls of a few works, however many are asked for."""
        if self.picture is None:
            return np.zeros((1, 1, 1, 4), np.uint8)
        return self.picture(works(self.averaged(which), self.recipe, min(n, 6)))

    def _about(self, schema: str) -> dict[str, Any]:
        return {"schema": schema, "recipe": asdict(self.recipe), **self.state()}

    def keep(self, path: Path, which: str) -> None:
        """Write an averaged generator, as `load_generator` reads it."""
        about = self._about(TRAINED) | {"average": which}
        snapshots.write_snapshot(path, about, self.averaged(which).state_dict(), "weights file")

    def save(self, path: Path) -> None:
        """Write everything that `load` needs."""
        tensors = self.random_states()
        for name, network in (("g", self.generator), ("d", self.discriminator)):
            tensors |= {f"{name}.{k}": v for k, v in network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self._averages.tensors()}
        for i, optimiser in enumerate(self.optimisers):
            state = snapshots.optimiser_tensors(optimiser)
            tensors |= {f"optimiser{i}.{k}": v for k, v in state.items()}
        snapshots.write_snapshot(path, self._about(SCHEMA), tensors)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote, bit for bit.

        Raises:
            BadWeights: it is damaged, or of another recipe.
        """
        about, tensors = snapshots.read_snapshot(path, SCHEMA)
        mine = json.loads(json.dumps(asdict(self.recipe)))
        snapshots.refuse_other(path, mine, about.get("recipe", {}))
        with snapshots.fitting(path):
            self.generator.load_state_dict(snapshots.under(tensors, "g."))
            self.discriminator.load_state_dict(snapshots.under(tensors, "d."))
            self._averages.load(snapshots.under(tensors, "average."))
            for i, optimiser in enumerate(self.optimisers):
                snapshots.load_optimiser(optimiser, snapshots.under(tensors, f"optimiser{i}."))
            self.restore(about, tensors)


@torch.no_grad()
def measure_norms(network: Generator, recipe: GanRecipe, batches: int = 16) -> None:
    """Batch norms of averaged weights, from fresh latents."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    random = torch.Generator().manual_seed(5)
    network.train()
    device = network.seed.weight.device
    for _ in range(batches):
        network(torch.randn(64, recipe.latent, generator=random).to(device))


def load_generator(path: Path) -> tuple[Generator, GanRecipe, dict[str, Any]]:
    """A generator as training kept it.

    Raises:
        BadWeights: it is no such file.
    """
    about, state = snapshots.read_snapshot(path, TRAINED, "trained roll generator")
    with snapshots.fitting(path, "trained roll generator"):
        recipe = GanRecipe(**about["recipe"])
        network = Generator(recipe)
        network.load_state_dict(state)
    return network.eval(), recipe, about


@torch.no_grad()
def works(network: Generator, recipe: GanRecipe, n: int, seed: int = 0) -> list[Score]:
    """Works of a generator in floats, in C: windows of 32 eighths."""
    random = torch.Generator().manual_seed(seed)
    z = torch.randn(n, recipe.latent, generator=random).to(network.seed.weight.device)
    values = network(z).argmax(2).cpu().numpy().astype(np.int64)
    plan = Plan(np.zeros(metrics.WINDOW, bool), 8, 0, 0, 0)
    return [from_tokens(row.T.reshape(-1), plan) for row in values]


class RollJudge:
    """Chooses the moment at which the five figures are nearest to those of fresh works.

    Args:
        tune: scores that were not trained on.
    """

    metric = "off"

    def __init__(self, tune: Sequence[Score], n: int = 128) -> None:
        self.n = n
        self.fresh = metrics.figures(metrics.windows(tune))

    def figures(self, trainee: Trainee, which: str) -> Mapping[str, float]:
        """The five figures and their mean distance from fresh works."""
        assert isinstance(trainee, GanTrainer)
        made = works(trainee.averaged(which), trainee.recipe, self.n)
        told = metrics.figures(made)
        off = [metrics.off(told[f], self.fresh[f]) for f in metrics.BARRED]
        return {**told, "off": float(np.mean(off))}

    def warnings(self, trainee: Trainee, which: str) -> Sequence[str]:
        """None: a baseline is not published."""
        del trainee, which
        return ()

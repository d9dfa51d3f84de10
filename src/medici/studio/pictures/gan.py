"""One GAN training run: networks, optimisers, averages, random state; and how it is put on disk.

A snapshot holds everything, so a run that was stopped and resumed gives the same weights as one
that was not.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from medici.errors import BadData
from medici.studio.data.folder import common_colours
from medici.studio.data.sampling import Samples, some
from medici.studio.pictures.augment import augmented
from medici.studio.pictures.bodies import GanShape, Generator
from medici.studio.pictures.classes import classes_of
from medici.studio.pictures.critics import critic
from medici.studio.pictures.heads import as_seen, to_pixels
from medici.studio.pictures.losses import critic_loss, generator_loss, gradient_penalty
from medici.studio.pictures.recipe import Recipe
from medici.studio.training import snapshots
from medici.studio.training.averages import Averages
from medici.studio.training.precision import Precision
from medici.studio.training.state import State
from medici.studio.training.trainee import NotFinite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.training.parallel import Workers

__all__ = ["NotFinite", "Recipe", "Trainer", "load_trained"]

SCHEMA = "medici/gan-snapshot/1"
TRAINED = "medici/gan-trained/1"
_CALIBRATED = 4096  # latents that norms are measured over; fewer for large pictures
_PALETTE_OVER = 20_000
_PIXELS = 1 << 18  # computed together when there are no gradients: bounds the memory


class Trainer(State):
    """The state of a GAN run and its one operation, `advance`; see `Trainee`.

    Args:
        data: the training pictures, of the shape's side.
        recipe: sizes and rates.
        seed: of weights, latents and order of pictures.
        device: where it computes.
        workers: the processes that train together.

    Raises:
        BadData: the pictures are of another size, or have no such labels.
    """

    def __init__(
        self,
        data: Samples,
        recipe: Recipe,
        seed: int,
        device: torch.device,
        workers: Workers | None = None,
    ) -> None:
        super().__init__(seed, recipe.rate, recipe.batch, workers)
        if data.side != recipe.shape.side:
            raise BadData(f"the pictures have {data.side} pixels a side, not {recipe.shape.side}")
        self.classes: tuple[str, ...] = ()
        self._labels: NDArray[np.int64] | None = None
        if recipe.labels is not None:
            self.classes, self._labels = classes_of(data, recipe.labels)
            recipe = replace(recipe, shape=replace(recipe.shape, classes=len(self.classes)))
        self.data, self.recipe, self.device = data, recipe, device
        self.augments = recipe.augments(len(data))
        self.transparent, self.precision = data.transparent, Precision(recipe.precision, device)
        common = common_colours(some(data, _PALETTE_OVER), recipe.colours)
        palette = torch.from_numpy(common.copy()).float() / 127.5 - 1
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator = Generator(recipe.shape, palette, transparent=self.transparent)
            self.discriminator = critic(recipe.shape, 3 + self.transparent)
        # Channels last: a seventh faster on CPUs.
        for network in (self.generator, self.discriminator):
            network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._averages = Averages(self.generator, recipe.averages)
        self.averages: Sequence[str] = self._averages.names
        self.optimisers = [
            torch.optim.Adam(n.parameters(), recipe.rate, (recipe.momentum, 0.99))
            for n in (self.generator, self.discriminator)
        ]

    def restart_averages(self) -> None:
        """Average from the generator as it is now: its weights were set from outside."""
        self._averages.restart(self.generator)

    def advance(self) -> dict[str, float]:
        """One step of both networks.

        Returns:
            mean losses, scores and gradients of this step, over all workers.

        Raises:
            NotFinite: a loss is not a finite number; the state is then to be thrown away.
        """
        real, classes = self._real()
        told = self.workers.mean(self._judge(real, classes) | self._create(real, classes))
        if not all(abs(v) < float("inf") for v in told.values()):
            raise NotFinite(f"step {self.step}: {told}")
        self._averages.update(self.generator, self.step)
        self.step += 1
        return told

    def _real(self) -> tuple[Tensor, Tensor | None]:
        chosen = self.data.order(self.turn, self.batch, self.order)
        x = as_seen(torch.from_numpy(self.data.take(chosen)), transparent=self.transparent)
        if self.recipe.flip:
            mirrored = torch.rand(len(x), generator=self.random) < 0.5
            x = torch.where(mirrored[:, None, None, None], x.flip(3), x)
        x = x.to(self.device).contiguous(memory_format=torch.channels_last)
        if self._labels is None:
            return x, None
        return x, torch.from_numpy(self._labels[chosen]).to(self.device)

    def _made(self, n: int, classes: Tensor | None) -> Tensor:
        z = torch.randn(n, self.recipe.shape.latent, generator=self.random)
        with self.precision.cast():
            made: Tensor = self.generator(z.to(self.device), classes)
        return made

    def _seen(self, pictures: Tensor) -> Tensor:
        return augmented(pictures, self.random) if self.augments else pictures

    def _scores(self, pictures: Tensor, classes: Tensor | None) -> Tensor:
        with self.precision.cast():
            scores: Tensor = self.discriminator(pictures, classes)
        return scores.float()

    def _judge(self, real: Tensor, classes: Tensor | None) -> dict[str, float]:
        """Discriminator: its loss, and lazily the penalties. Source: Karras et al. 2020."""
        recipe = self.recipe
        with torch.no_grad():
            made = self._made(len(real), classes)
        real, made = self._seen(real), self._seen(made)
        penalised = self.step % recipe.lazy == 0 and (recipe.gamma > 0 or recipe.second_gamma > 0)
        if penalised:
            real, made = real.detach().requires_grad_(True), made.detach().requires_grad_(True)
            on_real, on_made = self._scores(real, classes), self._scores(made, classes)
        else:
            both = None if classes is None else torch.cat([classes, classes])
            on_real, on_made = self._scores(torch.cat([real, made]), both).chunk(2)
        loss = critic_loss(recipe.chosen_loss, on_real, on_made)
        total = loss
        if penalised:
            for gamma, scores, pictures in (
                (recipe.gamma, on_real, real),
                (recipe.second_gamma, on_made, made),
            ):
                if gamma > 0:
                    penalty = gradient_penalty(scores, pictures)
                    total = total + gamma / 2 * recipe.lazy * penalty
        gradient = self._descend(1, self.discriminator, total)
        return {
            "discriminator_loss": float(loss.detach()),
            "discriminator_gradient": gradient,
            "score_real": float(on_real.detach().mean()),
            "score_made": float(on_made.detach().mean()),
        }

    def _create(self, real: Tensor, classes: Tensor | None) -> dict[str, float]:
        self.discriminator.requires_grad_(False)
        made = self._made(len(real), classes)
        on_made = self._scores(self._seen(made), classes)
        on_real = None
        if self.recipe.chosen_loss == "relativistic":
            with torch.no_grad():
                # Each made picture is paired with a real one, of its class, that it is to outdo.
                on_real = self._scores(self._seen(real), classes)
        loss = generator_loss(self.recipe.chosen_loss, on_real, on_made)
        gradient = self._descend(0, self.generator, loss)
        self.discriminator.requires_grad_(True)
        return {"generator_loss": float(loss.detach()), "generator_gradient": gradient}

    def _descend(self, which: int, network: torch.nn.Module, loss: Tensor) -> float:
        """One step of an optimiser; the norm of the gradient.

        Hard masks hide broken weights from the losses, but not from this.
        """
        optimiser = self.optimisers[which]
        optimiser.zero_grad(set_to_none=True)
        self.precision.backward(loss)
        self.precision.unscale(optimiser)
        self.workers.average_gradients(network.parameters())
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        norm = float(torch.nn.utils.get_total_norm(gradients))
        self.precision.step(optimiser)
        # An overflow that the scaler caught is no harm: the step was left out.
        return 0.0 if self.precision.scaler.is_enabled() and not norm < float("inf") else norm

    def averaged(self, which: str) -> Generator:
        """The generator with averaged weights, its norms measured anew for those weights.

        Batch statistics of the live weights do not fit averaged ones: without this the average
        gets worse the longer it is.
        """
        network = copy.deepcopy(self.generator)
        self._averages.copy_to(network, which)
        random = torch.Generator().manual_seed(self.seed + 1)
        norms = list(network.norms())
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over the calibration batches
        if norms:
            pixels = self.data.side**2
            size = max(2, min(256, _PIXELS // pixels))
            total = min(_CALIBRATED, max(512, _CALIBRATED * 1024 // pixels))
            with torch.no_grad():
                for _ in range(-(-total // size)):
                    network.parts(*self._drawn(size, random))
        return network.eval()

    def _drawn(self, n: int, random: torch.Generator) -> tuple[Tensor, Tensor | None]:
        z = torch.randn(n, self.recipe.shape.latent, generator=random).to(self.device)
        if self._labels is None:
            return z, None
        drawn = torch.randint(len(self._labels), (n,), generator=random)
        return z, torch.from_numpy(self._labels[drawn.numpy()]).to(self.device)

    def samples(self, n: int, which: str) -> NDArray[np.uint8]:
        """Pictures of an average in floats, same latents each time: (n, side, side, 4) uint8."""
        network, random = self.averaged(which), torch.Generator().manual_seed(9)
        out = []
        with torch.no_grad():
            together = max(1, min(100, _PIXELS // self.data.side**2))
            for start in range(0, n, together):
                z, classes = self._drawn(min(together, n - start), random)
                out.append(to_pixels(network(z, classes)))
        return np.concatenate(out)

    def _about(self, schema: str) -> dict[str, Any]:
        return {
            "schema": schema,
            "recipe": self.recipe.as_json(),
            "transparent": self.transparent,
            "classes": list(self.classes),
            **self.state(),
        }

    def keep(self, path: Path, which: str) -> None:
        """Write an averaged generator, for export."""
        about = {**self._about(TRAINED), "average": which, "precision": self.precision.setting}
        snapshots.write_snapshot(path, about, self.averaged(which).state_dict(), "best generator")

    def save(self, path: Path) -> None:
        """Write everything, atomically: a killed process leaves the old snapshot or the new."""
        tensors = self.random_states()
        if self.workers.first:
            for name, network in (("g", self.generator), ("d", self.discriminator)):
                tensors |= {f"{name}.{k}": v for k, v in network.state_dict().items()}
            tensors |= {f"average.{k}": v for k, v in self._averages.tensors()}
            for i, optimiser in enumerate(self.optimisers):
                found = snapshots.optimiser_tensors(optimiser)
                tensors |= {f"adam{i}.{k}": v for k, v in found.items()}
            tensors |= self.precision.tensors()
            snapshots.write_snapshot(path, self._about(SCHEMA), tensors)
        self.workers.wait()

    def load(self, path: Path) -> None:
        """Continue from a snapshot.

        Raises:
            BadWeights: damaged, or of another architecture; the message says what differs.
        """
        about, tensors = snapshots.read_snapshot(path, SCHEMA)
        snapshots.refuse_other(
            path,
            {**self.recipe.shape.as_json(), "transparent": self.transparent},
            {**about["recipe"]["shape"], "transparent": about["transparent"]},
        )
        with snapshots.fitting(path):
            for name, network in (("g", self.generator), ("d", self.discriminator)):
                network.load_state_dict(snapshots.under(tensors, f"{name}."))
            self._averages.load(snapshots.under(tensors, "average."))
            for i, optimiser in enumerate(self.optimisers):
                snapshots.load_optimiser(optimiser, snapshots.under(tensors, f"adam{i}."))
            self.precision.load(tensors)
            self.restore(about, tensors)


def load_trained(path: Path) -> tuple[Generator, dict[str, Any]]:
    """A generator as training kept it, and what is known of its training.

    Raises:
        BadWeights: not such a file.
    """
    about, state = snapshots.read_snapshot(path, TRAINED, "trained generator")
    with snapshots.fitting(path, "trained generator"):
        shape = GanShape.from_json(about["recipe"]["shape"])
        palette = state.get("head.palette", torch.zeros(0, 3))
        network = Generator(shape, palette, transparent=bool(about["transparent"]))
        network.load_state_dict(state)
    return network.eval(), about

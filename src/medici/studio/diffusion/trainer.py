"""The small denoiser as something that the training room trains. Needs PyTorch."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from medici.errors import BadWeights, WrongUse
from medici.studio.data.sampling import batch
from medici.studio.diffusion.model import hardened, render
from medici.studio.diffusion.pixels import Pixels
from medici.studio.diffusion.recipe import TIMES, Recipe, denoiser, pipeline, schedule
from medici.studio.diffusion.style import parse_style
from medici.studio.training.averages import Averages
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

    from medici.studio.data.sampling import Samples
    from medici.studio.training.parallel import Workers
    from medici.studio.training.trainee import Trainee

SCHEMA = "medici/diffusion-snapshot/2"
TRAINED = "medici/trained/diffusion/1"
_HELD_OUT = 512
# The average begins over a ninth of the steps done, not a third: the loss still falls fast there.
_EARLY = 9
# Pixels on a sheet: 160 pictures of 16×16. Every picture costs 25 passes of the network.
_DRAWN = 160 * 16 * 16


class Trainer(State):
    """The state of a run and its one operation, `advance`.

    Args:
        data: training pictures of the recipe's size, in memory or not.
        recipe: sizes and rates.
        seed: of weights, noise, times and order of pictures.
        device: where it computes.
        workers: the processes that train together.
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
        self.data, self.recipe, self.device = data, recipe, device
        self.planes = 4 if data.transparent else 3
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network = denoiser(recipe, self.planes).to(device)
        self._averages = Averages(self.network, (recipe.average,), _EARLY)
        self.averages: Sequence[str] = self._averages.names
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.rate, (0.9, 0.99), weight_decay=1e-4
        )
        self.precision = Precision(recipe.precision, device)
        self.noise = schedule()

    def advance(self) -> dict[str, float]:
        """One step.

        Returns:
            loss and length of its gradient: means over all workers.

        Raises:
            NotFinite: one of them is not a finite number; the state is then to be thrown away.
        """
        size, draw = self.batch, self.random
        pictures = as_seen(batch(self.data, self.turn, size, self.order), self.planes)
        if self.recipe.flip:
            mirrored = torch.rand(size, generator=draw) < 0.5
            pictures = torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)
        noise = torch.randn(pictures.shape, generator=draw)
        times = torch.randint(TIMES, (size,), generator=draw)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * min(1.0, (self.step + 1) / max(1, self.recipe.warm_up))
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.loss(self.network, pictures, noise, times)
        self.precision.backward(loss)
        self.workers.average_gradients(self.network.parameters())
        length = torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        told = self.workers.mean({"loss": float(loss.detach()), "gradient": float(length)})
        if not all(abs(v) < float("inf") for v in told.values()):
            raise NotFinite(f"step {self.step}: {told}")
        self.precision.step(self.optimiser)
        self._averages.update(self.network, self.step)
        self.step += 1
        return told

    def loss(self, network: Any, pictures: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Mean squared error of the predicted velocity."""
        pictures, noise = pictures.to(self.device), noise.to(self.device)
        times = times.to(self.device)
        noisy = self.noise.add_noise(pictures, noise, times)
        wanted = self.noise.get_velocity(pictures, noise, times)
        with self.precision.cast():
            said = network(noisy, times).sample
        return F.mse_loss(said.float(), wanted)

    def held_out_loss(self, pixels: NDArray[np.uint8], which: str) -> float:
        """An average's loss on other pictures, at noise and times that never change."""
        draw = torch.Generator().manual_seed(7)
        pictures = as_seen(pixels[:_HELD_OUT], self.planes)
        noise = torch.randn(pictures.shape, generator=draw)
        times = torch.randint(TIMES, (len(pictures),), generator=draw)
        network = self.averaged(which)
        with torch.no_grad():
            each = (torch.split(x, self.batch) for x in (pictures, noise, times))
            parts = zip(*each, strict=True)
            total = sum(float(self.loss(network, *part)) * len(part[0]) for part in parts)
        return total / len(pictures)

    def averaged(self, which: str) -> Any:
        """The network with averaged weights, ready to be used."""
        network = copy.deepcopy(self.network).eval()
        self._averages.copy_to(network, which)
        return network

    def samples(self, n: int, which: str) -> NDArray[np.uint8]:
        """Pictures of an average, at most `shown`, of large ones fewer: (m, h, w, 4) uint8."""
        maker = Pixels(pipeline(self.averaged(which)))
        most = min(self.recipe.shown, max(1, _DRAWN // self.recipe.size**2))
        made = render(maker, range(min(n, most)), parse_style(None, dict.fromkeys(maker.keys, "")))
        return hardened(np.stack(made))

    def start_from(self, state: Mapping[str, Tensor]) -> None:
        """Begin with the weights of another model of these sizes.

        Raises:
            BadWeights: they are of another architecture.
        """
        try:
            self.network.load_state_dict(state)
        except RuntimeError as error:
            raise BadWeights(
                f"the weights to start from do not fit: {str(error).splitlines()[0]}",
                "give the settings that they were trained with",
            ) from error
        self._averages.restart(self.network)

    def keep(self, path: Path, which: str) -> None:
        """Write averaged weights, as `load_trained` reads them."""
        about = self._about(TRAINED) | {"average": which}
        write_snapshot(path, about, self.averaged(which).state_dict(), "weights file")

    def _about(self, schema: str) -> dict[str, Any]:
        return {
            "schema": schema,
            "recipe": self.recipe.as_json(),
            "planes": self.planes,
            **self.state(),
        }

    def save(self, path: Path) -> None:
        """Write everything, atomically.

        Raises:
            MissingPart: the disk is full or cannot be written; the earlier snapshot is whole.
        """
        tensors = self.random_states()
        if self.workers.first:
            tensors |= {f"network.{k}": v for k, v in self.network.state_dict().items()}
            tensors |= {f"average.{k}": v for k, v in self._averages.tensors()}
            tensors |= {f"adam.{k}": v for k, v in optimiser_tensors(self.optimiser).items()}
            write_snapshot(path, self._about(SCHEMA), tensors)
        self.workers.wait()

    def load(self, path: Path) -> None:
        """Continue from a snapshot.

        Raises:
            BadWeights: damaged, or of another architecture; the message says what differs.
        """
        about, tensors = read_snapshot(path, SCHEMA)
        sizes = ("size", "widths", "layers")
        mine, theirs = self.recipe.as_json(), about.get("recipe", {})
        refuse_other(
            path,
            {k: mine[k] for k in sizes} | {"planes": self.planes},
            {k: theirs.get(k) for k in sizes} | {"planes": about.get("planes")},
        )
        with fitting(path):
            self.network.load_state_dict(under(tensors, "network."))
            self._averages.load(under(tensors, "average."))
            load_optimiser(self.optimiser, under(tensors, "adam."))
            self.restore(about, tensors)


def load_trained(path: Path) -> tuple[Any, dict[str, Any]]:
    """A denoiser as training kept it, and what is known of its training.

    Raises:
        BadWeights: it is no such file.
    """
    about, state = read_snapshot(path, TRAINED, "trained denoiser")
    try:
        network = denoiser(Recipe.from_settings(about["recipe"]), int(about["planes"]))
        network.load_state_dict(state)
    except (KeyError, RuntimeError, ValueError, TypeError, WrongUse) as error:
        raise BadWeights(f"{path} is not a trained denoiser: {error}") from error
    return network.eval(), about


class LossJudge:
    """Chooses the average, and the moment, with the lowest loss on fresh pictures.

    Args:
        tune: (n, h, w, 4) uint8, none of them trained on; the first 512 are looked at.
    """

    metric = "tune_loss"

    def __init__(self, tune: NDArray[np.uint8]) -> None:
        self.tune = tune

    def figures(self, trainee: Trainee, which: str) -> Mapping[str, float]:
        """The loss."""
        assert isinstance(trainee, Trainer)
        return {self.metric: trainee.held_out_loss(self.tune, which)}

    def warnings(self, trainee: Trainee, which: str) -> Sequence[str]:
        """None while it trains; copying is measured when the model is published."""
        del trainee, which
        return ()


def as_seen(pixels: NDArray[np.uint8], planes: int) -> Tensor:
    """(n, h, w, 4) uint8 → (n, planes, h, w) float32 in [-1, 1]."""
    seen = torch.from_numpy(pixels[..., :planes].copy()).movedim(3, 1).float() / 127.5 - 1
    return seen.contiguous()

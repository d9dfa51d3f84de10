"""The chorale network as something that the training room trains. Needs PyTorch."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812

from medici.studio.music.networks import ChoraleNetwork, Shape
from medici.studio.music.tokens import VALUES
from medici.studio.training import snapshots
from medici.studio.training.averages import Averages
from medici.studio.training.state import State
from medici.studio.training.trainee import NotFinite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from medici.studio.music.examples import Examples
    from medici.studio.training.trainee import Trainee

SCHEMA = "medici/snapshot/music/1"
TRAINED = "medici/trained/music/1"
_WARM_UP = 100
_SLOWING = 800
_LARGEST_GRADIENT = 1.0
_JUDGED_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Recipe:
    """Sizes and rates.

    Attributes:
        shape: of the network.
        batch: steps of music in a training step, four tokens each.
        rate: highest learning rate; it falls with the square root of the steps done.
        decay: weight decay.
        forget: share of earlier tokens left out.
        drop: share of hidden values left out.
        jitter: semitones by which the told tonic may differ from the true one.
        average: decay of the weight average.
        mixed: bfloat16 products where they are safe.
    """

    shape: Shape = field(default_factory=Shape)
    batch: int = 512
    rate: float = 2e-3
    decay: float = 0.3
    forget: float = 0.2
    drop: float = 0.25
    jitter: int = 1
    average: float = 0.998
    mixed: bool = True

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        return {**asdict(self), "shape": self.shape.as_json()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Recipe:
        """Read what `as_json` wrote."""
        return cls(**{**told, "shape": Shape.from_json(told["shape"])})


class Trainer(State):
    """A network, its average, its optimiser and all randomness, in one snapshot.

    Args:
        examples: steps to learn from.
        recipe: sizes and rates.
        seed: of everything random.
        device: where it is trained.
        picture: draws samples of a network for the run's sheets: network and count in, (n, h, w, 4)
            uint8 out; without it there are none.
    """

    def __init__(
        self,
        examples: Examples,
        recipe: Recipe,
        seed: int = 0,
        device: torch.device | None = None,
        picture: Callable[[ChoraleNetwork, int], NDArray[np.uint8]] | None = None,
    ) -> None:
        super().__init__(seed, recipe.rate, recipe.batch)
        self.examples, self.recipe, self.picture = examples, recipe, picture
        self.device = device or torch.device("cpu")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ChoraleNetwork(recipe.shape, recipe.forget, recipe.drop)
            self.random.set_state(torch.get_rng_state())
        self.network = network.to(self.device)
        self._averages = Averages(self.network, (recipe.average,))
        self.averages: Sequence[str] = self._averages.names
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.decay
        )
        self.highest = recipe.rate

    def slow_down(self, rate: float) -> None:
        """Set the learning rate; it goes on falling from there."""
        self.highest *= rate / self.rate
        self.rate = rate

    def advance(self) -> dict[str, float]:
        """One training step; its loss in nats a token.

        Raises:
            NotFinite: the loss is not finite.
        """
        falling = 1 / math.sqrt(1 + self.step / _SLOWING)
        self.rate = self.highest * min(1.0, (self.step + 1) / _WARM_UP) * falling
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate
        self.network.train()
        with torch.random.fork_rng(devices=[]):
            # Dropout draws from the process's own numbers.
            torch.set_rng_state(self.random.get_state())
            loss = self._loss()
            self.random.set_state(torch.get_rng_state())
        told = float(loss.detach())
        if not math.isfinite(told):
            raise NotFinite(f"loss {told} at step {self.step}")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimiser.step()
        self._averages.update(self.network, self.step)
        self.step += 1
        return {"loss": told}

    def _loss(self) -> Tensor:
        reach = self.recipe.jitter
        which = torch.randint(len(self.examples), (self.batch,))
        jitter = torch.randint(-reach, reach + 1, (self.batch,)) if reach else None
        taken = tuple(part.to(self.device) for part in self.examples.take(which, jitter))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.mixed):
            scores = self.network(*taken)
        return F.cross_entropy(scores.float().reshape(-1, VALUES), taken[0].reshape(-1))

    def averaged(self, which: str) -> ChoraleNetwork:
        """A copy of the network with averaged weights, ready to be used."""
        network = copy.deepcopy(self.network).eval()
        self._averages.copy_to(network, which)
        return network

    def samples(self, n: int, which: str) -> NDArray[np.uint8]:
        """Piano rolls of a few works, however many are asked for: (m, h, w, 4) uint8."""
        import numpy as np

        if self.picture is None:
            return np.zeros((1, 1, 1, 4), np.uint8)
        return self.picture(self.averaged(which), n)

    def _about(self, schema: str) -> dict[str, Any]:
        return {"schema": schema, "recipe": self.recipe.as_json(), **self.state()}

    def keep(self, path: Path, which: str) -> None:
        """Write averaged weights, as `load_trained` reads them."""
        about = self._about(TRAINED) | {"average": which}
        snapshots.write_snapshot(path, about, self.averaged(which).state_dict(), "weights file")

    def save(self, path: Path) -> None:
        """Write everything that `load` needs.

        Raises:
            MissingPart: the disk is full.
        """
        tensors = self.random_states()
        tensors |= {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self._averages.tensors()}
        state = snapshots.optimiser_tensors(self.optimiser)
        tensors |= {f"optimiser.{k}": v for k, v in state.items()}
        about = self._about(SCHEMA) | {"highest": self.highest}
        snapshots.write_snapshot(path, about, tensors)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote, bit for bit.

        Raises:
            BadWeights: it is damaged, or of another recipe.
        """
        about, tensors = snapshots.read_snapshot(path, SCHEMA)
        mine = json.loads(json.dumps(self.recipe.as_json()))
        snapshots.refuse_other(path, mine, about.get("recipe", {}))
        with snapshots.fitting(path):
            self.network.load_state_dict(snapshots.under(tensors, "network."))
            self._averages.load(snapshots.under(tensors, "average."))
            snapshots.load_optimiser(self.optimiser, snapshots.under(tensors, "optimiser."))
            if "randomness" in tensors:  # its name in older snapshots, which have no rate either
                tensors["random"] = tensors["randomness"]
            self.restore({**about, "rate": self.rate}, tensors)
            self.highest = float(about["highest"])

    def restart_averages(self) -> None:
        """Average from the present weights on."""
        self._averages.restart(self.network)


def load_trained(path: Path) -> tuple[ChoraleNetwork, dict[str, Any]]:
    """A network as training kept it, and what is known of its training.

    Raises:
        BadWeights: it is no such file.
    """
    about, state = snapshots.read_snapshot(path, TRAINED, "trained network of this family")
    with snapshots.fitting(path, "trained network"):
        network = ChoraleNetwork(Shape.from_json(about["recipe"]["shape"]))
        network.load_state_dict(state)
    return network.eval(), about


@torch.no_grad()
def surprise(network: ChoraleNetwork, examples: Examples) -> list[float]:
    """Nats a token of each turn on examples: soprano, bass, alto, tenor."""
    network.eval()
    device = network.positions.device
    total = torch.zeros(4, dtype=torch.float64)
    for start in range(0, len(examples), _JUDGED_AT_ONCE):
        which = torch.arange(start, min(start + _JUDGED_AT_ONCE, len(examples)))
        taken = tuple(part.to(device) for part in examples.take(which))
        scores = network(*taken).reshape(-1, VALUES)
        losses = F.cross_entropy(scores, taken[0].reshape(-1), reduction="none")
        total += losses.reshape(-1, 4).sum(0).double().cpu()
    return [float(x) / len(examples) for x in total]


class TuneJudge:
    """Chooses the moment at which fresh tunes surprise the network least.

    Args:
        tune: steps of scores that were not trained on.
    """

    metric = "surprise"

    def __init__(self, tune: Examples) -> None:
        self.tune = tune

    def figures(self, trainee: Trainee, which: str) -> Mapping[str, float]:
        """Nats a token, in all and by voice."""
        assert isinstance(trainee, Trainer)
        soprano, bass, alto, tenor = each = surprise(trainee.averaged(which), self.tune)
        voices = {"soprano": soprano, "alto": alto, "tenor": tenor, "bass": bass}
        return {"surprise": sum(each) / len(each), **voices}

    def warnings(self, trainee: Trainee, which: str) -> Sequence[str]:
        """None while it trains; copying is measured when the model is published."""
        del trainee, which
        return ()

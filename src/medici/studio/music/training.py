"""Training a chorale network: steps, averages, snapshots, the best moment by held-out tunes."""

from __future__ import annotations

import copy
import json
import math
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from medici.errors import BadWeights, Interrupted, WrongUse
from medici.studio.families import Now
from medici.studio.music.examples import Examples
from medici.studio.music.networks import ChoraleNetwork, Shape
from medici.studio.music.tokens import VALUES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from torch import Tensor

SNAPSHOT = "snapshot.safetensors"
BEST = "best.safetensors"
CURVES = "curves.jsonl"
_WARM_UP = 100
_SLOWING = 800
_LARGEST_GRADIENT = 1.0
_MOST_RECOVERIES = 3
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
    decay: float = 0.1
    forget: float = 0.1
    drop: float = 0.15
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


class Trainer:
    """A network, its average, its optimiser and all randomness, in one snapshot.

    Args:
        examples: steps to learn from.
        recipe: sizes and rates.
        seed: of everything random.
        device: where it is trained.
    """

    def __init__(self, examples: Examples, recipe: Recipe, seed: int, device: str = "cpu") -> None:
        self.examples, self.recipe, self.seed = examples, recipe, seed
        self.device = torch.device(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ChoraleNetwork(recipe.shape, recipe.forget, recipe.drop)
            self.randomness = torch.get_rng_state()
        self.network = network.to(self.device)
        self.average = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.decay
        )
        self.step = 0
        self.slower = 1.0
        self.spent = {"cpu_seconds": 0.0, "wall_seconds": 0.0, "recoveries": 0.0}

    @property
    def rate(self) -> float:
        """Learning rate of the next step; the same however long the run will be."""
        falling = 1 / math.sqrt(1 + self.step / _SLOWING)
        return self.recipe.rate * min(1.0, (self.step + 1) / _WARM_UP) * falling * self.slower

    def advance(self) -> float:
        """One training step; its loss in nats a token.

        Raises:
            ArithmeticError: the loss is not finite.
        """
        cpu, wall = time.process_time(), time.monotonic()
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate
        self.network.train()
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.randomness)
            loss = self._loss()
            self.randomness = torch.get_rng_state()
        told = float(loss.detach())
        if not math.isfinite(told):
            raise ArithmeticError(f"loss {told} at step {self.step}")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimiser.step()
        self.step += 1
        keep = min(self.recipe.average, self.step / (self.step + 10))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.network.parameters(), strict=True)
            for mean, now in pairs:
                mean.lerp_(now, 1 - keep)
        self.spent["cpu_seconds"] += time.process_time() - cpu
        self.spent["wall_seconds"] += time.monotonic() - wall
        return told

    def _loss(self) -> Tensor:
        recipe = self.recipe
        which = torch.randint(len(self.examples), (recipe.batch,))
        reach = recipe.jitter
        jitter = torch.randint(-reach, reach + 1, (recipe.batch,)) if reach else None
        taken = tuple(part.to(self.device) for part in self.examples.take(which, jitter))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=recipe.mixed):
            scores = self.network(*taken)
        return F.cross_entropy(scores.float().reshape(-1, VALUES), taken[0].reshape(-1))

    def state(self) -> dict[str, Tensor]:
        """Every tensor of a snapshot."""
        out = {"randomness": self.randomness}
        for name, part in (("network", self.network), ("average", self.average)):
            out |= {f"{name}.{k}": v.cpu() for k, v in part.state_dict().items()}
        for name, parameter in self.network.named_parameters():
            for key, value in self.optimiser.state.get(parameter, {}).items():
                out[f"optimiser.{key}.{name}"] = value.cpu()
        return {k: v.contiguous() for k, v in out.items()}

    def save(self, path: Path) -> None:
        """Write a snapshot; a crash leaves the one before."""
        about = {
            "recipe": self.recipe.as_json(),
            "seed": self.seed,
            "step": self.step,
            "slower": self.slower,
            "spent": self.spent,
        }
        _write(path, self.state(), about)

    def load(self, path: Path) -> None:
        """Go back to a snapshot.

        Raises:
            BadWeights: it is damaged, or of another recipe.
        """
        about, state = read_tensors(path)
        try:
            if about["recipe"] != json.loads(json.dumps(self.recipe.as_json())):
                raise ValueError("it was made with other settings")
            self.network.load_state_dict(_part(state, "network."))
            self.average.load_state_dict(_part(state, "average."))
            self.optimiser.state.clear()
            for name, parameter in self.network.named_parameters():
                found = {
                    key: state[f"optimiser.{key}.{name}"]
                    for key in ("step", "exp_avg", "exp_avg_sq")
                    if f"optimiser.{key}.{name}" in state
                }
                if found:
                    self.optimiser.state[parameter] = {
                        k: v if k == "step" else v.to(self.device) for k, v in found.items()
                    }
            self.randomness = state["randomness"]
            self.step, self.seed = int(about["step"]), int(about["seed"])
            self.slower, self.spent = float(about["slower"]), dict(about["spent"])
        except (KeyError, ValueError, RuntimeError, TypeError) as error:
            raise BadWeights(f"{path} does not fit this run: {error}") from error

    def start_from(self, path: Path) -> None:
        """Begin with the average of another run.

        Raises:
            BadWeights: it is of another shape.
        """
        _, state = read_tensors(path)
        try:
            self.network.load_state_dict(state)
            self.average.load_state_dict(state)
        except (RuntimeError, KeyError) as error:
            raise BadWeights(f"{path} is of another shape: {error}") from error


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _write(path: Path, state: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    save_file(dict(state), part, metadata={"medici": json.dumps(about)})
    part.replace(path)


def read_tensors(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What is told of a float file, and its tensors.

    Raises:
        BadWeights: it is no such safetensors file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["medici"])
            return about, {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise BadWeights(f"{path} is not a trained network: {error}") from error


@torch.no_grad()
def surprise(network: ChoraleNetwork, examples: Examples) -> list[float]:
    """Nats a token of each turn on examples, soprano, bass, alto, tenor."""
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


class Run:
    """A training folder: snapshot, best average so far, curves.

    Args:
        trainer: what is trained.
        out: the folder.
        tune: fresh examples; the average that they surprise least is kept.
    """

    def __init__(self, trainer: Trainer, out: Path, tune: Examples | None = None) -> None:
        self.trainer, self.out, self.tune = trainer, out, tune
        self.best = float("inf")

    def resume(self) -> None:
        """Continue from the folder's snapshot.

        Raises:
            WrongUse: there is none.
            BadWeights: it does not fit.
        """
        if not (self.out / SNAPSHOT).exists():
            raise WrongUse(f"nothing to resume in {self.out}", "train without --resume")
        self.trainer.load(self.out / SNAPSHOT)
        step = self.trainer.step
        # Rows after the snapshot belong to steps that will be done again.
        rows = [row for row in curves(self.out) if row["step"] <= step]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        part = self.out / (CURVES + ".part")
        part.write_text(text, "utf-8")
        part.replace(self.out / CURVES)
        self.best = min((row["tune"] for row in rows if "tune" in row), default=float("inf"))

    def note(self, row: Mapping[str, Any]) -> None:
        """Append a row to the curves."""
        with (self.out / CURVES).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.trainer.step, **row}) + "\n")

    def judge(self) -> None:
        """Measure the average on the tuning set, and keep it if it is the best so far."""
        if self.tune is None:
            self.keep()
            return
        each = surprise(self.trainer.average, self.tune)
        mean = sum(each) / len(each)
        self.note({"tune": mean, "turns": each, **self.trainer.spent})
        if mean < self.best:
            self.best = mean
            self.keep()

    def keep(self) -> None:
        """Write the averaged network as the run's best."""
        trainer = self.trainer
        about = {
            "recipe": trainer.recipe.as_json(),
            "seed": trainer.seed,
            "step": trainer.step,
            "spent": trainer.spent,
        }
        state = {k: v.cpu().contiguous() for k, v in trainer.average.state_dict().items()}
        _write(self.out / BEST, state, about)

    def go(
        self,
        minutes: float | None,
        steps: int | None,
        tell: Callable[[Now], None],
        *,
        judge_every: int = 100,
        snapshot_seconds: float = 60,
    ) -> None:
        """Train until the budget is used.

        Raises:
            Interrupted: stopped by the user; the snapshot is complete.
            WrongUse: training diverged again and again.
        """
        trainer, start = self.trainer, time.monotonic()
        if not (self.out / SNAPSHOT).exists():
            trainer.save(self.out / SNAPSHOT)
        saved = start
        try:
            while True:
                now = time.monotonic()
                used = max(
                    0.0 if minutes is None else (now - start) / max(minutes * 60, 1e-9),
                    0.0 if steps is None else trainer.step / max(steps, 1),
                )
                if used >= 1:
                    break
                loss = self._step()
                left = (now - start) * (1 - used) / max(used, 1e-9)
                tell(Now(trainer.step, used, left, {"loss": loss}))
                if trainer.step % 20 == 0:
                    self.note({"loss": loss, "rate": trainer.rate, **trainer.spent})
                if trainer.step % judge_every == 0:
                    self.judge()
                if now - saved > snapshot_seconds:
                    trainer.save(self.out / SNAPSHOT)
                    saved = now
        except KeyboardInterrupt:
            trainer.save(self.out / SNAPSHOT)
            raise Interrupted(
                f"training stopped at step {trainer.step}", "the same command with --resume goes on"
            ) from None
        trainer.save(self.out / SNAPSHOT)
        self.judge()

    def _step(self) -> float:
        trainer = self.trainer
        while True:
            try:
                return trainer.advance()
            except ArithmeticError as error:
                times = trainer.spent["recoveries"] + 1
                if times > _MOST_RECOVERIES:
                    raise WrongUse(
                        f"training diverged {int(times)} times, last with {error}",
                        "lower the learning rate",
                        code="training-diverged",
                    ) from error
                slower = trainer.slower / 2
                trainer.load(self.out / SNAPSHOT)
                trainer.spent["recoveries"] = times
                trainer.slower = slower
                # Other examples than those that led here.
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(trainer.seed + 1000 + int(times))
                    trainer.randomness = torch.get_rng_state()
                self.note({"recovered": str(error), "rate": trainer.rate})


def curves(folder: Path) -> list[dict[str, Any]]:
    """Every row that a run wrote."""
    path = folder / CURVES
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]

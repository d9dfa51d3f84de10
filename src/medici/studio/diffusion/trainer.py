"""One training run of the small denoiser: weights, average, optimiser, random state, snapshots.

A snapshot holds everything, so a run that was stopped and resumed gives the same weights as one
that was not.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from medici.errors import BadWeights, MissingPart
from medici.store import atomic_write
from medici.studio.data.sampling import batch
from medici.studio.diffusion.recipe import TIMES, Recipe, denoiser, schedule
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from medici.studio.data.sampling import Samples

_SCHEMA = "medici/diffusion-snapshot/1"
_HELD_OUT = 512


class NotFinite(ArithmeticError):
    """The loss became infinite or not a number."""


class Trainer:
    """The state of a run and its one operation, `advance`.

    Args:
        data: training pictures of the recipe's size, in memory or not.
        recipe: sizes and rates.
        seed: of weights, noise, times and order of pictures.
        device: where it computes.
    """

    def __init__(self, data: Samples, recipe: Recipe, seed: int, device: torch.device) -> None:
        self.data, self.recipe, self.seed, self.device = data, recipe, seed, device
        self.planes = 4 if data.transparent else 3
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network = denoiser(recipe, self.planes).to(device)
        self.average = [p.detach().clone() for p in self.network.parameters()]
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.rate, (0.9, 0.99), weight_decay=1e-4
        )
        self.random = torch.Generator().manual_seed(seed)
        self.noise = schedule()
        self.half = recipe.precision == "bfloat16" or (
            recipe.precision == "auto" and has_fast_halves(device)
        )
        self.rate, self.step, self.parts = recipe.rate, 0, 1
        self.fraction = 0.0
        self.spent: dict[str, float] = {"cpu_seconds": 0.0, "wall_seconds": 0.0, "recoveries": 0.0}

    def advance(self) -> dict[str, float]:
        """One step on one batch; where memory runs out the batch is taken in smaller parts.

        Raises:
            NotFinite: the loss is not a finite number; the state is then to be thrown away.
            MissingPart: there is not memory for a single picture.
        """
        size, draw = self.recipe.batch, self.random
        pictures = as_seen(batch(self.data, self.step, size, self.seed), self.planes)
        if self.recipe.flip:
            mirrored = torch.rand(size, generator=draw) < 0.5
            pictures = torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)
        noise = torch.randn(pictures.shape, generator=draw)
        times = torch.randint(TIMES, (size,), generator=draw)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * min(1.0, (self.step + 1) / max(1, self.recipe.warm_up))
        loss = self._gradients(pictures, noise, times)
        if not abs(loss) < float("inf"):
            raise NotFinite(f"step {self.step}: loss {loss}")
        norm = float(torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0))
        self.optimiser.step()
        with torch.no_grad():
            current = [p.detach() for p in self.network.parameters()]
            # A short average at first: early weights are not worth remembering.
            early = min(self.recipe.average, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_(self.average, current, 1 - early)
        self.step += 1
        return {"loss": loss, "gradient": norm}

    def _gradients(self, pictures: Tensor, noise: Tensor, times: Tensor) -> float:
        while True:
            try:
                return self._in_parts(pictures, noise, times)
            except RuntimeError as error:
                if "memory" not in str(error):
                    raise
                if self.parts >= len(pictures):
                    raise MissingPart(
                        "there is not memory enough to train on a single picture",
                        "take smaller widths or a smaller size",
                    ) from error
                self.parts *= 2

    def _in_parts(self, pictures: Tensor, noise: Tensor, times: Tensor) -> float:
        self.optimiser.zero_grad(set_to_none=True)
        total = 0.0
        together = -(-len(pictures) // self.parts)
        for start in range(0, len(pictures), together):
            part = slice(start, start + together)
            share = len(times[part]) / len(times)
            loss = self.loss(self.network, pictures[part], noise[part], times[part]) * share
            torch.autograd.backward(loss)
            total += float(loss.detach())
        return total

    def loss(self, network: Any, pictures: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Mean squared error of the predicted velocity."""
        pictures, noise = pictures.to(self.device), noise.to(self.device)
        times = times.to(self.device)
        noisy = self.noise.add_noise(pictures, noise, times)
        wanted = self.noise.get_velocity(pictures, noise, times)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            said = network(noisy, times).sample
        return F.mse_loss(said.float(), wanted)

    def held_out_loss(self, pixels: NDArray[np.uint8]) -> float:
        """The averaged network's loss on other pictures, at noise and times that never change."""
        draw = torch.Generator().manual_seed(7)
        pictures = as_seen(pixels[:_HELD_OUT], self.planes)
        noise = torch.randn(pictures.shape, generator=draw)
        times = torch.randint(TIMES, (len(pictures),), generator=draw)
        network = self.averaged()
        with torch.no_grad():
            parts = zip(*(torch.split(x, 64) for x in (pictures, noise, times)), strict=True)
            total = sum(float(self.loss(network, *part)) * len(part[0]) for part in parts)
        return total / len(pictures)

    def averaged(self) -> Any:
        """The network with averaged weights."""
        network = denoiser(self.recipe, self.planes).to(self.device)
        with torch.no_grad():
            for p, average in zip(network.parameters(), self.average, strict=True):
                p.copy_(average)
        return network.eval()

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
        self.average = [p.detach().clone() for p in self.network.parameters()]

    def save(self, path: Path) -> None:
        """Write everything, atomically.

        Raises:
            MissingPart: the disk is full or cannot be written; the earlier snapshot is whole.
        """
        tensors = {"random": self.random.get_state()}
        tensors |= {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{i}": v for i, v in enumerate(self.average)}
        for i, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"adam.{i}.{k}": v for k, v in state.items()}
        about = {
            "schema": _SCHEMA,
            "recipe": self.recipe.as_json(),
            "planes": self.planes,
            "seed": self.seed,
            "step": self.step,
            "rate": self.rate,
            "spent": self.spent,
        }
        data = save(
            {k: v.detach().cpu().contiguous() for k, v in tensors.items()},
            metadata={"medici": json.dumps(about)},
        )
        try:
            atomic_write(path, data)
        except OSError as error:
            raise MissingPart(
                f"the snapshot {path} cannot be written: {error.strerror}",
                "make room; the snapshot before it is whole, --resume goes on from there",
            ) from error

    def load(self, path: Path) -> None:
        """Continue from a snapshot.

        Raises:
            BadWeights: damaged, or of another architecture; the message says what differs.
        """
        about, tensors = read_snapshot(path)
        mine, theirs = self.recipe.as_json(), about["recipe"]
        different = [k for k in ("size", "widths", "layers") if mine[k] != theirs.get(k)]
        different += ["kind of ground"] if about["planes"] != self.planes else []
        if different:
            raise BadWeights(
                f"{path} was trained with another {', '.join(different)}",
                "resume with the same settings, or train into a new folder",
            )
        try:
            self.network.load_state_dict(_under(tensors, "network."))
            self.average = [
                tensors[f"average.{i}"].to(self.device) for i in range(len(self.average))
            ]
            state: dict[int, dict[str, Tensor]] = {}
            for key, value in _under(tensors, "adam.").items():
                number, _, name = key.partition(".")
                state.setdefault(int(number), {})[name] = value
            self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})
            self.random.set_state(tensors["random"])
            self.rate, self.step = float(about["rate"]), int(about["step"])
            self.seed, self.spent = int(about["seed"]), dict(about["spent"])
        except (KeyError, RuntimeError, ValueError, TypeError) as error:
            raise BadWeights(f"{path} is not a snapshot of this architecture: {error}") from error


def read_snapshot(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What a snapshot says of itself, and its tensors.

    Raises:
        BadWeights: not a snapshot of ours.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = read_json((file.metadata() or {})["medici"])
            if about["schema"] != _SCHEMA:
                raise ValueError(f"schema {about['schema']}")
            return about, {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise BadWeights(
            f"{path} is not a training snapshot of diffusion: {error}",
            "train without --resume to start anew",
        ) from error


def as_seen(pixels: NDArray[np.uint8], planes: int) -> Tensor:
    """(n, h, w, 4) uint8 → (n, planes, h, w) float32 in [-1, 1]."""
    seen = torch.from_numpy(pixels[..., :planes].copy()).movedim(3, 1).float() / 127.5 - 1
    return seen.contiguous()


def has_fast_halves(device: torch.device) -> bool:
    """Whether products in bfloat16 are faster than in float32 here."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

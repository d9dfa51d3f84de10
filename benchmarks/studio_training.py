"""Training throughput of the picture GAN against the convolution ceiling of this machine.

python benchmarks/studio_training.py [--quick] [--json]

The ceiling is the fastest convolution, forward, that PyTorch reaches here in the same precision, on
one thread, in the same run. Work is what `torch.utils.flop_counter` counts in whole training steps,
penalties included at their lazy share. Beside it: where the time goes, by PyTorch's profiler.
"""

from __future__ import annotations

from _reporting import Row, cpu_seconds, report, row

# isort: split
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from medici.records import Digest
from medici.studio.data.folder import PictureSet
from medici.studio.pictures.gan import Trainer
from medici.studio.pictures.recipe import Recipe
from medici.studio.training.precision import fast_bfloat16

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

BAR = 0.6
# Channels and sides at which one thread has been seen at its best.
CEILING_SHAPES = ((64, 256, 8), (16, 256, 32), (64, 128, 16), (32, 512, 16))
GROUPS = {
    "convolution": ("convolution", "conv2d", "mkldnn"),
    "products": ("addmm", "mm", "bmm", "linear"),
    "norms": ("batch_norm", "native_norm"),
    "optimiser": ("_foreach", "Optimizer", "addcdiv", "lerp"),
    "formats": ("copy_", "to_copy", "clone", "contiguous", "reorder"),
    "pointwise": ("leaky_relu", "add", "mul", "softplus", "softmax", "sub", "div", "fill_", "sum"),
}


class Flops(TorchDispatchMode):
    """Counts operations as `FlopCounterMode` does, which cannot follow gradients of gradients."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.total += count(*args, **(kwargs or {}), out_val=out)
        return out


def ceiling(dtype: torch.dtype, repeats: int) -> float:
    """FLOP a second of the fastest 3×3 convolution."""
    best = 0.0
    for n, channels, side in CEILING_SHAPES:
        layer = torch.nn.Conv2d(channels, channels, 3, padding=1).to(dtype)
        layer = layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        x = torch.randn(n, channels, side, side).to(dtype).to(memory_format=torch.channels_last)
        with torch.no_grad():
            layer(x)
            seconds = cpu_seconds(lambda layer=layer, x=x: layer(x), repeats)
        best = max(best, 2 * 9 * n * channels**2 * side**2 / seconds)
    return best


def drawings(side: int) -> PictureSet:
    pixels = np.random.default_rng(0).integers(0, 256, (256, side, side, 4), np.uint8)
    pixels[..., 3] = np.where(pixels[..., 3] > 100, 255, 0)
    pixels[pixels[..., 3] == 0] = 0
    names = tuple(f"{i}.png" for i in range(256))
    return PictureSet(pixels, names, tuple(Digest("0" * 64) for _ in names))


def steps(trainer: Trainer) -> Callable[[], None]:
    """As many steps as hold one of each kind, penalised and not, in their shares."""

    def work() -> None:
        for _ in range(trainer.recipe.lazy):
            trainer.advance()

    return work


def share_by_kind(work: Callable[[], None]) -> dict[str, float]:
    """Where the processor's time goes, as shares of 1."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        work()
    told = dict.fromkeys([*GROUPS, "rest"], 0.0)
    total = 0.0
    for event in profile.key_averages():
        seconds = event.self_cpu_time_total
        total += seconds
        kind = next(
            (k for k, marks in GROUPS.items() if any(m in event.key for m in marks)), "rest"
        )
        told[kind] += seconds
    return {k: round(v / total, 3) for k, v in told.items()}


def measure(asked: argparse.Namespace) -> list[Row]:
    quick = asked.quick
    torch.set_num_threads(1)
    repeats = 2 if quick else 6
    rows: list[Row] = []
    halves = fast_bfloat16(torch.device("cpu"))
    formats = {"float32": torch.float32, **({"bfloat16": torch.bfloat16} if halves else {})}
    ceilings = {name: ceiling(dtype, 3 * repeats) for name, dtype in formats.items()}
    cases: list[tuple[str, int, dict[str, Any]]] = [("default, 16 px", 16, {})]
    if not quick:
        cases += [
            ("r3gan, 16 px", 16, {"body": "r3gan"}),
            ("dcgan, 64 px, rgb", 64, {"head": "rgb", "width": 32, "critic": 32, "batch": 32}),
        ]
    for label, side, settings in cases:
        for precision in formats:
            recipe = Recipe.from_settings({**settings, "side": side, "precision": precision})
            trainer = Trainer(drawings(side), recipe, 0, torch.device("cpu"))
            work = steps(trainer)
            with Flops() as counter:
                work()
            seconds = cpu_seconds(work, repeats)
            flops = counter.total / seconds
            share = flops / ceilings[precision]
            images = recipe.batch * recipe.lazy / seconds
            print(f"{label}, {precision}: {share:.3f}", file=sys.stderr, flush=True)
            rows.append(
                row(
                    f"training, {label}, {precision}: share of the convolution ceiling",
                    share,
                    "of 1",
                    bar=BAR,
                    better="higher",
                    gflops=round(flops / 1e9, 1),
                    ceiling_gflops=round(ceilings[precision] / 1e9, 1),
                    images_a_cpu_second=round(images, 1),
                    time_by_kind=share_by_kind(work),
                )
            )
    return rows


if __name__ == "__main__":
    report("studio_training", __doc__, measure)

"""The small denoiser on one thread: pictures trained and sampled, beside its bare network.

python benchmarks/studio_diffusion.py [--quick] [--json] [--data FOLDER]

Weights are fresh: speed does not depend on what they learnt. Without a folder it trains on noise.
"""

from __future__ import annotations

from _reporting import Row, cpu_seconds, report, row

# isort: split
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from medici.records import Digest
from medici.studio.data.folder import PictureSet, read_folder
from medici.studio.diffusion.family import Diffusion
from medici.studio.diffusion.model import largest_difference
from medici.studio.diffusion.recipe import Recipe, pipeline
from medici.studio.diffusion.trainer import Trainer
from medici.studio.families import load_model

if TYPE_CHECKING:
    import argparse

SAMPLES, ALONE, STEPS = 64, 8, 25


def noise() -> PictureSet:
    pixels = np.random.default_rng(0).integers(0, 256, (256, 16, 16, 4), np.uint8)
    pixels[..., 3] = 255
    names = tuple(f"{i}.png" for i in range(256))
    return PictureSet(pixels, names, tuple(Digest("0" * 64) for _ in names))


def measure(asked: argparse.Namespace) -> list[Row]:
    torch.set_num_threads(1)
    repeats = 2 if asked.quick else 6
    data, rates = read_folder(asked.data) if asked.data else noise(), {}
    for precision in ("float32", "bfloat16"):
        trainer = Trainer(data, Recipe(precision=precision), 0, torch.device("cpu"))
        trainer.advance()
        rates[precision] = trainer.recipe.batch / cpu_seconds(trainer.advance, repeats)
    network = trainer.averaged(trainer.averages[-1])
    x, t = torch.randn(SAMPLES, network.config["in_channels"], 16, 16), torch.tensor(500)
    with torch.no_grad():
        bare = cpu_seconds(lambda: network(x, t), repeats) * STEPS / SAMPLES
        one = cpu_seconds(lambda: network(x[:1], t), repeats) * STEPS
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        pipeline(network).save_pretrained(folder)
        Diffusion().adopt(folder, folder)
        model = load_model(folder)
        model.sample(0, {"steps": 1})
        style = {"steps": STEPS}
        bulk = cpu_seconds(lambda: model.sample_many(range(SAMPLES), style), max(repeats // 3, 1))
        single = cpu_seconds(lambda: model.sample(0, style), repeats)
        together = model.sample_many(range(SAMPLES), style)
        alone = [model.sample(seed, style) for seed in range(ALONE)]
    gaps = [largest_difference(a, b) for a, b in zip(alone, together, strict=False)]
    size = sum(p.numel() for p in network.parameters())
    return [
        row(
            f"training, {size:,} parameters, bfloat16 (peer: float32)",
            rates["bfloat16"],
            "1/cpu-s",
            better="higher",
            peer=rates["float32"],
        ),
        row(
            f"sampling, {STEPS} steps, 64 together (peer: its bare network)",
            SAMPLES / bulk,
            "1/cpu-s",
            bar=0.8 / bare,
            better="higher",
            peer=1 / bare,
        ),
        row(
            "sampling, one alone (peer: its bare network)",
            1 / single,
            "1/cpu-s",
            bar=0.5 / one,
            better="higher",
            peer=1 / one,
        ),
        row("largest difference, alone and among 64", max(gaps), "grey levels", bar=2),
    ]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="pictures of at least 16×16")


if __name__ == "__main__":
    report("studio_diffusion", __doc__, measure, options)

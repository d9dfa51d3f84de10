"""The small denoiser on one thread: pictures trained and sampled a CPU-second, and what floats do.

Run: OMP_NUM_THREADS=1 python benchmarks/studio_diffusion.py DATA [--steps N]; prints JSON.
DATA is a folder of pictures of at least 16×16.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from medici.studio.data.folder import read_folder
from medici.studio.diffusion.family import Diffusion
from medici.studio.diffusion.model import largest_difference
from medici.studio.diffusion.recipe import Recipe, library, schedule
from medici.studio.families import load_model

SAMPLES, ALONE = 64, 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=8, help="timed training steps")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    from medici.studio.diffusion.trainer import Trainer

    data, result = read_folder(options.data), {"batch": Recipe().batch, "ddim_steps": 25}
    for precision in ("float32", "bfloat16"):
        trainer = Trainer(data, Recipe(precision=precision), 0, torch.device("cpu"))
        trainer.advance()
        start = time.process_time()
        for _ in range(options.steps):
            trainer.advance()
        rate = options.steps * trainer.recipe.batch / (time.process_time() - start)
        result[f"trained_per_cpu_s_{precision}"] = round(rate, 1)
    network = trainer.averaged()
    result["parameters"] = sum(p.numel() for p in network.parameters())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        library().DDIMPipeline(unet=network, scheduler=schedule()).save_pretrained(folder)
        Diffusion().adopt(folder, folder)
        model = load_model(folder)
        model.sample(0, {"steps": 1})
        start = time.process_time()
        together = model.sample_many(range(SAMPLES))
        result["sampled_per_cpu_s"] = round(SAMPLES / (time.process_time() - start), 1)
        start = time.process_time()
        alone = [model.sample(seed) for seed in range(ALONE)]
        result["sampled_per_cpu_s_batch_1"] = round(ALONE / (time.process_time() - start), 1)
    gaps = [largest_difference(a, b) for a, b in zip(alone, together, strict=False)]
    result["largest_difference_batch_1_to_64"] = max(gaps)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

"""Textures: seams at every size, speed and memory of the exact renderer, beside PyTorch floats.

python benchmarks/studio_textures.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

# Before numpy: its BLAS reads these once.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

from medici.content import content_digest  # noqa: E402
from medici.studio.families import load_model  # noqa: E402
from medici.studio.textures import metrics  # noqa: E402
from medici.studio.textures.model import TextureModel  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

SEAM_BAR = 0.05
SECONDS_BAR = 2.0
# Textures of each material by side. One border differs from the next by chance (a joint or none),
# so the fewer pixels a border has, the more borders are averaged.
SEAMS = {64: 192, 128: 96, 256: 48, 512: 24, 1024: 6, 2048: 3}
QUICK = {64: 128, 128: 48, 256: 16, 512: 4}


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """Least processor seconds of several goes: neighbours on the machine only ever add."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def torch_seconds(model: TextureModel, side: int, repeats: int) -> float | None:
    """The same network in PyTorch float32, one thread, the whole texture at once."""
    try:
        import torch
    except ImportError:
        return None
    from medici.studio.textures.networks import Generator, Shape

    torch.set_num_threads(1)
    shape = Shape.from_json(model.record.training["shape"])
    network = Generator(shape).eval().to(memory_format=torch.channels_last)
    cells = side // shape.cell
    grid = torch.randn(1, shape.inputs, cells, cells).to(memory_format=torch.channels_last)

    def work() -> None:
        with torch.no_grad():
            network(grid, wrap=True)

    work()
    return cpu_seconds(work, repeats)


def seam(model: TextureModel, side: int, count: int) -> float:
    """Seam excess over all materials, `count` textures of each, on the finished pixels."""
    size = {"width": side, "height": side}
    made = [
        model.sample(seed, {**size, "material": material}).pixels[..., :3]
        for material in model.materials
        for seed in range(count)
    ]
    return metrics.seam_excess(made)


def peak(model: TextureModel, height: int) -> float:
    """Most memory that the network's bands of a texture 512 pixels wide take, in megabytes."""
    grid = model._grid(1, model.parse({"width": 512, "height": height}))
    tracemalloc.start()
    for _ in model.network.bands(grid):
        pass
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return most


def measure(quick: bool) -> dict[str, Any]:
    model = load_model("textures")
    assert isinstance(model, TextureModel)
    repeats = 2 if quick else 5
    rows: list[dict[str, Any]] = []

    def row(name: str, value: float, unit: str, bar: float, **more: Any) -> None:
        rows.append(
            {
                "name": name,
                "value": round(value, 4),
                "unit": unit,
                "peer": more.get("peer"),
                "bar": bar,
                "better": "lower",
                "holds": value <= bar,
            }
        )

    for side, count in (QUICK if quick else SEAMS).items():
        row(
            f"seam excess at {side} px, {count} textures a material (size of the error)",
            abs(seam(model, side, count)),
            "of the inner step",
            SEAM_BAR,
        )
    control = [
        model.sample(s, {"material": m, "width": 256, "height": 256}).pixels[:247, :251, :3]
        for m in model.materials
        for s in range(8)
    ]
    row(
        "control: crops of 251x247, which do not tile, must fail (1 / their excess)",
        1 / max(abs(metrics.seam_excess(control)), 1e-9),
        "",
        1 / SEAM_BAR,
    )
    size = {"width": 1024, "height": 1024}
    peer = torch_seconds(model, 1024, repeats)
    row(
        "1024x1024 albedo, exact, one thread (peer: its network alone in PyTorch float32)",
        cpu_seconds(lambda: model.sample(1, size), repeats),
        "cpu-s",
        SECONDS_BAR,
        peer=round(peer, 3) if peer else None,
    )
    work = model.sample(1, size)
    row("all maps of it", cpu_seconds(lambda: model.maps(work), 1), "cpu-s", 6.0)
    low, high = peak(model, 512), peak(model, 2048 if quick else 8192)
    row("memory of a 16 times (quick: 4) taller texture", high / low, "of the low one", 1.05)
    digest = content_digest(model.sample(3, {"width": 256, "height": 256}))
    again = content_digest(load_model("textures").sample(3, {"width": 256, "height": 256}))
    row("digests that differ after loading again", float(digest != again), "", 0)
    return {"benchmark": "studio_textures", "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    told = measure(options.quick)
    if options.json:
        print(json.dumps(told))
        return
    for r in told["rows"]:
        beside = f"  peer {r['peer']}" if r["peer"] is not None else ""
        print(f"{'ok ' if r['holds'] else 'NO '} {r['name']}: {r['value']} {r['unit']}{beside}")


if __name__ == "__main__":
    main()

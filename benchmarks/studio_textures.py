"""Textures: seams at every size, speed and memory of the exact renderer, beside PyTorch floats.

python benchmarks/studio_textures.py [--quick] [--json]
"""

from __future__ import annotations

from _reporting import Row, cpu_seconds, report, row

# isort: split
import tracemalloc
from typing import TYPE_CHECKING

from medici.content import content_digest
from medici.studio.families import load_model
from medici.studio.textures import metrics
from medici.studio.textures.model import TextureModel
from medici.studio.textures.publish import ALL_SEAMS, seams

if TYPE_CHECKING:
    import argparse

SEAM_BAR = 0.05
SECONDS_BAR = 2.0
SHEET = "src/medici/studio/weights/textures/sheet.png"
# Textures of each material by side. One border differs from the next by chance (a joint or none),
# so the fewer pixels a border has, the more borders are averaged.
QUICK = {64: 128, 128: 48, 256: 16, 512: 4}


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


def peak(model: TextureModel, height: int) -> float:
    """Most memory that the network's bands of a texture 512 pixels wide take, in megabytes."""
    grid = model._grid(1, model.parse({"width": 512, "height": height}))
    tracemalloc.start()
    for _ in model.network.bands(grid):
        pass
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return most


def measure(asked: argparse.Namespace) -> list[Row]:
    quick = asked.quick
    model = load_model("textures")
    assert isinstance(model, TextureModel)
    repeats = 2 if quick else 5
    rows = []
    counts = QUICK if quick else ALL_SEAMS
    for side, (excess, error) in seams(model, counts).items():
        name = f"seam excess at {side} px, {counts[side]} textures a material (size of the error)"
        rows.append(row(name, abs(excess), "of the inner step", bar=SEAM_BAR))
        rows.append(row(f"standard error of it at {side} px", error, "of the inner step"))
    control = [
        model.sample(s, {"material": m, "width": 256, "height": 256}).pixels[:247, :251, :3]
        for m in model.materials
        for s in range(8)
    ]
    size = {"width": 1024, "height": 1024}
    peer = torch_seconds(model, 1024, repeats)
    ours = cpu_seconds(lambda: model.sample(1, size), repeats)
    work = model.sample(1, size)
    maps = cpu_seconds(lambda: model.maps(work), 1)
    low, high = peak(model, 512), peak(model, 2048 if quick else 8192)
    digest = content_digest(model.sample(3, {"width": 256, "height": 256}))
    again = content_digest(load_model("textures").sample(3, {"width": 256, "height": 256}))
    excess = abs(metrics.seam_excess(control))
    name = "1024x1024 albedo, exact, one thread (peer: its network alone in PyTorch float32)"
    tall = "memory of a 16 times (quick: 4) taller texture"
    return [
        *rows,
        row(
            "control: crops of 251x247, which do not tile, must fail",
            excess,
            "of the inner step",
            bar=SEAM_BAR,
            better="higher",
        ),
        row(name, ours, "cpu-s", bar=SECONDS_BAR, peer=peer),
        row("all maps of it", maps, "cpu-s", bar=6.0),
        row(tall, high / low, "of the low one", bar=1.05),
        row("digests that differ after loading again", digest != again, bar=0),
    ]


if __name__ == "__main__":
    report(
        "studio_textures",
        __doc__,
        measure,
        pictures={"three materials, and each tiled two by two": SHEET},
    )

"""Textures: seams at every size, speed and memory of the exact renderer, beside PyTorch floats.

python benchmarks/studio_textures.py [--quick] [--json]

Seams in two steps (docs/metrics.md): rolling the grid rolls works and maps bit for bit, so the
border is a border between cells like any other; and borders between cells step as other lines do.
"""

from __future__ import annotations

from _reporting import Row, cpu_seconds, report, row

# isort: split
import tracemalloc
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from medici.content import content_digest
from medici.studio.exact.network import Network
from medici.studio.families import load_model
from medici.studio.textures import metrics, seams
from medici.studio.textures.model import TextureModel

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray

SEAM_BAR = 0.05
SECONDS_BAR = 2.0
SHEET = "src/medici/studio/weights/textures/sheet.png"
UNIT = "of the other step"
QUICK = 256  # pixels: larger sides are left out; fewer pictures would say too little
# Cells down and across; half of the picture is added to them.
ROLLS = ((1, 0), (0, 1), (-3, 5))
CONTROL = {"width": 256, "height": 256}


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


def rolled(model: TextureModel, sides: tuple[int, ...]) -> list[Row]:
    """The proof: pixels of works and maps from rolled grids that are not the plain ones, rolled."""
    odd = 0
    for side in sides:
        half = side // model.network.cell // 2
        for material in model.materials:
            style = {"material": material, "width": side, "height": side}
            odd += seams.odd_pixels(model, 1, style, [*ROLLS, (half, half + 1)])
    kinds = f"{len(model.materials)} materials with their maps, {len(ROLLS) + 1} rolls each"
    name = f"pixels that differ when the grid is rolled, {sides[0]} to {sides[-1]} px, {kinds}"
    return [row(name, odd, bar=0)]


def borders(model: TextureModel, counts: dict[int, int]) -> list[Row]:
    """Borders between cells against other lines; the border as it lies, against its like and all.

    Where materials have a row each, the one that is worst is told.
    """
    rows = []
    for side, found in seams.measure(model, counts).items():
        most = max(one.most for one in found.cells.values())
        least = max(one.least for one in found.own.values())
        name = f"borders of cells against other lines at {side} px, with 2 standard errors"
        rows.append(row(name, most, UNIT, bar=SEAM_BAR))
        name = f"the border against its like at {side} px, less 2 standard errors"
        rows.append(row(name, least, UNIT, bar=SEAM_BAR))
        name = f"the border against all inner lines at {side} px"
        rows.append(row(name, abs(found.plain.value), UNIT))
        rows.append(row("standard error of it", found.plain.error, UNIT))
    return rows


def controls(model: TextureModel) -> list[Row]:
    """What must fail: no wrap, lines at the border or at cells, and crops that do not tile."""
    padded = copy(model)
    padded.network = copy(model.network)
    layers = [replace(layer, wrap=False) for layer in model.network.network.layers]
    padded.network.network = Network(layers)
    odd = seams.odd_pixels(padded, 1, CONTROL, [(0, 3)])
    torn = max(one.least for one in seams.measure(padded, {256: 9})[256].own.values())
    plain, moved = (lined(m, 1, "grass", 256, 1) for m in (model, seams.moved(model, 3)))
    line = (moved != np.roll(plain, 3 * model.network.cell, 0)).any(-1).sum()
    cell = model.network.cell
    steps = [seams.steps(lined(model, s, "gravel", cell, 16), cell, (1, 1)) for s in range(9)]
    cells = np.array(steps)
    ruled = seams.excess(cells[:, 0], cells[:, 1]).least
    crops = [
        model.sample(s, {"material": m, **CONTROL}).pixels[:247, :251, :3]
        for m in model.materials
        for s in range(8)
    ]
    excess = abs(metrics.seam_excess(crops))
    told = [
        ("the grid rolled, zeros beyond the border", odd, "pixels", 1),
        ("the grid rolled, its first row one grey level lighter", line, "pixels", 1),
        ("the border against its like, zeros beyond the border", torn, UNIT, SEAM_BAR),
        ("borders of cells, the first lines of each 16 levels lighter", ruled, UNIT, SEAM_BAR),
        ("the border against all inner lines, crops of 251x247", excess, UNIT, SEAM_BAR),
    ]
    return [
        row(f"control, must fail: {name}", value, unit, bar=bar, better="higher")
        for name, value, unit, bar in told
    ]


def lined(
    model: TextureModel, seed: int, material: str, every: int, levels: int
) -> NDArray[np.uint8]:
    """A texture with a row and a column lighter every so many of them."""
    made = model.sample(seed, {"material": material, **CONTROL}).pixels[..., :3].astype(int)
    made[::every] += levels
    made[:, ::every] += levels
    return np.clip(made, 0, 255).astype(np.uint8)


def measure(asked: argparse.Namespace) -> list[Row]:
    quick = asked.quick
    model = load_model("textures")
    assert isinstance(model, TextureModel)
    repeats = 2 if quick else 5
    counts = {s: n for s, n in seams.TEXTURES.items() if s <= QUICK or not quick}
    rows = [*rolled(model, tuple(counts)), *borders(model, counts), *controls(model)]
    size = {"width": 1024, "height": 1024}
    peer = torch_seconds(model, 1024, repeats)
    ours = cpu_seconds(lambda: model.sample(1, size), repeats)
    work = model.sample(1, size)
    maps = cpu_seconds(lambda: model.maps(work), 1)
    low, high = peak(model, 512), peak(model, 2048 if quick else 8192)
    digest = content_digest(model.sample(3, {"width": 256, "height": 256}))
    again = content_digest(load_model("textures").sample(3, {"width": 256, "height": 256}))
    name = "1024x1024 albedo, exact, one thread (peer: its network alone in PyTorch float32)"
    tall = "memory of a 16 times (quick: 4) taller texture"
    return [
        *rows,
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

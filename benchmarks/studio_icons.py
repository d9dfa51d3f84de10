"""Icons: speed of the exact renderer, cleanness of the vectors, and the recorded contest of bodies.

python benchmarks/studio_icons.py [--quick] [--json]

The contest is trained by ``tools/icons_contest.py``; its recorded results are read here.
"""

from __future__ import annotations

from _reporting import Row, cpu_seconds, report, row

# isort: split
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from medici.studio.families import load_model
from medici.studio.icons import vector
from medici.studio.icons.model import IconModel

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray

RESULT = Path(__file__).parent / "results" / "icons-bodies.json"
BULK = 128
TRACED = 64


def ink_of(svg: str) -> NDArray[np.bool_]:
    """An SVG as ink or none at 512 pixels."""
    import resvg_py

    png = resvg_py.svg_to_bytes(svg_string=svg, width=512, height=512)
    pixels = np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA"))
    return (pixels[..., 3] > 127) & (pixels[..., :3].max(-1) < 128)


def traced_by_vtracer(ink: NDArray[np.bool_]) -> str:
    """The same pixels traced by vtracer with its own settings for line art."""
    import vtracer

    data = io.BytesIO()
    Image.fromarray(np.where(ink, 0, 255).astype(np.uint8)).convert("RGB").save(data, "PNG")
    return str(
        vtracer.convert_raw_image_to_svg(data.getvalue(), img_format="png", colormode="binary")
    )


def nodes(svg: str) -> int:
    return sum(svg.count(kind) for kind in "CLQ")


def vectors(model: IconModel, count: int) -> dict[str, float]:
    """Overlap with the rendered icon and nodes, ours and vtracer's, means over icons."""
    ours, theirs, mine, peers = [], [], [], []
    for seed in range(count):
        work = model.sample(seed, {"scale": 16})
        ink = work.pixels[..., 3] > 127
        if not ink.any():
            continue
        style, grey = model.parse(work.style), model.greys([seed], work.style)[0]
        own, other = vector.svg(grey, style, seed).decode(), traced_by_vtracer(ink)
        for svg, overlaps, counts in ((own, ours, mine), (other, theirs, peers)):
            again = ink_of(svg)
            overlaps.append((ink & again).sum() / (ink | again).sum())
            counts.append(nodes(svg))
    return {
        "overlap": float(np.mean(ours)),
        "worst": float(np.min(ours)),
        "peer_overlap": float(np.mean(theirs)),
        "nodes": float(np.mean(mine)),
        "peer_nodes": float(np.mean(peers)),
    }


def measure(asked: argparse.Namespace) -> list[Row]:
    quick = asked.quick
    model = load_model("icons")
    assert isinstance(model, IconModel)
    repeats = 2 if quick else 5
    rows: list[Row] = []

    def add(name: str, value: float, unit: str, bar: float, better: str, peer: Any = None) -> None:
        rows.append(row(name, value, unit, bar=bar, better=better, peer=peer))

    model.greys(range(8))
    bulk = BULK / cpu_seconds(lambda: model.greys(range(BULK)), repeats)
    add("icons before finishing, exact, bulk", bulk, "1/cpu-s", 50, "higher")
    finished = 32 / cpu_seconds(lambda: model.sample_many(range(32)), repeats)
    add("finished 512x512 icons, exact", finished, "1/cpu-s", 25, "higher")
    one = min(cpu_seconds(lambda s=s: model.sample(s), 1) for s in range(4 * repeats)) * 1000
    add("one finished icon", one, "ms cpu", 100, "lower")
    together = model.greys(range(24))
    alone = sum(int((model.greys([s])[0] != together[s]).any()) for s in range(24))
    add("icons that differ between batch 1 and 24", alone, "of 24", 0, "lower")
    traced = vectors(model, 16 if quick else TRACED)
    peer = round(traced["peer_overlap"], 4)
    name = "overlap of SVG and rendered icon at 512 px (peer: vtracer)"
    add(name, traced["overlap"], "IoU, mean", 0.97, "higher", peer)
    add("the worst of them", traced["worst"], "IoU", 0.9, "higher")
    name = "nodes of an SVG (peer: vtracer; bar: half of it)"
    peer = round(traced["peer_nodes"], 1)
    add(name, traced["nodes"], "nodes, mean", traced["peer_nodes"] / 2, "lower", peer)
    bodies = json.loads(RESULT.read_text("utf-8"))["bodies"]
    codes, gan = (bodies[b]["metrics"]["rows"] for b in ("codes", "gan"))
    spent = f"{bodies['codes']['cpu_seconds']:.0f} and {bodies['gan']['cpu_seconds']:.0f} cpu-s"
    for figure, better in (
        ("fid", "lower"),
        ("precision", "higher"),
        ("recall", "higher"),
        ("coverage", "higher"),
    ):
        value, peer = codes["model"][figure], gan["model"][figure]
        name = f"{figure}, codes (peer and bar: GAN on earlier icons; recorded, {spent})"
        add(name, value, "", peer, better, round(peer, 4))
    return rows


if __name__ == "__main__":
    report(
        "studio_icons",
        __doc__,
        measure,
        pictures={
            "160 icons, seeds 0 to 159, unselected": "src/medici/studio/weights/icons/sheet.png"
        },
    )

"""Smooth pictures as SVG: how near the curves are to the picture, and how few, beside vtracer.

python benchmarks/studio_vectors.py [--quick] [--json]

A pixel differs when a channel is off by more than 8 of 255 levels. Borders are the pixels on either
side of every change of colour: renderers soften them, so that there nearly every pixel differs;
"hard" is the same file drawn without softening.
"""

from __future__ import annotations

from _reporting import Row, cpu_seconds, report, row

# isort: split
import io
import re
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from studio_icons import nodes

from medici.studio.families import load_model

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

SIDE, WORKS, QUICK = 512, 64, 16
LEAST = 8


def drawn(svg: str, *, hard: bool = False) -> Pixels:
    """An SVG at 512 pixels, drawn by resvg."""
    import resvg_py

    if hard:
        svg = re.sub(r"<svg\b", '<svg shape-rendering="crispEdges"', svg, count=1)
    png = resvg_py.svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA"))


def traced_by_vtracer(pixels: Pixels) -> str:
    """The same pixels traced by vtracer with its own settings."""
    import vtracer

    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return str(vtracer.convert_raw_image_to_svg(data.getvalue(), img_format="png"))


def borders(pixels: Pixels) -> NDArray[np.bool_]:
    """The pixels on either side of every change of colour."""
    out = np.zeros(pixels.shape[:2], bool)
    across = (pixels[:, 1:] != pixels[:, :-1]).any(-1)
    down = (pixels[1:] != pixels[:-1]).any(-1)
    out[:, 1:] |= across
    out[:, :-1] |= across
    out[1:] |= down
    out[:-1] |= down
    return out


def judged(svg: str, pixels: Pixels) -> dict[str, float]:
    """One file beside the picture that it should be."""

    def off(again: Pixels) -> NDArray[np.bool_]:
        gaps: NDArray[np.bool_] = np.abs(again.astype(int) - pixels).max(-1) > LEAST
        return gaps

    soft = off(drawn(svg))
    own = {bytes(c).hex() for c in np.unique(pixels[..., :3].reshape(-1, 3), axis=0)}
    fills = set(re.findall(r'fill="#([0-9a-fA-F]{6})"', svg))
    return {
        "inside": float((soft & ~borders(pixels)).mean()),
        "all": float(soft.mean()),
        "hard": float(off(drawn(svg, hard=True)).mean()),
        "nodes": nodes(svg),
        "bytes": len(svg.encode()),
        "strange": len({fill.lower() for fill in fills} - own),
    }


def measure(asked: argparse.Namespace) -> list[Row]:
    model = load_model("ink")
    works = [model.sample(s, {"scale": 4}) for s in range(QUICK if asked.quick else WORKS)]
    ours = [judged(model.export(work, "svg").decode(), work.pixels) for work in works]
    theirs = [judged(traced_by_vtracer(work.pixels), work.pixels) for work in works]

    def mean(of: list[dict[str, float]], key: str) -> float:
        return float(np.mean([one[key] for one in of]))

    rows: list[Row] = []

    def add(name: str, key: str, unit: str, bar: float) -> None:
        rows.append(row(name, mean(ours, key), unit, bar=bar, peer=mean(theirs, key)))

    def percent(name: str, key: str, bar: float) -> None:
        value, peer = 100 * mean(ours, key), 100 * mean(theirs, key)
        rows.append(row(name, value, "%, mean", bar=bar, peer=peer))

    percent("pixels that differ, away from borders (peer: vtracer)", "inside", 0.03)
    worst = 100 * max(one["inside"] for one in ours)
    rows.append(row("the worst of them", worst, "%", bar=0.1))
    percent("pixels that differ, hard edges (peer: vtracer)", "hard", 0.7)
    percent("pixels that differ, soft edges (peer: vtracer)", "all", 2)
    add("nodes (peer: vtracer; bar: its)", "nodes", "mean", mean(theirs, "nodes"))
    add("size (peer: vtracer; bar: a third of it)", "bytes", "bytes", mean(theirs, "bytes") / 3)
    add("colours that the picture has not (peer: vtracer)", "strange", "mean", 0)
    spent = cpu_seconds(lambda: [model.export(work, "svg") for work in works[:4]], 3) / 4
    again = cpu_seconds(lambda: [traced_by_vtracer(work.pixels) for work in works[:4]], 3) / 4
    name = "time of a file, the picture drawn anew (peer: vtracer)"
    rows.append(row(name, 1000 * spent, "ms cpu", bar=1000, peer=1000 * again))
    return rows


if __name__ == "__main__":
    report("studio_vectors", __doc__, measure)

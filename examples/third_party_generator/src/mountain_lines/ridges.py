"""The drawing itself: integers in, integers out, so a seed draws the same on every machine.

Heights are value noise over (place along the line, number of the line) in five octaves. How much
each octave counts was learnt from pictures. Lines are drawn from back to front, and each one hides
what lies behind it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

OCTAVES = 5
_ONE = 256  # fixed point of positions within a lattice cell
_KNOTS = 34  # knots along a line in the finest octave, and two to spare


@dataclass(frozen=True, slots=True)
class Ridges:
    """What was learnt.

    Attributes:
        octaves: (5,) int32, how much each octave counts, coarsest first; they sum to 1000.
        colours: (2, 3) uint8, ground and line.
    """

    octaves: NDArray[np.int32]
    colours: NDArray[np.uint8]


def heights(learnt: Ridges, seed: int, lines: int, width: int) -> NDArray[np.int64]:
    """Height of every line at every place, (lines, width), 0 to 2000."""
    total = np.zeros((lines, width), np.int64)
    for octave in range(OCTAVES):
        cells = 2 << octave
        knots = _knots(seed, octave, lines)
        x, dx = _lattice(width, cells)
        y, dy = _lattice(lines, max(1, lines // 2))
        near = _mix(knots[y][:, x], knots[y][:, x + 1], dx[None])
        far = _mix(knots[y + 1][:, x], knots[y + 1][:, x + 1], dx[None])
        total += int(learnt.octaves[octave]) * _mix(near, far, dy[:, None])
    place = np.arange(width, dtype=np.int64)
    # A parabola squared: the mountain stands in the middle, the edges are calm.
    bump = place * (width - 1 - place) * 2000 // max(1, (width - 1) ** 2 // 2)
    # So is the noise: peaks stand out, valleys are wide.
    peaks = (total // 1000) ** 2 // 500
    return peaks * (bump * bump // 1000) // 1000


def _knots(seed: int, octave: int, lines: int) -> NDArray[np.int64]:
    """Random heights on the lattice, 0 to 999."""
    rows = lines + 2
    told = f"mountain-lines/1/{seed}/{octave}".encode()
    stream = hashlib.shake_256(told).digest(2 * rows * _KNOTS)
    words = np.frombuffer(stream, ">u2").astype(np.int64)
    return words.reshape(rows, _KNOTS) * 1000 >> 16


def _lattice(length: int, cells: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each place its cell, and where in it, smoothed: 3t² - 2t³ in fixed point."""
    position = np.arange(length, dtype=np.int64) * cells * _ONE // max(1, length)
    cell, t = position // _ONE, position % _ONE
    return cell, t * t * (3 * _ONE - 2 * t) // (_ONE * _ONE)


def _mix(a: NDArray[np.int64], b: NDArray[np.int64], t: NDArray[np.int64]) -> NDArray[np.int64]:
    return (a * (_ONE - t) + b * t) // _ONE


def tops(high: NDArray[np.int64], size: int, relief: int) -> NDArray[np.int64]:
    """Row of the picture in which each line runs, (lines, width), back to front."""
    lines = len(high)
    first, last = size * 2 // 7, size * 6 // 7
    base = first + np.arange(lines, dtype=np.int64)[:, None] * (last - first) // max(1, lines - 1)
    return np.maximum(base - high * relief * size // 400_000, 1)


def draw(learnt: Ridges, seed: int, size: int, lines: int, relief: int) -> NDArray[np.uint8]:
    """(size, size, 4) uint8."""
    margin = size // 8
    width = size - 2 * margin
    rows = tops(heights(learnt, seed, lines, width), size, relief)
    ground, ink = (np.array([*c, 255], np.uint8) for c in learnt.colours)
    picture = np.tile(ground, (size, size, 1))
    inside = picture[:, margin : margin + width]
    down = np.arange(size)[:, None]
    thick = max(1, size // 256)
    for row in rows:
        # Steep places are joined: a line covers all rows between one place and the next.
        other = np.append(row[1:], row[-1])
        top, bottom = np.minimum(row, other), np.maximum(row, other) + thick - 1
        inside[(down >= row) & (down < row + size // 4)] = ground
        inside[(down >= top) & (down <= bottom)] = ink
    return picture


def outline(learnt: Ridges, seed: int, size: int, lines: int, relief: int) -> str:
    """The same ridges as SVG."""
    margin = size // 8
    width = size - 2 * margin
    rows = tops(heights(learnt, seed, lines, width), size, relief)
    ground, ink = ("#" + colour.tobytes().hex() for colour in learnt.colours)
    paths = [
        f'<path d="M{margin},{size} '
        + " ".join(f"L{margin + x},{y}" for x, y in enumerate(row.tolist()))
        + f' L{margin + width - 1},{size}"/>'
        for row in rows
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
        f'<rect width="{size}" height="{size}" fill="{ground}"/>'
        f'<g fill="{ground}" stroke="{ink}" stroke-width="{max(1, size // 256)}">'
        + "".join(paths)
        + "</g></svg>"
    )


def learn(pictures: NDArray[np.uint8]) -> Ridges:
    """Roughness and colours of pictures.

    Args:
        pictures: (n, 16, 16, 4) uint8.
    """
    light = pictures[..., :3].astype(np.int64) @ np.array([299, 587, 114])
    # Differences at these distances, wide to narrow, say how much each octave counts.
    gaps = [int(np.abs(light[:, :, lag:] - light[:, :, :-lag]).mean()) for lag in (12, 8, 4, 2, 1)]
    # Three quarters as much for each finer octave, or even a smooth picture would give gravel.
    weighed = [(gap + 1) * 3**i >> 2 * i for i, gap in enumerate(gaps)]
    octaves = np.array([1000 * w // max(1, sum(weighed)) for w in weighed], np.int32)
    octaves[0] += 1000 - int(octaves.sum())
    seen = pictures[pictures[..., 3] >= 128][:, :3]
    cells, counts = np.unique(seen & 0xF0, axis=0, return_counts=True)
    common = cells[np.argsort(-counts, kind="stable")]
    ground = common[0] if len(common) else np.zeros(3, np.uint8)
    # The line is whichever common colour stands out most from the ground.
    contrast = np.abs(common[:32].astype(int) - ground.astype(int)).sum(1) if len(common) else []
    ink = common[int(np.argmax(contrast))] if len(common) > 1 else ~ground
    return Ridges(octaves, np.stack([ground, ink]).astype(np.uint8))

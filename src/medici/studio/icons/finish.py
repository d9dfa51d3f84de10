"""From the generator's small grey picture to the pixels of the file, in integers.

The grey values are control points of a bicubic B-spline; its level line is a smooth contour at any
size. docs/spec/icons.md, sections 3 to 5, is the definition.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FULL = 255
LARGEST_SCALE = 32
# The level of the contour in half grey levels, and how far `weight` may move it.
_MIDDLE, _REACH = 255, 120
# Mirror images that agree on so many thousandths of the ink are meant to be symmetric.
_SYMMETRIC = 800


@cache
def spline(side: int, scale: int) -> NDArray[np.float64]:
    """Cubic B-spline at the centres of enlarged pixels, integers times 48·scale³.

    Outside the picture, the border's values go on. Source: de Boor 1978, ch. IX.

    Returns:
        (side · scale, side) float64.
    """
    out = np.zeros((side * scale, side))
    for i in range(side * scale):
        near = (2 * i + 1 - scale) // (2 * scale)
        for j in range(near - 1, near + 3):
            # The distance of the two centres is q / (2 scale) native pixels.
            q = abs(2 * i + 1 - scale - 2 * scale * j)
            if q < 2 * scale:
                weight = 32 * scale**3 - 12 * scale * q**2 + 3 * q**3
            else:
                weight = max(4 * scale - q, 0) ** 3
            out[i, min(max(j, 0), side - 1)] += weight
    return out


def symmetric(grey: NDArray[np.uint8], symmetry: str) -> NDArray[np.uint8]:
    """Make a picture equal to its mirror image: always (``mirror``), or where it nearly is.

    Args:
        grey: (h, w) uint8, w even.
        symmetry: ``none``, ``auto`` or ``mirror``. ``mirror`` copies the left half; ``auto`` takes
            the mean of both halves when they agree on 80 % of the ink.
    """
    if symmetry == "none":
        return grey
    other = grey[:, ::-1]
    if symmetry == "mirror":
        half = grey.shape[1] // 2
        return np.concatenate([grey[:, :half], other[:, half:]], axis=1)
    a, b = grey > FULL // 2, other > FULL // 2
    if int((a & b).sum()) * 1000 < int((a | b).sum()) * _SYMMETRIC:
        return grey
    return np.asarray((grey.astype(np.int64) + other + 1) >> 1, np.uint8)


def level(weight: int) -> int:
    """Height of the contour in half grey levels, for a weight in thousandths."""
    return _MIDDLE - _REACH * weight // 1000


def coverage(grey: NDArray[np.uint8], scale: int, weight: int = 0) -> NDArray[np.uint8]:
    """Ink of every pixel of the file, 0 to 255.

    Args:
        grey: (side, side) uint8, ink at 255.
        scale: pixels a side for each native pixel, at most 32.
        weight: in thousandths, -1000 thin to 1000 bold.

    Returns:
        (side · scale, side · scale) uint8.
    """
    matrix = spline(len(grey), scale)
    # At most 255 · (48 · 32³)² < 2^53: exact in any order.
    field = (matrix @ grey.astype(np.float64) @ matrix.T).astype(np.int64)
    unit = (48 * scale**3) ** 2
    # Contours are about two native pixels soft: so steep, an edge is one pixel wide.
    alpha = ((2 * field - level(weight) * unit) * scale + FULL * unit // 2) // unit
    return np.asarray(np.clip(alpha, 0, FULL), np.uint8)


def paint(
    ink: NDArray[np.uint8],
    colour: tuple[int, int, int],
    ground: tuple[int, int, int] | None,
) -> NDArray[np.uint8]:
    """Ink of one colour on a ground, or on nothing.

    Args:
        ink: (h, w) uint8.
        colour: of the ink.
        ground: colour, or None for transparent.

    Returns:
        (h, w, 4) uint8; pixels without ink on no ground are all zero.
    """
    out = np.zeros((*ink.shape, 4), np.uint8)
    if ground is None:
        out[..., :3] = np.where(ink[..., None] > 0, np.array(colour, np.uint8), 0)
        out[..., 3] = ink
        return out
    share = ink[..., None].astype(np.int64)
    mixed = share * np.array(colour, np.int64) + (FULL - share) * np.array(ground, np.int64)
    out[..., :3] = (2 * mixed + FULL) // (2 * FULL)
    out[..., 3] = FULL
    return out

"""Maps for physically based rendering, from a texture's own light and dark, in integers.

Height is what is bright (or dark, by the material) once large shadows are taken away; the normal
map is its slope; roughness is its unrest; occlusion is what lies lower than what is around it.
Every filter takes its neighbours round the edge, so the maps tile wherever the texture does.
docs/spec/textures.md, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

# Radii of box filters, in native pixels: detail, form, and the shadows that are not height.
_DETAIL, _FORM, _SHADOW = 1, 3, 24
# Height is kept in sixteenths of a Q10 step. A slope of 1 is one native pixel's height a pixel.
_SIXTEENTHS = 16
_FLAT = 1 << 14
_GROUND = 1 << 15


@dataclass(frozen=True, slots=True)
class Maps:
    """What a renderer takes beside the albedo.

    Attributes:
        height: (h, w) uint16, 32768 is the mean level.
        normal: (h, w, 3) uint8, 128 is zero, y upwards (OpenGL), length 127.
        roughness: (h, w) uint8, 255 is matt.
        occlusion: (h, w) uint8, 255 is open.
    """

    height: NDArray[np.uint16]
    normal: NDArray[np.uint8]
    roughness: NDArray[np.uint8]
    occlusion: NDArray[np.uint8]


def maps(tone: Whole, relief: int, scale: int = 1) -> Maps:
    """All maps of a texture.

    Args:
        tone: (h, w) int64, Q10 light.
        relief: strength in thousandths; negative where dark is high.
        scale: pixels a side of each native pixel; filters grow with it.
    """
    form = height(tone, relief, scale)
    return Maps(
        height=np.clip(form + _GROUND, 0, 65535).astype(np.uint16),
        normal=normals(form, scale),
        roughness=roughness(tone, scale),
        occlusion=occlusion(form, scale),
    )


def height(tone: Whole, relief: int, scale: int = 1) -> Whole:
    """Signed height around the mean level, (h, w), in sixteenths of a Q10 step."""
    fine = mean(tone * _SIXTEENTHS, _DETAIL * scale)
    form = mean(fine, _FORM * scale)
    shadow = mean(mean(form, _SHADOW * scale), _SHADOW * scale)
    return ((fine + form) // 2 - shadow) * relief // 1000


def normals(form: Whole, scale: int = 1) -> NDArray[np.uint8]:
    """Unit normals of a height, (h, w) → (h, w, 3) uint8. Source: Sobel's operator."""
    right = 2 * _difference(form, 1) + _difference(np.roll(form, 1, 0), 1)
    right += _difference(np.roll(form, -1, 0), 1)
    down = 2 * _difference(form, 0) + _difference(np.roll(form, 1, 1), 0)
    down += _difference(np.roll(form, -1, 1), 0)
    # Enlarged pixels are smaller: the same form is as steep at every scale.
    vector = np.stack([-right * scale, down * scale, np.full(form.shape, _FLAT)], -1)
    length = roots((vector * vector).sum(-1))[..., None]
    return np.asarray((2 * 127 * vector + length) // (2 * length) + 128, np.uint8)


def _difference(form: Whole, axis: int) -> Whole:
    return np.roll(form, -1, axis) - np.roll(form, 1, axis)


def roughness(tone: Whole, scale: int = 1) -> NDArray[np.uint8]:
    """How restless the surface is, (h, w) uint8; smooth stone about 140, grass about 230."""
    unrest = mean(np.abs(tone - mean(tone, _DETAIL * scale)), _FORM * scale)
    return np.asarray(np.clip(128 + unrest * scale * 5 // 4, 0, 255), np.uint8)


def occlusion(form: Whole, scale: int = 1) -> NDArray[np.uint8]:
    """How much of the sky a point sees, (h, w) uint8, by how far it lies under its surroundings."""
    below = np.maximum(mean(form, 2 * _FORM * scale) - form, 0)
    return np.asarray(np.clip(255 - below // 40, 64, 255), np.uint8)


def mean(values: Whole, radius: int) -> Whole:
    """Mean over a square of 2·radius + 1 pixels a side, round the edge, rounded down."""
    side = 2 * radius + 1
    total = values
    for axis in (0, 1):
        # A window wider than the picture meets the same pixels again, as often as it should.
        length = total.shape[axis]
        around = np.take(total, np.arange(-radius - 1, length + radius), axis, mode="wrap")
        running = np.cumsum(around, axis)
        upper = np.take(running, np.arange(side, length + side), axis)
        total = upper - np.take(running, np.arange(length), axis)
    return total // (side * side)


def roots(squares: Whole) -> Whole:
    """Integer square roots, rounded down, of numbers below 2^52."""
    guess = np.sqrt(squares.astype(np.float64)).astype(np.int64)
    guess -= guess * guess > squares
    return guess + ((guess + 1) * (guess + 1) <= squares)

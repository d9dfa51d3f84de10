"""Titles for works, from what can be seen in them: the ground's colour, and a number.

Deterministic, so that a re-run of a round names its works alike.
"""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.records import Rendering

_NOUNS = {"picture": "Portrait", "texture": "Texture", "icon": "Icon"}

_HUES = (
    (15, "Vermilion"),
    (40, "Ochre"),
    (65, "Saffron"),
    (90, "Olive"),
    (150, "Verdigris"),
    (190, "Celadon"),
    (215, "Cerulean"),
    (250, "Lapis"),
    (290, "Violet"),
    (335, "Rose"),
    (360, "Vermilion"),
)


def colour_name(red: int, green: int, blue: int) -> str:
    """A painter's name for a colour, sRGB 0 to 255."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    if value < 0.18:
        return "Lamp Black"
    if saturation < 0.09:
        return "Lead White" if value > 0.8 else "Grisaille"
    name = next(name for limit, name in _HUES if hue * 360 <= limit)
    return f"Pale {name}" if saturation < 0.4 and value > 0.7 else name


def noun(work: Rendering) -> str:
    """What a work is called: ``Portrait``, ``Texture``, ``Icon`` …."""
    return _NOUNS.get(work.kind, "Work")


def title(noun: str, number: int, pixels: NDArray[np.uint8]) -> str:
    """Such as ``Portrait 12, Lapis``.

    Args:
        noun: what the works are, singular.
        number: the seed, or the number in the firm's list.
        pixels: (h, w, 4) uint8; its most frequent colour names it.
    """
    flat = np.ascontiguousarray(pixels[..., :3]).reshape(-1, 3).astype(np.uint32)
    keys, counts = np.unique(flat @ np.array([65536, 256, 1], np.uint32), return_counts=True)
    key = int(keys[np.argmax(counts)])
    return f"{noun} {number}, {colour_name(key >> 16, key >> 8 & 255, key & 255)}"

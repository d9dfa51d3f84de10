"""Titles for works, from what is seen or heard in them, and a number.

Deterministic, so that a re-run of a round names its works alike.
"""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.records import Audio, Rendering

_NOUNS = {"picture": "Portrait", "texture": "Texture", "icon": "Icon", "music": "Chorale"}

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


def title(work: Rendering) -> str:
    """Such as ``Portrait 12, Lapis`` or ``Chorale 12, on G``; the number is the seed."""
    noun = _NOUNS.get(work.kind, "Work")
    seen = _colour(work.pixels) if work.audio is None else f"on {last_bass(work.audio)}"
    return f"{noun} {work.seed}, {seen}"


def _colour(pixels: NDArray[np.uint8]) -> str:
    """The name of the most frequent colour of (h, w, 4) uint8."""
    flat = np.ascontiguousarray(pixels[..., :3]).reshape(-1, 3).astype(np.uint32)
    keys, counts = np.unique(flat @ np.array([65536, 256, 1], np.uint32), return_counts=True)
    key = int(keys[np.argmax(counts)])
    return colour_name(key >> 16, key >> 8 & 255, key & 255)


def last_bass(audio: Audio) -> str:
    """The note that the music comes to rest on: the lowest one heard at its end."""
    from medici.studio.music.score import TONICS

    heard = audio.samples.sum(axis=1, dtype=np.float64)
    block = audio.rate // 10
    loudness = np.square(heard[: len(heard) // block * block].reshape(-1, block)).mean(axis=1)
    sounding = np.flatnonzero(loudness > loudness.max(initial=0) / 9)
    end = (int(sounding[-1]) + 1) * block if len(sounding) else len(heard)
    last = heard[max(end - audio.rate, 0) : end]
    points = 1 << 17
    power = np.abs(np.fft.rfft(last * np.hanning(len(last)), points)) ** 2
    low, high = (round(hertz * points / audio.rate) for hertz in (60, 500))
    power = power[low:high]
    within = power[1:-1]
    peaks = (within > power[:-2]) & (within >= power[2:]) & (within > power.max(initial=0) / 100)
    if not peaks.any():
        return "Silence"
    hertz = (low + 1 + int(peaks.argmax())) * audio.rate / points
    return TONICS[round(12 * np.log2(hertz / 440) + 69) % 12]

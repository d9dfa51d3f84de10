"""Regular repetition in a texture: courses of bricks, weaves, tiles, read off the spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# A repetition counts when its line in the spectrum holds this share of the picture's variance.
SHARE = 0.05
_LONGEST = 160.0
_SHORTEST = 6.0
_FINER = 4


def strongest(
    pictures: Sequence[NDArray[np.uint8]], most: int = 1
) -> tuple[tuple[float, float], ...]:
    """The strongest repetitions of a material, strongest first.

    Args:
        pictures: each (h, w, planes) uint8; the largest is read.
        most: how many to look for.

    Returns:
        wave vectors (cycles a pixel down, across); none for irregular materials.
    """
    picture = max(pictures, key=lambda p: p.shape[0] * p.shape[1])
    grey = picture.astype(np.float64).mean(2)
    window = np.hanning(grey.shape[0])[:, None] * np.hanning(grey.shape[1])
    grey = (grey - grey.mean()) * window
    # Zeros around refine the place of a line; its energy spreads over as many more bins.
    high, wide = (_FINER * side for side in grey.shape)
    power = np.abs(np.fft.rfft2(grey, (high, wide))) ** 2
    power[:, 1:] *= 2
    down, across = np.fft.fftfreq(high)[:, None], np.fft.rfftfreq(wide)[None]
    length = np.hypot(down, across)
    total = power.sum()
    power = np.where((length < 1 / _LONGEST) | (length > 1 / _SHORTEST), 0.0, power)
    found: list[tuple[float, float]] = []
    for _ in range(most):
        y, x = (int(i) for i in np.unravel_index(int(power.argmax()), power.shape))
        wave = (
            _turning(down[y, 0] + _summit(power[:, x], y) / high, grey.shape[0]),
            _turning(across[0, x] + _summit(power[y], x) / wide, grey.shape[1]),
        )
        # The main lobe of the window is four of the picture's own bins wide.
        near = np.zeros(power.shape, bool)
        for sign in (1, -1):
            near |= (np.abs(down - sign * wave[0]) * grey.shape[0] <= 2) & (
                np.abs(across - sign * wave[1]) * grey.shape[1] <= 2
            )
        if power[near].sum() < SHARE * total:
            break
        found.append(wave)
        power = np.where(near, 0.0, power)
    return tuple(found)


def _turning(frequency: float, side: int) -> float:
    """Less than half a turn over the whole picture is no turn at all."""
    return float(frequency) if abs(frequency) * side >= 0.5 else 0.0


def _summit(line: NDArray[np.float64], at: int) -> float:
    """How far beside a bin the line's peak lies, in bins: the top of a parabola through three."""
    before, here, after = np.log(line[[at - 1, at, (at + 1) % len(line)]] + 1e-12)
    bend = before - 2 * here + after
    return float((before - after) / (2 * bend)) if bend < 0 else 0.0

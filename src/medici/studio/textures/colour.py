"""Colour for grey textures: ramps from dark to light, with a second ramp that drifts in and out.

All in integers; docs/spec/textures.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.exact.network import ONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

# Name → two ramps from dark to light; a texture drifts between them from place to place.
RAMPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "grey": (("#000000", "#ffffff"), ("#000000", "#ffffff")),
    "terracotta": (
        ("#6b2415", "#9c412a", "#b95c3c", "#cd8a66", "#dcc7ae", "#f1e6d6"),
        ("#4f1a14", "#7d3022", "#a04a35", "#be7a5c", "#d2bca4", "#eadfd0"),
    ),
    "whitewash": (
        ("#5f564a", "#b9ad9c", "#ded5c6", "#efe9dd", "#9d9284", "#857a6d"),
        ("#6a604f", "#c7bba6", "#e7dfcf", "#f6f1e6", "#a89c8c", "#8b8172"),
    ),
    "meadow": (
        ("#0c1a0a", "#21401a", "#3f6b26", "#6b9638", "#a5bd5c", "#e0e3a0"),
        ("#131a0a", "#33421a", "#5d6d28", "#8d9440", "#c2b968", "#ebe0ae"),
    ),
    "autumn": (
        ("#1f0d07", "#54220d", "#8f4313", "#c47a1f", "#e3b04b", "#f5e2a0"),
        ("#160d06", "#3d2a0e", "#6d5118", "#9b8127", "#c9b35a", "#eee0a4"),
    ),
    "limestone": (
        ("#1c1a19", "#4b4640", "#7d766c", "#a89f92", "#cdc5b6", "#f2ede1"),
        ("#16181c", "#3c424a", "#68707a", "#949ba3", "#bfc3c6", "#eceded"),
    ),
    "slate": (
        ("#0b0f14", "#1f2a35", "#3b4a59", "#607183", "#8f9fae", "#cfd9e1"),
        ("#0d1012", "#262b2c", "#454d4b", "#6b7571", "#9aa39d", "#d5dad4"),
    ),
    "sandstone": (
        ("#2b1a0e", "#6b4423", "#a57441", "#cfa267", "#e7c996", "#f9ecd0"),
        ("#291410", "#613022", "#985a40", "#c2886a", "#dfb79b", "#f5e3d2"),
    ),
    "lapis": (
        ("#05071c", "#0e1a52", "#1c3796", "#3b64c9", "#8aa6e2", "#f0d98c"),
        ("#070a24", "#141f5c", "#27489f", "#5a7fd0", "#a9bde8", "#f7e9b8"),
    ),
    "gold": (
        ("#1c0f02", "#5a3807", "#9c6a10", "#d49e22", "#f2cf5b", "#fff6c9"),
        ("#1a0b04", "#53270b", "#935019", "#cc862c", "#efbe6a", "#fff0cf"),
    ),
    "verdigris": (
        ("#0a1412", "#1d3a35", "#357066", "#5ba594", "#98cfbd", "#e2f3e8"),
        ("#1a110a", "#4a2f1a", "#7d5530", "#a58357", "#bfb48f", "#e6ead6"),
    ),
}
_STEPS = 256


def table(stops: Sequence[str]) -> Whole:
    """A ramp's colours for 256 tones, (256, 3) int64; stops are evenly spaced, dark to light."""
    colours = np.array([[int(s[i : i + 2], 16) for i in (1, 3, 5)] for s in stops], np.int64)
    spans = len(colours) - 1
    at = np.arange(_STEPS) * spans
    lower = np.minimum(at // (_STEPS - 1), spans - 1)
    part = (at - lower * (_STEPS - 1))[:, None]
    mixed = colours[lower] * (_STEPS - 1 - part) + colours[lower + 1] * part
    return np.asarray((mixed + (_STEPS - 1) // 2) // (_STEPS - 1))


def pair(ramp: str | Sequence[str]) -> Whole:
    """Both tables of a named ramp, or one given ramp twice: (2, 256, 3) int64."""
    two = RAMPS[ramp] if isinstance(ramp, str) else (ramp, ramp)
    return np.stack([table(stops) for stops in two])


def tones(values: Whole, low: int, high: int) -> Whole:
    """Q10 light as tones 0 to 255, where `low` and `high` (Q10) are the ends of the ramp."""
    return np.clip((values - low) * (_STEPS - 1) // max(high - low, 1), 0, _STEPS - 1)


def coloured(tone: Whole, tables: Whole, drift: Whole) -> Whole:
    """Tones through a pair of ramps.

    Args:
        tone: (h, w), 0 to 255.
        tables: (2, 256, 3) from `pair`.
        drift: (h, w) Q10, 0 takes the first ramp, 1024 the second.

    Returns:
        (h, w, 3) int64, 0 to 255.
    """
    first, second = tables[0][tone], tables[1][tone]
    return np.asarray(first + ((second - first) * drift[..., None] + ONE // 2) // ONE)


def spread(cells: Whole, side: int, rows: range, across: int) -> Whole:
    """A field given in cells, between them, round the edge: linear in both directions.

    Args:
        cells: (h, w, …) int64, at the middle of each cell.
        side: pixels a side of a cell.
        rows: which rows of pixels.
        across: pixels in a row; `side` times the cells.

    Returns:
        (len(rows), across, …) int64, rounded down.
    """
    down = _between(np.asarray(rows), side, len(cells))
    over = _between(np.arange(across), side, cells.shape[1])
    more = (1,) * (cells.ndim - 2)
    above, below, part = down
    part = part.reshape(-1, 1, *more)
    tall = cells[above] * (2 * side - part) + cells[below] * part
    left, right, part = over
    part = part.reshape(1, -1, *more)
    whole = tall[:, left] * (2 * side - part) + tall[:, right] * part
    return np.asarray(whole // (4 * side * side), np.int64)


def _between(at: Whole, side: int, count: int) -> tuple[Whole, Whole, Whole]:
    """Neighbouring cells of pixels and the second one's share, of 2·side."""
    doubled = 2 * at + 1 - side
    lower = doubled // (2 * side)
    return lower % count, (lower + 1) % count, doubled - lower * 2 * side

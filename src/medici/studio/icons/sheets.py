"""Contact sheets of icons: many on one page, finished, to look at."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from medici.store import atomic_write
from medici.studio.icons.finish import coverage, paint
from medici.studio.icons.judging import INK, PAPER

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

COLUMNS, ROWS = 16, 10
_SCALE = 2


def save_sheet(greys: NDArray[np.uint8], path: Path) -> None:
    """Icons in rows on paper, each with room around it, as PNG."""
    from PIL import Image

    rows = len(greys) // COLUMNS
    inks = np.stack([coverage(g, _SCALE) for g in greys[: rows * COLUMNS]])
    room = inks.shape[1] // 8
    inks = np.pad(inks, ((0, 0), (room, room), (room, room)))
    side = inks.shape[1]
    laid = inks.reshape(rows, COLUMNS, side, side).transpose(0, 2, 1, 3)
    page = laid.reshape(rows * side, COLUMNS * side)
    data = io.BytesIO()
    Image.fromarray(paint(page, INK, PAPER)[..., :3]).convert("L").save(data, "PNG", optimize=True)
    atomic_write(path, data.getvalue())

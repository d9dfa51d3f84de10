"""Contact sheets: many small pictures on one page, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.pictures.finish import ground_for

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def sheet(pictures: NDArray[np.uint8], columns: int = 20, scale: int = 4) -> NDArray[np.uint8]:
    """Lay pictures out in rows, enlarged by nearest pixel.

    Args:
        pictures: (n, h, w, 4) uint8; transparent ground gets a colour.
        columns: pictures a row; a last row that is not full is left out.
        scale: pixels a side for each pixel.

    Returns:
        (rows · h · scale, columns · w · scale, 3) uint8.
    """
    rows = len(pictures) // columns
    shown = ground_for(pictures[: rows * columns], seed=3)
    _, h, w, _ = shown.shape
    page = shown.reshape(rows, columns, h, w, 3).transpose(0, 2, 1, 3, 4)
    page = page.reshape(rows * h, columns * w, 3)
    return np.repeat(np.repeat(page, scale, 0), scale, 1)


def save_sheet(pictures: NDArray[np.uint8], path: Path, columns: int = 20, scale: int = 4) -> None:
    """Write a contact sheet as PNG."""
    from PIL import Image

    Image.fromarray(sheet(pictures, columns, scale)).save(path, optimize=True)

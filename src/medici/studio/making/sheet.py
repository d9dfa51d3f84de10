"""Contact sheets: many small pictures on one page, to look at."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import WrongUse
from medici.store import atomic_write
from medici.studio.making.colours import rgb
from medici.studio.making.upscale import LARGEST_SIDE
from medici.studio.pictures.finish import ground_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

PAPER = "#f4f1ea"
_WIDE, _COLUMNS = 4608, 8


def sheet(
    pictures: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
    columns: int = 20,
    scale: int = 4,
    gap: int = 0,
    paper: str = PAPER,
) -> NDArray[np.uint8]:
    """Lay pictures out in rows, enlarged by nearest pixel.

    Args:
        pictures: (n, h, w, 4) uint8, or n pictures of different sizes, which are set into the
            middle of equal cells; transparent ground gets a colour.
        columns: pictures a row; a last row that is not full is filled up with paper.
        scale: pixels a side for each pixel.
        gap: pixels of paper between pictures and around them.
        paper: colour of the page, ``#rrggbb``.

    Returns:
        (height, width, 3) uint8; without a gap rows · h · scale high and columns · w · scale wide.

    Raises:
        WrongUse: no pictures, or the page would be larger than 16,384 pixels a side.
    """
    if not len(pictures):
        raise WrongUse("there are no pictures to lay out")
    if not isinstance(pictures, np.ndarray):
        pictures = _equal(pictures, paper)
    shown = ground_for(pictures, seed=3)
    count, h, w, _ = shown.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    step_y, step_x = h * scale + gap, w * scale + gap
    height, width = rows * step_y + gap, columns * step_x + gap
    if max(height, width) > LARGEST_SIDE:
        raise WrongUse(
            f"the page would be {width}×{height} pixels",
            "fewer pictures, more or fewer columns, or a smaller scale",
        )
    page = np.empty((height, width, 3), np.uint8)
    page[:] = rgb(paper)
    for i, picture in enumerate(shown):
        y, x = gap + i // columns * step_y, gap + i % columns * step_x
        page[y : y + h * scale, x : x + w * scale] = np.repeat(
            np.repeat(picture, scale, 0), scale, 1
        )
    return page


def fitting(width: int, columns: int | None, scale: int | None, gap: int) -> tuple[int, int]:
    """Columns and scale of a page no wider than 4,608 pixels, where they are left open.

    Args:
        width: of the widest picture.
        columns: pictures a row; None takes eight, or as many as fit.
        scale: pixels for each pixel; None takes four, or what fits.
        gap: pixels between pictures.
    """
    scales = [scale] if scale else [4, 3, 2, 1]
    choices = [columns] if columns else range(_COLUMNS, 0, -1)
    for across in choices:
        for large in scales:
            if across * (width * large + gap) + gap <= _WIDE:
                return across, large
    return columns or 1, scale or 1


def save_sheet(
    pictures: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
    path: Path,
    columns: int = 20,
    scale: int = 4,
    gap: int = 0,
) -> None:
    """Write a contact sheet as PNG."""
    save_page(sheet(pictures, columns, scale, gap), path)


def save_page(page: NDArray[np.uint8], path: Path) -> None:
    """Write a page, (h, w, 3 or 4) uint8, as PNG or lossless WebP by its suffix.

    Raises:
        WrongUse: another suffix.
    """
    from PIL import Image

    suffix = path.suffix.lower()
    if suffix not in (".png", ".webp"):
        raise WrongUse(f"{path.name}: pages are written as PNG or WebP", "end the name in .png")
    out = io.BytesIO()
    if suffix == ".png":
        Image.fromarray(page).save(out, "PNG", optimize=True)
    else:
        Image.fromarray(page).save(out, "WEBP", lossless=True)
    atomic_write(path, out.getvalue(), durable=False)


def _equal(pictures: Sequence[NDArray[np.uint8]], paper: str) -> NDArray[np.uint8]:
    """Pictures in equal cells; smaller ones are enlarged by the whole factor that still fits."""
    h = max(p.shape[0] for p in pictures)
    w = max(p.shape[1] for p in pictures)
    cells = np.zeros((len(pictures), h, w, 4), np.uint8)
    if any(p.shape[:2] != (h, w) for p in pictures):
        cells[:] = (*rgb(paper), 255)
    for cell, picture in zip(cells, pictures, strict=True):
        factor = min(h // picture.shape[0], w // picture.shape[1])
        large = np.repeat(np.repeat(picture, factor, 0), factor, 1)
        y, x = (h - large.shape[0]) // 2, (w - large.shape[1]) // 2
        cell[y : y + large.shape[0], x : x + large.shape[1]] = large
    return cells

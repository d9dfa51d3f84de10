"""Sample sheets of music: piano rolls beside each other."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.store import atomic_write
from medici.studio.exact.sequence import Sequence as ExactSequence
from medici.studio.music import plan, roll, tokens
from medici.studio.music.style import Style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.exact.sequence import Weights
    from medici.studio.music.score import Score

TILE = (640, 400)
_GAP = 8
_GROUND = 16


def tiles(weights: Weights, scores: Sequence[Score], n: int, psi: int = 900) -> NDArray[np.uint8]:
    """Piano rolls of the first seeds, (n, h, w, 4) uint8, of integers that are no model yet.

    Args:
        weights: of a sequence.
        scores: what it learns from, for the keys.
        n: how many.
        psi: temperature in thousandths.
    """
    from medici.studio.music.export import key_levels

    levels = key_levels(scores)
    plans = [plan.make_plan(seed, Style(psi), levels) for seed in range(n)]
    told = np.stack([tokens.conditions(p) for p in plans])
    drawing = ExactSequence(weights)
    rows = drawing.draw(drawing.noise("notes", range(n), told.shape[1]), psi, None, told)
    made = [tokens.from_tokens(row, p) for row, p in zip(rows, plans, strict=True)]
    return np.stack([roll.draw(score, *TILE) for score in made])


def of_scores(scores: Sequence[Score]) -> NDArray[np.uint8]:
    """Piano rolls of scores, (n, h, w, 4) uint8."""
    return np.stack([roll.draw(score, *TILE) for score in scores])


def save(pictures: NDArray[np.uint8], path: Path, columns: int = 2) -> None:
    """Pictures in rows, as a PNG file."""
    from PIL import Image

    n, h, w, _ = pictures.shape
    rows = -(-n // columns)
    page: NDArray[Any] = np.full(
        (rows * (h + _GAP) + _GAP, columns * (w + _GAP) + _GAP, 4), _GROUND, np.uint8
    )
    page[..., 3] = 255
    for i, picture in enumerate(pictures):
        row, column = divmod(i, columns)
        y, x = _GAP + row * (h + _GAP), _GAP + column * (w + _GAP)
        page[y : y + h, x : x + w] = picture
    out = BytesIO()
    Image.fromarray(page[..., :3]).save(out, "PNG", optimize=True)
    atomic_write(path, out.getvalue())

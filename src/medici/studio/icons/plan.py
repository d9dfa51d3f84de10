"""Plans: how much ink goes where, on a coarse grid that is drawn before the cells of an icon.

Cells are drawn row by row and cannot look down; told the plan of the whole, they know what is to
come. Coarse before fine: Tian et al. 2024 (arXiv 2404.02905). docs/spec/icons.md, section 2.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 32
GRID = 8
PLANS = (0, 2, 4, 8)
"""Sides that a plan's grid may have; 0 is no plan."""


def plan_of(greys: NDArray[np.uint8], side: int, steps: int) -> NDArray[np.int64]:
    """Ink of each place, from 0 (none) to steps - 1 (full): (n, 32, 32) uint8 → (n, side²).

    A place of B pixels whose grey sums to s has (2·s·(steps - 1) + 255·B) // (2·255·B).
    """
    if not side:
        return np.zeros((len(greys), 0), np.int64)
    block = SIDE // side
    sums = greys.astype(np.int64).reshape(-1, side, block, side, block).sum((2, 4))
    full = 255 * block * block
    return np.asarray((2 * sums * (steps - 1) + full) // (2 * full)).reshape(len(greys), -1)


@cache
def seen_plan(side: int) -> NDArray[np.int64]:
    """Which places of a plan each cell is told of, from where it stands itself.

    Returns:
        (64, (2·side - 1)²) numbers of places, row by row; side² where there is none.
    """
    if not side:
        return np.zeros((GRID * GRID, 0), np.int64)
    cells = np.arange(GRID) * side // GRID
    steps = np.arange(1 - side, side)
    at = cells[:, None] + steps
    inside = (at >= 0) & (at < side)
    whole = at[:, None, :, None] * side + at[None, :, None, :]
    known = inside[:, None, :, None] & inside[None, :, None, :]
    out = np.where(known, whole, side * side)
    return np.asarray(out.reshape(GRID * GRID, -1), np.int64)


def told(plans: NDArray[np.int64], side: int, steps: int) -> NDArray[np.int64]:
    """What each cell is told of a plan, (n, side²) → (n, 64, places); `steps` is outside."""
    outside = np.full((len(plans), 1), steps, np.int64)
    return np.asarray(np.concatenate([plans, outside], axis=1)[:, seen_plan(side)])

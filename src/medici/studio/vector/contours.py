"""Closed level lines of sampled fields, by marching squares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float64]


def level_lines(field: Points) -> list[Points]:
    """Where a field crosses 0, as closed lines.

    What is over 0 lies to one side of each line, so outer lines and holes turn opposite ways.

    Args:
        field: (h, w) samples; a border of them, all below 0, closes the lines.

    Returns:
        one (k, 2) array of x and y a line, in samples.
    """
    # A value of 0 would put a line through a sample and tie it to two others.
    field = np.where(field == 0, -1e-6, field)
    following = _crossings(field)
    lines = []
    while following:
        start = here = next(iter(following))
        line = []
        while here in following:
            line.append(here)
            here = following.pop(here)
        if here == start:
            lines.append(np.array([_place(field, edge) for edge in line]))
    return lines


Edge = tuple[int, int, int]
# Marching squares: a cell's corners clockwise from the upper left are bits 1, 2, 4 and 8, its edges
# top, right, bottom and left are 0 to 3; ink lies to the right of each step, seen with y down.
_STEPS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((0, 3),),
    2: ((1, 0),),
    3: ((1, 3),),
    4: ((2, 1),),
    6: ((2, 0),),
    7: ((2, 3),),
    8: ((3, 2),),
    9: ((0, 2),),
    11: ((1, 2),),
    12: ((3, 1),),
    13: ((0, 1),),
    14: ((3, 0),),
}
# Saddles, where ink meets in the middle and where it does not.
_JOINED = {5: ((0, 1), (2, 3)), 10: ((3, 0), (1, 2))}
_APART = {5: ((0, 3), (2, 1)), 10: ((1, 0), (3, 2))}


def _crossings(field: Points) -> dict[Edge, Edge]:
    """Which crossing of a cell's edge leads to which. Source: Lorensen & Cline 1987.

    An edge is (row, column, 0) to the right of a sample, (row, column, 1) below it.
    """
    inside = (field > 0).astype(np.int64)
    case = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    out: dict[Edge, Edge] = {}
    for y, x in zip(*(a.tolist() for a in np.nonzero((case > 0) & (case < 15))), strict=True):
        number = int(case[y, x])
        saddles = _JOINED if field[y : y + 2, x : x + 2].mean() > 0 else _APART
        edges = ((y, x, 0), (y, x + 1, 1), (y + 1, x, 0), (y, x, 1))
        for a, b in _STEPS.get(number) or saddles[number]:
            out[edges[a]] = edges[b]
    return out


def _place(field: Points, edge: Edge) -> tuple[float, float]:
    """Where the level is crossed on an edge, x and y in samples."""
    y, x, down = edge
    a = field[y, x]
    b = field[y + down, x + 1 - down]
    share = a / (a - b)
    return (x, y + share) if down else (x + share, y)


def area(line: Points) -> float:
    """Signed area of a closed line."""
    x, y = line[:, 0], line[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)

"""Regions as layers: nothing shows between neighbours, and what lies under others is not drawn."""

from __future__ import annotations

import numpy as np

from medici.studio.vector.contours import area
from medici.studio.vector.curves import Drawing, path_data
from medici.studio.vector.layers import layered

DRAWING = Drawing(tolerance=0.05, straight=0.03, arm=0.5, step=0.25)


def disc(side: int, row: float, column: float, radius: float) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    return radius - np.hypot(y - row, x - column)


def points(curve) -> np.ndarray:
    """Some points of a piece, without its end."""
    if len(curve) == 2:
        return curve[:1]
    t = np.arange(8)[:, None] / 8
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    return sum(w * p for w, p in zip(weights, curve, strict=True))


def surface(outlines) -> float:
    return sum(abs(area(np.concatenate([points(c) for c in curves]))) for curves in outlines)


def test_a_layer_goes_on_under_those_above_it():
    ground, lower = np.zeros((40, 40)), disc(40, 20, 20, 12)
    upper = disc(40, 20, 26, 6) + 20 * (disc(40, 20, 26, 6) > 0)
    first, second = layered(np.stack([ground, lower, upper]), 1, DRAWING, 0.1)
    assert len(first) == len(second) == 1
    assert abs(surface(first) / (np.pi * 12**2) - 1) < 0.05
    assert abs(surface(second) / (np.pi * 6**2) - 1) < 0.1


def test_what_nothing_of_is_seen_is_left_out():
    ground, hidden = np.zeros((40, 40)), disc(40, 20, 20, 4)
    over = disc(40, 20, 20, 12) + 20 * (disc(40, 20, 20, 12) > 0)
    below, above = layered(np.stack([ground, hidden, over]), 1, DRAWING, 0.1)
    assert below == []
    assert len(above) == 1


def test_whole_numbers_keep_their_zeros():
    corners = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 20.0]])
    curves = [corners[[0, 1]], corners[[1, 2]], corners[[2, 0]]]
    assert path_data([curves], 1, 0) == "M0 0L100 0L100 20L0 0Z"
    assert path_data([curves], 0.1, 2) == "M0 0L10 0L10 2L0 0Z"

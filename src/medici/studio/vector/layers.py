"""Regions of a picture as layers of outlines, each of which lies over those below it.

Every border between two regions is drawn once, by the upper of the two, and the lower one goes on
under it: renderers that soften edges find no gap between neighbours, and no line is fitted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.vector.contours import area, level_lines
from medici.studio.vector.curves import outline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.vector.contours import Points
    from medici.studio.vector.curves import Curve, Drawing

    Mask = NDArray[np.bool_]

# Samples by which regions go on over the picture's edge, so that it cuts them off cleanly.
_OVER = 3
# How near to what is seen a part counts as seen, in samples: its curves may stray.
_NEAR = 2


def layered(scores: Points, fine: int, drawing: Drawing, least: float) -> list[list[list[Curve]]]:
    """Outlines of the regions in which one score is the largest.

    The lowest region is a full ground and has no outline. A layer is drawn where its score is over
    those of all lower layers, whatever lies on it; what nothing of is seen is left out.

    Args:
        scores: (layers, h, w), the lowest layer first.
        fine: samples a unit of the outlines.
        drawing: how closely lines are followed, in units.
        least: area in units below which an outline is left out.

    Returns:
        for each layer but the lowest its outlines from the picture's corner, for even-odd filling.
    """
    scores = np.pad(scores, ((0, 0), (_OVER, _OVER), (_OVER, _OVER)), mode="edge")
    top = scores.argmax(0)
    out = []
    for i in range(1, len(scores)):
        field = _seen(scores[i] - scores[:i].max(0), top == i, top < i)
        field[[0, -1]] = field[:, [0, -1]] = -1
        lines = [(line - (_OVER - 0.5)) / fine for line in level_lines(field)]
        out.append([outline(line, drawing) for line in lines if abs(area(line)) >= least])
    return out


def _seen(field: Points, here: Mask, below: Mask) -> Points:
    """A layer without those of its parts and holes that lie wholly under others."""
    least = float(np.abs(field).max(initial=0)) * 1e-6 or 1.0
    drawn = field > 0
    field = np.where(drawn & ~_connected(_around(here, _NEAR), drawn), -least, field)
    bare = field <= 0
    return np.where(bare & ~_connected(_around(below, _NEAR), bare), least, field)


def _connected(seeds: Mask, within: Mask) -> Mask:
    """All of `within` that can be reached from the seeds in it."""
    found = seeds & within
    while True:
        more = _around(found, 1) & within
        if (more == found).all():
            return found
        found = more


def _around(mask: Mask, times: int) -> Mask:
    """The mask and its four neighbours, so many times over."""
    for _ in range(times):
        wide = np.pad(mask, 1)
        mask = mask | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    return mask

"""Smooth pictures as SVG: a layer of closed curves for each colour, traced from the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np

from medici.studio.making.colours import to_hex
from medici.studio.pictures.finish import smooth
from medici.studio.vector.curves import Drawing, path_data
from medici.studio.vector.layers import layered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    Colour = tuple[int, ...]

# Doublings of the grid of scores at which lines are traced; lengths in places of that grid.
_DOUBLINGS = 2
_DRAWING = Drawing(tolerance=0.07, straight=0.035, arm=0.5, step=0.125)
_LEAST_AREA = 0.05
# Units of the file for each place of the grid: coordinates are whole numbers.
_UNIT = 64
# Slots whose colours differ by no more in any channel are one region: nobody can tell them apart.
_ALIKE = 2


def svg(
    scores: NDArray[Any], colours: Sequence[Colour | None], doublings: int, shown: int, title: str
) -> bytes:
    """A standalone SVG with one path for each colour, the largest region lowest.

    Args:
        scores: (h, w, slots) of the picture at its native size.
        colours: of the slots; None for a transparent ground, which only slot 0 can be.
        doublings: from the grid of scores to the native size.
        shown: side in pixels at which it is shown by default.
        title: read out to those who cannot see the picture.
    """
    more = max(_DOUBLINGS - doublings, 0)
    fine = smooth(scores[None], more)[0]
    sizes = np.bincount(fine.argmax(-1).ravel(), minlength=len(colours))
    found = regions(sizes, colours)
    stack = np.stack([fine[..., slots].max(-1) for slots in found]).astype(np.float64)
    drawn = layered(stack, 1 << (doublings + more), _DRAWING, _LEAST_AREA)
    side = _UNIT * len(scores) >> doublings
    paths = [f"M0 0H{side}V{side}H0Z", *(path_data(outlines, _UNIT, 0) for outlines in drawn)]
    painted = "".join(
        f'<path fill="{to_hex(colour)}" fill-rule="evenodd" d="{d}"/>'
        for colour, d in zip((colours[slots[0]] for slots in found), paths, strict=True)
        if d and colour is not None
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{shown}" height="{shown}" '
        f'viewBox="0 0 {side} {side}" role="img"><title>{escape(title)}</title>{painted}</svg>\n'
    ).encode()


def regions(sizes: NDArray[np.int64], colours: Sequence[Colour | None]) -> list[list[int]]:
    """Slots that are drawn as one, lowest first: what is not painted, then by size.

    Args:
        sizes: of the slots, in samples; those of none are left out.
        colours: of the slots, or None.

    Returns:
        numbers of slots, the largest of a region first, whose colour is the region's.
    """
    out: list[list[int]] = []
    for slot in np.argsort(-sizes, kind="stable").tolist():
        if sizes[slot]:
            same = (r for r in out if _alike(colours[r[0]], colours[slot]))
            region = next(same, None)
            if region is None:
                out.append([slot])
            else:
                region.append(slot)
    return sorted(out, key=lambda r: (colours[r[0]] is not None, -int(sizes[r].sum())))


def _alike(one: Colour | None, other: Colour | None) -> bool:
    if one is None or other is None:
        return one is other
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= _ALIKE

"""From a grey picture to outlines with few nodes: level lines, corners, fitted cubic curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.icons.finish import level, spline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Points = NDArray[np.float64]
    Curve = tuple[Points, ...]

# Samples a native pixel, and tolerances in native pixels.
_FINE = 4
_TOLERANCE = 0.09
_STRAIGHT = 0.05
_ARM = 1.1
_FURTHEST_TIP = 0.75
_CORNER = np.cos(np.radians(40))
_STRAIGHT_ARMS = np.cos(np.radians(14))
_LEAST_AREA = 0.4
_REFITS = 4


def level_lines(grey: NDArray[np.uint8], weight: int = 0) -> list[Points]:
    """Closed level lines of the picture's B-spline, in native pixels from its corner.

    Ink lies to one side of each line, so outer lines and holes turn opposite ways.

    Args:
        grey: (side, side) uint8, ink at 255.
        weight: in thousandths, as in `medici.studio.icons.finish`.

    Returns:
        one (k, 2) array of x and y a line.
    """
    matrix = spline(len(grey), _FINE) / (48 * _FINE**3)
    field = np.pad(matrix @ grey.astype(np.float64) @ matrix.T - level(weight) / 2, 1)
    # The border is outside: lines close where the ink is cut off by the picture's edge.
    border = np.ones_like(field, bool)
    border[1:-1, 1:-1] = False
    field[border] = -127.5
    # A value of 0 would put a line through a sample and tie it to two others.
    field[field == 0] = -1e-6
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
    lines = [(line - 0.5) / _FINE for line in lines]
    return [line for line in lines if abs(area(line)) >= _LEAST_AREA]


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


def outline(line: Points) -> list[Curve]:
    """A closed line as straight pieces (2 points) and cubic Bézier curves (4 points).

    Smoothing rounded all corners off: where two straight sides meet, they are drawn on until they
    do.
    """
    line = _resampled(line)
    arm = _reach(line)
    corners = _corners(line, arm)
    count = len(line)
    cuts: list[tuple[int, Points | None]] = [(i, tip) for i, tip in corners]
    if not cuts:
        # A smooth line is cut where it is straightest, so that the cuts do not show.
        cuts = [(int(_cosines(line, arm).argmax()), None)]
    if len(cuts) == 1:
        # A curve needs two ends apart.
        cuts = sorted([cuts[0], ((cuts[0][0] + count // 2) % count, None)], key=lambda c: c[0])
    around = _tangents(line)
    out: list[Curve] = []
    for (a, tip_a), (b, tip_b) in zip(cuts, [*cuts[1:], cuts[0]], strict=True):
        b = b + count if b <= a else b
        first, last = (a if tip_a is None else a + arm), (b if tip_b is None else b - arm)
        piece = line[np.arange(first, max(last, first) + 1) % count]
        start = around[a % count] if tip_a is None else _unit(piece[0] - tip_a)
        end = -around[b % count] if tip_b is None else _unit(piece[-1] - tip_b)
        ends = [None if tip is None else tip[None] for tip in (tip_a, tip_b)]
        whole = np.concatenate([p for p in (ends[0], piece, ends[1]) if p is not None])
        out += fit(whole, start, end)
    return out


def _resampled(line: Points, step: float = 0.25) -> Points:
    """Points at even distances along a closed line."""
    closed = np.concatenate([line, line[:1]])
    along = np.concatenate([[0.0], np.hypot(*np.diff(closed, axis=0).T).cumsum()])
    count = max(int(along[-1] / step), 8)
    at = np.arange(count) * along[-1] / count
    return np.stack([np.interp(at, along, closed[:, i]) for i in (0, 1)], axis=1)


def _reach(line: Points) -> int:
    around = float(np.hypot(*(line - np.roll(line, 1, 0)).T).sum())
    return max(1, min(round(_ARM / around * len(line)), len(line) // 6))


def _cosines(line: Points, arm: int) -> Points:
    """Cosine of the turn at each point, between the directions an arm before and after it."""
    return _between(line - np.roll(line, arm, 0), np.roll(line, -arm, 0) - line)


def _between(a: Points, b: Points) -> Points:
    size = np.hypot(*a.T) * np.hypot(*b.T)
    return np.asarray((a * b).sum(1) / np.maximum(size, 1e-9))


def _corners(line: Points, arm: int) -> list[tuple[int, Points]]:
    """Where two straight sides meet at an angle: the index there, and the point they meet in."""
    turn = _cosines(line, arm)
    near = np.stack([np.roll(turn, s) for s in range(-arm, arm + 1)])
    found = np.nonzero((turn < _CORNER) & (turn <= near.min(0)))[0].tolist()
    out: list[tuple[int, Points]] = []
    for i in found:
        if out and i - out[-1][0] < 2 * arm:
            continue
        steps = line[(np.array([-3, -2, -1, 1, 2, 3]) * arm + i) % len(line)]
        before, after = np.diff(steps[:3], axis=0), np.diff(steps[3:], axis=0)
        straight = min(_between(before[:1], before[1:])[0], _between(after[:1], after[1:])[0])
        tip = _meeting(steps[2], before[1], steps[3], after[0])
        if straight > _STRAIGHT_ARMS and tip is not None:
            gap = float(np.hypot(*(tip - line[i])))
            if gap < _FURTHEST_TIP:
                out.append((i, tip))
    if len(out) > 1 and out[0][0] + len(line) - out[-1][0] < 2 * arm:
        out.pop()
    return out


def _meeting(p: Points, along_p: Points, q: Points, along_q: Points) -> Points | None:
    """Where two straight lines meet, or None when they are nearly parallel."""
    across = float(along_p[0] * along_q[1] - along_p[1] * along_q[0])
    if abs(across) < 1e-6:
        return None
    gap = q - p
    share = float(gap[0] * along_q[1] - gap[1] * along_q[0]) / across
    return np.asarray(p + share * along_p)


def _tangents(line: Points) -> Points:
    ahead = np.roll(line, -2, 0) - np.roll(line, 2, 0)
    return np.asarray(ahead / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None])


def _unit(v: Points) -> Points:
    return np.asarray(v / max(float(np.hypot(*v)), 1e-9))


def fit(piece: Points, start: Points, end: Points) -> list[Curve]:
    """Curves through an open piece, as few as keep within the tolerance.

    Source: Schneider 1990, Graphics Gems I.

    Args:
        piece: (k, 2) points.
        start: unit direction into the piece at its first point.
        end: unit direction into the piece at its last point.
    """
    chord = piece[-1] - piece[0]
    length = float(np.hypot(*chord))
    if len(piece) <= 2 or length < 1e-9:
        return [(piece[0], piece[-1])]
    gap = piece - piece[0]
    away = np.abs(chord[0] * gap[:, 1] - chord[1] * gap[:, 0]) / length
    if away.max() <= _STRAIGHT + 0.04 * min(1.0, length / 8):
        return [(piece[0], piece[-1])]
    t = np.concatenate([[0.0], np.hypot(*np.diff(piece, axis=0).T).cumsum()])
    t /= t[-1]
    for _ in range(_REFITS):
        curve = _bezier(piece, t, start, end)
        gaps = np.hypot(*(_at(curve, t) - piece).T)
        if gaps.max() <= _TOLERANCE:
            return [tuple(curve)]
        t = _closer(curve, piece, t)
    worst = min(max(int(gaps.argmax()), 1), len(piece) - 2)
    middle = _unit(piece[max(worst - 2, 0)] - piece[min(worst + 2, len(piece) - 1)])
    return [*fit(piece[: worst + 1], start, middle), *fit(piece[worst:], -middle, end)]


def _bezier(piece: Points, t: Points, start: Points, end: Points) -> Points:
    """Least squares for the lengths of both handles, (4, 2)."""
    b0, b1, b2, b3 = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
    first, last = piece[0], piece[-1]
    a1, a2 = b1[:, None] * start, b2[:, None] * end
    rest = piece - (b0 + b1)[:, None] * first - (b2 + b3)[:, None] * last
    c11, c12, c22 = (a1 * a1).sum(), (a1 * a2).sum(), (a2 * a2).sum()
    x1, x2 = (a1 * rest).sum(), (a2 * rest).sum()
    span = float(np.hypot(*(last - first)))
    area_ = c11 * c22 - c12 * c12
    left = right = span / 3
    if abs(area_) > 1e-9:
        left, right = (x1 * c22 - x2 * c12) / area_, (c11 * x2 - c12 * x1) / area_
    # Handles that point backwards or far out make loops.
    if not (0.01 * span < left < 2 * span and 0.01 * span < right < 2 * span):
        left = right = span / 3
    return np.stack([first, first + start * left, last + end * right, last])


def _at(curve: Points, t: Points) -> Points:
    basis = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    return np.asarray(basis @ curve)


def _closer(curve: Points, piece: Points, t: Points) -> Points:
    """One Newton step of every parameter towards the nearest point of the curve."""
    d1 = 3 * np.diff(curve, axis=0)
    d2 = 2 * np.diff(d1, axis=0)
    gap = _at(curve, t) - piece
    s = 1 - t
    first = (s**2)[:, None] * d1[0] + (2 * s * t)[:, None] * d1[1] + (t**2)[:, None] * d1[2]
    second = s[:, None] * d2[0] + t[:, None] * d2[1]
    below = (first**2).sum(1) + (gap * second).sum(1)
    step = np.where(np.abs(below) > 1e-12, (gap * first).sum(1) / np.where(below == 0, 1, below), 0)
    return np.sort(np.clip(t - step, 0, 1))


def path_data(outlines: Sequence[Sequence[Curve]], unit: float = 1.0, digits: int = 2) -> str:
    """The ``d`` of an SVG path: one closed subpath an outline, coordinates times `unit`."""

    def number(v: float) -> str:
        text = f"{v * unit:.{digits}f}".rstrip("0").rstrip(".")
        return "0" if text in ("", "-0") else text

    def point(p: Points) -> str:
        return f"{number(p[0])} {number(p[1])}"

    parts = []
    for curves in outlines:
        parts.append("M" + point(curves[0][0]))
        for curve in curves:
            kind = "L" if len(curve) == 2 else "C"
            parts.append(kind + " ".join(point(p) for p in curve[1:]))
        parts.append("Z")
    return "".join(parts)

"""From closed lines of points to outlines with few nodes: corners, fitted cubic curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Points = NDArray[np.float64]
    Curve = tuple[Points, ...]

_CORNER = np.cos(np.radians(40))
_STRAIGHT_ARMS = np.cos(np.radians(14))
_REFITS = 4


@dataclass(frozen=True, slots=True)
class Drawing:
    """How closely lines are followed; all lengths in the unit of the lines.

    Attributes:
        tolerance: how far a curve may be from its line.
        straight: how far a short line may be from what is drawn as straight; a long one 1.8 times.
        arm: how far before and after a point its turn is judged.
        step: between points at which lines are read.
        tip: where corners were rounded off, how far straight sides are drawn on until they meet;
            0 where lines have the corners that they should have.
    """

    tolerance: float
    straight: float
    arm: float
    step: float
    tip: float = 0.0


def outline(line: Points, drawing: Drawing) -> list[Curve]:
    """A closed line as straight pieces (2 points) and cubic Bézier curves (4 points)."""
    line = _resampled(line, drawing.step)
    arm = _reach(line, drawing.arm)
    cuts: list[tuple[int, Points | None]]
    if drawing.tip:
        cuts = list(_corners(line, arm, drawing.tip))
        around = _tangents(line)
        leaving, arriving = around, -around
    else:
        cuts = [(i, None) for i in _kinks(line, arm)]
        leaving, arriving = _sides(line, [i for i, _ in cuts], max(arm // 2, 1))
    count = len(line)
    if not cuts:
        # A smooth line is cut where it is straightest, so that the cuts do not show.
        cuts = [(int(_cosines(line, arm).argmax()), None)]
    if len(cuts) == 1:
        # A curve needs two ends apart.
        cuts = sorted([cuts[0], ((cuts[0][0] + count // 2) % count, None)], key=lambda c: c[0])
    out: list[Curve] = []
    for (a, tip_a), (b, tip_b) in zip(cuts, [*cuts[1:], cuts[0]], strict=True):
        b = b + count if b <= a else b
        first, last = (a if tip_a is None else a + arm), (b if tip_b is None else b - arm)
        piece = line[np.arange(first, max(last, first) + 1) % count]
        start = leaving[a % count] if tip_a is None else _unit(piece[0] - tip_a)
        end = arriving[b % count] if tip_b is None else _unit(piece[-1] - tip_b)
        ends = [None if tip is None else tip[None] for tip in (tip_a, tip_b)]
        whole = np.concatenate([p for p in (ends[0], piece, ends[1]) if p is not None])
        out += fit(whole, start, end, drawing)
    return out


def _resampled(line: Points, step: float) -> Points:
    """Points at even distances along a closed line."""
    closed = np.concatenate([line, line[:1]])
    along = np.concatenate([[0.0], np.hypot(*np.diff(closed, axis=0).T).cumsum()])
    count = max(int(along[-1] / step), 8)
    at = np.arange(count) * along[-1] / count
    return np.stack([np.interp(at, along, closed[:, i]) for i in (0, 1)], axis=1)


def _reach(line: Points, arm: float) -> int:
    around = float(np.hypot(*(line - np.roll(line, 1, 0)).T).sum())
    return max(1, min(round(arm / around * len(line)), len(line) // 6))


def _cosines(line: Points, arm: int) -> Points:
    """Cosine of the turn at each point, between the directions an arm before and after it."""
    return _between(line - np.roll(line, arm, 0), np.roll(line, -arm, 0) - line)


def _between(a: Points, b: Points) -> Points:
    size = np.hypot(*a.T) * np.hypot(*b.T)
    return np.asarray((a * b).sum(1) / np.maximum(size, 1e-9))


def _corners(line: Points, arm: int, furthest: float) -> list[tuple[int, Points]]:
    """Where two straight sides meet at an angle: the index there, and the point they meet in."""
    found = _turns(line, arm)
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
            if gap < furthest:
                out.append((i, tip))
    if len(out) > 1 and out[0][0] + len(line) - out[-1][0] < 2 * arm:
        out.pop()
    return out


def _turns(line: Points, arm: int) -> list[int]:
    """Where a line turns most, and enough for a corner."""
    turn = _cosines(line, arm)
    near = np.stack([np.roll(turn, s) for s in range(-arm, arm + 1)])
    found: list[int] = np.nonzero((turn < _CORNER) & (turn <= near.min(0)))[0].tolist()
    return found


def _kinks(line: Points, arm: int) -> list[int]:
    """Where a line is to be cut because it turns at once."""
    out: list[int] = []
    for i in _turns(line, arm):
        if not out or i - out[-1] >= arm:
            out.append(i)
    if len(out) > 1 and out[0] + len(line) - out[-1] < arm:
        out.pop()
    return out


def _sides(line: Points, kinks: Sequence[int], arm: int) -> tuple[Points, Points]:
    """Unit directions from each point along the line and back, told apart at kinks."""
    around = _tangents(line)
    leaving, arriving = around.copy(), -around
    for i in kinks:
        leaving[i] = _unit(line[(i + arm) % len(line)] - line[i])
        arriving[i] = _unit(line[i - arm] - line[i])
    return leaving, arriving


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


def fit(piece: Points, start: Points, end: Points, drawing: Drawing) -> list[Curve]:
    """Curves through an open piece, as few as keep within the tolerance.

    Source: Schneider 1990, Graphics Gems I.

    Args:
        piece: (k, 2) points.
        start: unit direction into the piece at its first point.
        end: unit direction into the piece at its last point.
        drawing: how closely it is followed.
    """
    chord = piece[-1] - piece[0]
    length = float(np.hypot(*chord))
    if len(piece) <= 2 or length < 1e-9:
        return [(piece[0], piece[-1])]
    gap = piece - piece[0]
    away = np.abs(chord[0] * gap[:, 1] - chord[1] * gap[:, 0]) / length
    if away.max() <= drawing.straight * (1 + 0.8 * min(1.0, length / 8)):
        return [(piece[0], piece[-1])]
    t = np.concatenate([[0.0], np.hypot(*np.diff(piece, axis=0).T).cumsum()])
    t /= t[-1]
    for _ in range(_REFITS):
        curve = _bezier(piece, t, start, end)
        gaps = np.hypot(*(_at(curve, t) - piece).T)
        if gaps.max() <= drawing.tolerance:
            return [tuple(curve)]
        t = _closer(curve, piece, t)
    worst = min(max(int(gaps.argmax()), 1), len(piece) - 2)
    middle = _unit(piece[max(worst - 2, 0)] - piece[min(worst + 2, len(piece) - 1)])
    return [
        *fit(piece[: worst + 1], start, middle, drawing),
        *fit(piece[worst:], -middle, end, drawing),
    ]


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
        text = f"{v * unit:.{digits}f}"
        if digits:
            text = text.rstrip("0").rstrip(".")
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

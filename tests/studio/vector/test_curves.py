from __future__ import annotations

import numpy as np
import pytest

from medici.studio.vector.curves import Drawing, outline, path_data

SOFT = Drawing(tolerance=0.09, straight=0.05, arm=1.1, step=0.25, tip=0.75)
SHARP = Drawing(tolerance=0.05, straight=0.02, arm=0.5, step=0.125)


def circle(radius: float) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    return radius * np.stack([np.cos(t), np.sin(t)], 1) + 16


def points(curves: list[tuple[np.ndarray, ...]]) -> np.ndarray:
    """Many points of an outline."""
    t = np.linspace(0, 1, 30)[:, None]
    out = []
    for c in curves:
        if len(c) == 2:
            out.append((1 - t) * c[0] + t * c[1])
        else:
            out.append(
                (1 - t) ** 3 * c[0]
                + 3 * t * (1 - t) ** 2 * c[1]
                + 3 * t**2 * (1 - t) * c[2]
                + t**3 * c[3]
            )
    return np.concatenate(out)


@pytest.mark.parametrize("drawing", [SOFT, SHARP])
def test_a_circle_takes_few_curves_and_none_is_far_off(drawing: Drawing) -> None:
    curves = outline(circle(9), drawing)
    assert len(curves) <= 8
    gaps = np.hypot(*(points(curves) - 16).T) - 9
    assert np.abs(gaps).max() < drawing.tolerance + 0.02


@pytest.mark.parametrize("drawing", [SOFT, SHARP])
def test_outlines_close(drawing: Drawing) -> None:
    curves = outline(circle(5), drawing)
    ends = np.array([c[-1] for c in curves])
    starts = np.array([c[0] for c in curves])
    assert np.roll(starts, -1, 0) == pytest.approx(ends)


def test_corners_that_are_there_are_kept() -> None:
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
    curves = outline(square, SHARP)
    assert [len(c) for c in curves] == [2, 2, 2, 2]
    corners = np.array(sorted(c[0].tolist() for c in curves))
    assert corners == pytest.approx(np.array(sorted(square.tolist())), abs=0.07)


def test_a_half_disc_has_a_straight_side_and_two_corners() -> None:
    t = np.linspace(0, np.pi, 100)
    line = 8 * np.stack([np.cos(t), np.sin(t)], 1)
    curves = outline(line, SHARP)
    long = [c for c in curves if len(c) == 2 and np.hypot(*(c[1] - c[0])) > 15]
    assert len(long) == 1
    assert len(curves) <= 7


def test_rounded_corners_are_drawn_on_to_their_tips() -> None:
    x = np.linspace(1, 9, 60)
    side = np.stack([x, np.zeros(60)], 1)
    turn = np.linspace(-np.pi / 2, 0, 12)[1:-1]
    bend = np.stack([9 + np.cos(turn), 1 + np.sin(turn)], 1)
    quarter = np.concatenate([side, bend]) - 5
    line = []
    for _ in range(4):
        line.append(quarter)
        quarter = np.stack([-quarter[:, 1], quarter[:, 0]], 1)
    curves = outline(np.concatenate(line), SOFT)
    assert np.abs(np.array([c[0] for c in curves])).max(0) == pytest.approx(5, abs=0.1)


def test_path_data_closes_every_outline() -> None:
    outlines = [outline(circle(r), SOFT) for r in (4, 8)]
    data = path_data(outlines, 16, 1)
    assert data.count("M") == data.count("Z") == 2
    assert set(data) <= set("MLCZ-. 0123456789")
    assert path_data([]) == ""

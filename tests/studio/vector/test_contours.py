from __future__ import annotations

import numpy as np
import pytest

from medici.studio.vector.contours import area, level_lines


def cone(radius: float, side: int = 40) -> np.ndarray:
    """How far inside of a disc each sample is."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return radius - np.hypot(x, y)


def test_a_disc_is_one_line_with_its_area() -> None:
    (line,) = level_lines(cone(12.3))
    assert area(line) == pytest.approx(np.pi * 12.3**2, rel=0.01)
    assert np.hypot(*(line - 19.5).T) == pytest.approx(12.3, abs=0.05)


def test_holes_turn_the_other_way() -> None:
    ring = np.minimum(cone(12), -cone(6))
    small, large = sorted((area(line) for line in level_lines(ring)), key=abs)
    assert small < 0 < large


def test_samples_on_the_level_are_outside() -> None:
    field = np.full((5, 5), -1.0)
    field[2, 2] = 0
    assert level_lines(field) == []
    field[1, 1] = 1
    (line,) = level_lines(field)
    assert len(line) == 4


@pytest.mark.parametrize(("middle", "count"), [(0.5, 1), (-0.5, 2)])
def test_samples_that_touch_at_a_corner_are_joined_by_the_mean(middle: float, count: int) -> None:
    field = np.full((4, 4), -1.0)
    field[1, 1] = field[2, 2] = 1 + middle
    assert len(level_lines(field)) == count


def test_a_field_below_the_level_has_no_lines() -> None:
    assert level_lines(-np.ones((4, 4))) == []

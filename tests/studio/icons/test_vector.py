from __future__ import annotations

import numpy as np
import pytest
from tests.studio.icons.test_finish import disc

from medici.studio.icons.finish import coverage
from medici.studio.icons.vector import level_lines, path_of
from medici.studio.vector.contours import area


def ring() -> np.ndarray:
    return disc(12) - np.minimum(disc(6), disc(12))


def test_a_blank_picture_has_no_outline() -> None:
    assert level_lines(np.zeros((32, 32), np.uint8)) == []


def test_a_full_picture_is_outlined_at_its_edge() -> None:
    (line,) = level_lines(np.full((32, 32), 255, np.uint8))
    assert abs(abs(area(line)) - 32 * 32) < 32
    assert line.min() > -0.5
    assert line.max() < 32.5


def test_outlines_and_holes_turn_opposite_ways() -> None:
    lines = level_lines(ring())
    areas = sorted(area(line) for line in lines)
    assert len(areas) == 2
    assert areas[0] < 0 < areas[1]
    assert areas[1] == pytest.approx(np.pi * 12**2, rel=0.03)
    assert areas[0] == pytest.approx(-np.pi * 6**2, rel=0.05)


def test_area_inside_equals_the_ink_that_is_rendered() -> None:
    random = np.random.default_rng(3)
    for _ in range(5):
        grey = np.zeros((32, 32), np.uint8)
        for _ in range(4):
            y, x = random.integers(3, 20, 2)
            grey[y : y + 9, x : x + 7] ^= 255
        inside = sum(area(line) for line in level_lines(grey))
        ink = coverage(grey, 8).astype(np.float64).sum() / 255 / 64
        assert inside == pytest.approx(ink, abs=3)


def test_a_square_keeps_its_corners() -> None:
    grey = np.zeros((32, 32), np.uint8)
    grey[6:26, 6:26] = 255
    assert path_of(grey).count("L") == 4


def test_a_blank_icon_has_no_path() -> None:
    assert path_of(np.zeros((32, 32), np.uint8)) == ""

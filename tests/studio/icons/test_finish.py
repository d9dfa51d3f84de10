from __future__ import annotations

import numpy as np
import pytest

from medici.studio.icons.finish import LARGEST_SCALE, coverage, paint, spline, symmetric


def disc(radius: float = 9, side: int = 32) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.clip(255 * (radius - np.hypot(x, y) + 0.5), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("scale", [1, 2, 3, 7, 16, LARGEST_SCALE])
def test_spline_weights_are_whole_and_sum_to_one(scale: int) -> None:
    weights = spline(32, scale)
    assert weights.shape == (32 * scale, 32)
    assert (weights == np.rint(weights)).all()
    assert (weights >= 0).all()
    assert (weights.sum(1) == 48 * scale**3).all()


def test_field_stays_below_the_limit_of_exact_floats() -> None:
    white = np.full((32, 32), 255, np.uint8)
    matrix = spline(32, LARGEST_SCALE)
    field = matrix @ white.astype(np.float64) @ matrix.T
    assert int(field.max()) == 255 * (48 * LARGEST_SCALE**3) ** 2 < 2**53
    assert (coverage(white, LARGEST_SCALE) == 255).all()


@pytest.mark.parametrize("scale", [2, 5, 16])
def test_coverage_equals_plain_integers(scale: int) -> None:
    grey = np.random.default_rng(1).integers(0, 256, (8, 8)).astype(np.uint8)
    matrix = [[int(v) for v in row] for row in spline(8, scale)]
    unit = (48 * scale**3) ** 2
    got = coverage(grey, scale, weight=-300)
    for y, x in ((0, 0), (3, 5), (8 * scale - 1, 2), (4 * scale, 4 * scale)):
        field = sum(
            matrix[y][i] * matrix[x][j] * int(grey[i, j]) for i in range(8) for j in range(8)
        )
        over = (2 * field - (255 + 36) * unit) * scale + 255 * unit // 2
        assert got[y, x] == min(max(over // unit, 0), 255)


def test_a_disc_stays_round_when_enlarged() -> None:
    ink = coverage(disc(), 16) > 127
    y, x = np.nonzero(ink ^ np.roll(ink, 1, 1))
    radii = np.hypot(y - 255.5, x - 256)
    assert radii.max() - radii.min() < 16 * 0.5


def test_weight_moves_the_outline_both_ways() -> None:
    areas = [int((coverage(disc(), 8, weight) > 127).sum()) for weight in (-1000, 0, 1000)]
    assert areas == sorted(areas)
    assert len(set(areas)) == 3


def test_mirror_is_exact_and_auto_only_finishes_what_is_nearly_so() -> None:
    slanted = disc()
    slanted[4:20, 2:6] = 255
    assert (symmetric(slanted, "none") == slanted).all()
    assert (symmetric(slanted, "auto") == slanted).all()
    mirrored = symmetric(slanted, "mirror")
    assert (mirrored == mirrored[:, ::-1]).all()
    assert (mirrored[:, :16] == slanted[:, :16]).all()
    nearly = disc()
    nearly[15, 8] = 0
    assert (nearly != nearly[:, ::-1]).any()
    finished = symmetric(nearly, "auto")
    assert (finished == finished[:, ::-1]).all()


def test_ink_lies_on_a_ground_or_on_nothing() -> None:
    ink = np.array([[0, 128, 255]], np.uint8)
    bare = paint(ink, (10, 20, 30), None)
    assert bare.tolist() == [[[0, 0, 0, 0], [10, 20, 30, 128], [10, 20, 30, 255]]]
    grounded = paint(ink, (0, 0, 0), (255, 255, 255))
    assert grounded[..., 3].min() == 255
    assert grounded[0, :, 0].tolist() == [255, 127, 0]

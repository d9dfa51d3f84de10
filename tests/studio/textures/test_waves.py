"""Repetition read off a spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studio.textures.conftest import cloth, soil

from medici.studio.textures.waves import strongest


@pytest.mark.parametrize("period", [12, 24, 37])
def test_stripes_are_found_with_their_period_and_direction(period: int) -> None:
    (wave,) = strongest([cloth(256, period)[..., None]])
    assert abs(wave[0]) * period == pytest.approx(1, abs=0.02)
    assert wave[1] == 0


def test_turned_stripes_run_the_other_way() -> None:
    ((down, across),) = strongest([cloth(256, 20).T[..., None]])
    assert (down, abs(across) * 20) == (0, pytest.approx(1, abs=0.02))


def test_irregular_material_and_noise_have_none() -> None:
    assert strongest([soil(256)[..., None]]) == ()
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint8)
    assert strongest([noise], 2) == ()


def test_two_crossing_waves_are_told_apart() -> None:
    y, x = np.mgrid[:256, :256]
    weave = 128 + 60 * np.sin(2 * np.pi * y / 16) + 50 * np.sin(2 * np.pi * x / 32)
    first, second = strongest([weave.astype(np.uint8)[..., None]], 2)
    assert np.abs(first) == pytest.approx((1 / 16, 0), abs=1e-3)
    assert np.abs(second) == pytest.approx((0, 1 / 32), abs=1e-3)

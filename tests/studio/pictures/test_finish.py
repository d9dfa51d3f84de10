"""Enlargement by blending scores, in integers."""

from __future__ import annotations

import numpy as np
import pytest

from medici.studio.pictures import finish

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("doublings", [0, 1, 3, 4])
def test_smooth_scores_are_the_bilinear_ones_times_sixteen_a_doubling(doublings):
    scores = np.random.default_rng(0).integers(-32768, 32768, (2, 3, 4, 5)).astype(np.float64)
    x = torch.from_numpy(scores).permute(0, 3, 1, 2)
    for _ in range(doublings):
        x = torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear") * 16
    expected = x.permute(0, 2, 3, 1).numpy()
    assert (finish.smooth(scores, doublings) == expected).all()


def test_scores_that_were_enlarged_before_do_not_overflow():
    scores = np.full((1, 2, 2, 1), -32768.0)
    twice = finish.smooth(finish.smooth(scores, 2), 4)
    assert (twice == -32768 * 16**6).all()

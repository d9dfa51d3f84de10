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


def test_alpha_between_blends_with_the_ground():
    picture = np.zeros((1, 1, 4, 4), np.uint8)
    picture[0, 0] = [[9, 9, 9, 0], [200, 100, 0, 255], [0, 0, 0, 4], [200, 100, 0, 128]]
    ground = np.array([[100, 150, 255]], np.uint8)
    told = finish.set_ground(picture, ground)[0, 0].tolist()
    # An alpha of 4 was opaque black once.
    assert told == [
        [100, 150, 255, 255],
        [200, 100, 0, 255],
        [98, 148, 251, 255],
        [150, 125, 127, 255],
    ]

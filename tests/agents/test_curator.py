import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medici.agents.curator import NOVELTY_FLOOR, choose, thumbnail


def pictures(count, seed=0):
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (count, 16, 16, 4), np.uint8)
    return [np.kron(p, np.ones((2, 2, 1), np.uint8)) for p in small]


@given(st.integers(1, 12), st.integers(1, 12))
def test_it_keeps_no_more_than_asked_and_none_twice(have, want):
    chosen = choose(pictures(have), list(range(have)), want)
    assert len(chosen) == min(have, want)
    assert len({c.index for c in chosen}) == len(chosen)


def test_copies_are_never_kept_together():
    one, other = pictures(2)
    chosen = choose([one, one.copy(), other], [3.0, 2.0, 1.0], 3)
    assert sorted(c.index for c in chosen) == [0, 2]
    assert all(c.novelty >= NOVELTY_FLOOR for c in chosen)


def test_works_like_earlier_ones_are_left_out():
    one, other = pictures(2)
    assert [c.index for c in choose([one, other], [2.0, 1.0], 2, earlier=[one])] == [1]
    assert choose([one], [1.0], 1, earlier=[one]) == []
    assert choose([], [], 3) == []


def test_of_equally_new_candidates_the_best_is_first():
    many = pictures(20)
    quality = list(np.random.default_rng(1).permutation(20).astype(float))
    assert choose(many, quality, 1)[0].index == int(np.argmax(quality))


def test_thumbnails_are_block_means():
    flat = np.full((32, 48, 4), 51, np.uint8)
    assert thumbnail(flat).shape == (16, 16, 4)
    assert thumbnail(flat) == pytest.approx(0.2)

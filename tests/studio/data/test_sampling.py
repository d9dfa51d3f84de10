"""The endless shuffled order: every sample once an epoch, the same in every process."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medici.errors import WrongUse
from medici.studio.data.folder import read_folder
from medici.studio.data.sampling import batch, batches, order, some


@st.composite
def shapes(draw):
    count = draw(st.integers(1, 60))
    inner = draw(st.sets(st.integers(1, count - 1))) if count > 1 else set()
    windows = draw(st.sampled_from([(), (0, *sorted(inner))]))
    return count, windows, draw(st.integers(1, 80)), draw(st.integers(0, 2**32))


@settings(deadline=None)
@given(shapes())
def test_every_epoch_visits_each_sample_once(shape):
    count, windows, n, seed = shape
    steps = -(-3 * count // n)
    drawn = np.concatenate([order(count, step, n, seed, windows) for step in range(steps)])
    for epoch in range(3):
        assert sorted(drawn[epoch * count : (epoch + 1) * count]) == list(range(count))


@settings(deadline=None)
@given(shapes(), st.integers(0, 50))
def test_a_batch_depends_on_nothing_but_its_number(shape, step):
    count, windows, n, seed = shape
    before = order(count, step, n, seed, windows)
    order(count, step + 7, n, seed + 1, windows)
    assert (order(count, step, n, seed, windows) == before).all()


def test_batches_of_workers_together_are_the_batches_of_one():
    alone = np.concatenate([order(100, step, 10, 3) for step in range(10)])
    shared = [np.concatenate([order(100, s, 10, 3) for s in range(r, 10, 2)]) for r in range(2)]
    assert sorted(np.concatenate(shared)) == sorted(alone) == list(range(100))


def test_seeds_and_epochs_differ():
    first = order(1000, 0, 1000, 0)
    assert (first != order(1000, 1, 1000, 0)).any()
    assert (first != order(1000, 0, 1000, 1)).any()


def test_windows_stay_together():
    drawn = order(100, 0, 100, 5, (0, 30, 60))
    windows = np.searchsorted([0, 30, 60], drawn, side="right")
    assert (np.diff(windows) != 0).sum() == 2


def test_an_empty_set_or_batch_is_refused():
    for count, n, step in ((0, 1, 0), (1, 0, 0), (1, 1, -1)):
        with pytest.raises(WrongUse):
            order(count, step, n, 0)


def test_pictures_in_memory_are_drawn_by_it(pictures):
    data = read_folder(pictures)
    stream = batches(data, 10, seed=2, start=4)
    for step in (4, 5, 6):
        found = next(stream)
        assert found.shape == (10, 16, 16, 4)
        assert found.dtype == np.uint8
        assert (found == batch(data, step, 10, 2)).all()
        assert (found == data.pixels[data.order(step, 10, 2)]).all()
    assert some(data, 1000).shape == data.pixels.shape

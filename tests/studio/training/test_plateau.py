"""Early stop: the documented rule and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medici.studio.training.plateau import Plateau


def test_a_metric_that_keeps_falling_never_ends_a_run():
    plateau = Plateau(patience=2)
    assert not any(plateau.judged(100 * 0.95**i) for i in range(50))


def test_falling_by_less_than_one_percent_is_no_progress():
    plateau = Plateau(patience=3)
    assert [plateau.judged(m) for m in (10.0, 9.95, 9.93, 9.91)] == [False, False, False, True]


def test_slow_progress_adds_up():
    plateau = Plateau(patience=3)
    assert [plateau.judged(m) for m in (10.0, 9.95, 9.89, 9.88, 9.85)] == [False] * 5


@given(st.lists(st.floats(0, 1e6), max_size=30))
def test_without_patience_nothing_ends_a_run(metrics):
    plateau = Plateau(patience=0)
    assert not any(plateau.judged(m) for m in metrics)


@given(st.integers(1, 5), st.floats(0.1, 100))
def test_a_flat_metric_ends_a_run_after_exactly_its_patience(patience, metric):
    plateau = Plateau(patience=patience)
    ended = [plateau.judged(metric) for _ in range(patience + 1)]
    assert ended == [False] * patience + [True]

"""Budgets: whichever end comes first, and honest time left."""

from __future__ import annotations

import pytest

from medici.errors import WrongUse
from medici.studio.training.budget import Budget, Pace


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_the_first_end_that_is_reached_counts():
    clock = Clock()
    budget = Budget(minutes=1, steps=100, cpu_seconds=50, clock=clock)
    assert budget.fraction(0, 0) == 0
    assert budget.fraction(10, 20) == 0.4
    clock.now += 45
    assert budget.fraction(10, 20) == 0.75
    assert budget.fraction(100, 20) == 1
    assert budget.fraction(500, 500) == 1


@pytest.mark.parametrize("ends", [{}, {"steps": 0}, {"minutes": -1.0}, {"minutes": float("nan")}])
def test_a_run_without_an_end_is_refused(ends):
    with pytest.raises(WrongUse):
        Budget(**ends)


def test_time_left_is_judged_by_this_call_alone():
    clock = Clock()
    pace = Pace(0.5, clock)
    assert pace.seconds_left(0.5) == 0
    clock.now += 10
    assert pace.seconds_left(0.6) == pytest.approx(40)

"""Looks at a run are as far apart as asked, and further where they cost much."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest

from medici.studio.training.looks import Looks


class Machine:
    """A run on a clock of its own: how long a step and a look take is said, not measured."""

    def __init__(self, step, look, seconds=420.0, share=0.2, spent=None):
        self.now, self.step, self.look = 1000.0, step, look
        self.trainee = SimpleNamespace(spent={"cpu_seconds": 0.0} if spent is None else spent)
        clock = lambda: self.now  # noqa: E731
        self.looks = Looks(self.trainee, seconds, share, clock, clock)
        self.times = []

    def run(self, seconds):
        """Train and look; how much of the time each look had taken when it was over."""
        end, shares = self.now + seconds, []
        while self.now < end:
            self.now += self.step
            self.trainee.spent["cpu_seconds"] += self.step
            if self.looks.due:
                with self.looks.one():
                    self.now += self.look
                self.times.append(self.now)
                spent = self.trainee.spent
                shares.append(
                    spent["look_seconds"] / (spent["look_seconds"] + spent["cpu_seconds"])
                )
        return shares


def gaps(times):
    return [b - a for a, b in pairwise(times)]


def test_cheap_looks_come_as_often_as_asked():
    machine = Machine(step=2, look=5)
    machine.run(4 * 3600)
    assert set(gaps(machine.times)) == {422 + 5}


@pytest.mark.parametrize("look", [180, 1000])
def test_costly_looks_take_their_share_of_the_time_and_no_more(look):
    machine = Machine(step=2, look=look)
    shares = machine.run(40 * look)
    assert all(share <= 0.2 for share in shares[1:])  # what the first will cost nobody knows
    assert shares[-1] == pytest.approx(0.2, rel=0.02)
    assert machine.times[0] == 1000 + 422 + look
    assert min(gaps(machine.times)) >= 420


def test_a_resumed_run_goes_on_counting():
    machine = Machine(step=2, look=1000)
    machine.run(422)
    again = Machine(step=2, look=1000, spent=dict(machine.trainee.spent))
    shares = again.run(40_000)
    assert all(share <= 0.2 for share in shares)


def test_with_a_share_of_one_only_the_clock_counts():
    machine = Machine(step=2, look=1000, seconds=0, share=1)
    machine.run(5000)
    assert set(gaps(machine.times)) == {1002}


def test_a_look_that_fails_is_counted_too():
    machine = Machine(step=1, look=1)

    def fail():
        with machine.looks.one():
            machine.now += 7
            raise MemoryError

    with pytest.raises(MemoryError):
        fail()
    assert machine.trainee.spent["look_seconds"] == 7

from __future__ import annotations

import numpy as np
import pytest

from medici.studio.music import plan
from medici.studio.music.style import Style, parse_style

KEYS = np.cumsum(np.tile(plan.LEVELS // 24, 24))


@pytest.mark.parametrize("metre", [3, 4])
@pytest.mark.parametrize("bars", [2, 3, 4, 8, 15, 32])
@pytest.mark.parametrize("upbeat", [0, 2])
def test_a_plan_is_as_long_as_asked_and_ends_under_a_fermata(
    metre: int, bars: int, upbeat: int
) -> None:
    made = plan.make_plan(5, Style(900, bars=bars, metre=metre, upbeat=upbeat), KEYS)
    assert len(made) == bars * 2 * metre
    assert made.fermata[-1]
    assert not made.fermata.all()


def test_phrases_are_two_bars_long() -> None:
    made = plan.make_plan(0, Style(900, bars=8, upbeat=2), KEYS)
    ends = np.flatnonzero(made.fermata & ~np.append(made.fermata[1:], False)) + 1
    assert ends.tolist() == [16, 32, 48, 64]


def test_a_style_fixes_the_key() -> None:
    for seed in range(20):
        made = plan.make_plan(seed, parse_style({"key": "f#"}, 900), KEYS)
        assert (made.tonic, made.mode) == (6, 1)
        assert plan.make_plan(seed, parse_style({"mode": "minor"}, 900), KEYS).mode == 1


def test_keys_are_drawn_as_often_as_they_were_learnt() -> None:
    keys = np.full(24, plan.LEVELS)
    keys[:7], keys[7:21] = 0, plan.LEVELS // 4
    drawn = [plan.make_plan(seed, Style(900), keys) for seed in range(400)]
    g_major = sum((p.tonic, p.mode) == (7, 0) for p in drawn)
    assert {(p.tonic, p.mode) for p in drawn} == {(7, 0), (9, 1)}
    assert 70 < g_major < 130


def test_a_key_that_was_never_learnt_is_taken_when_asked_for() -> None:
    keys = np.full(24, plan.LEVELS)
    assert plan.choose_key(12345, 6, None, keys)[0] == 6
    assert plan.choose_key(12345, 6, 1, keys) == (6, 1)


def test_the_same_seed_gives_the_same_plan_whatever_the_length() -> None:
    for seed in range(10):
        short = plan.make_plan(seed, Style(900, bars=4), KEYS)
        long = plan.make_plan(seed, Style(900, bars=16), KEYS)
        assert (short.tonic, short.mode, short.upbeat) == (long.tonic, long.mode, long.upbeat)

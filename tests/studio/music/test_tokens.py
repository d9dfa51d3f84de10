from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.studio.music import tiny

from medici.studio.music import tokens
from medici.studio.music.score import REST, Score
from medici.studio.music.tokens import CHANNELS, TOLD, TURNS, VALUES, Plan


@given(st.integers(0, 11), st.integers(0, 2**32 - 1))
def test_tokens_and_scores_are_the_same_thing(tonic: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    row = random.integers(0, VALUES, 4 * 12)
    plan = Plan(np.zeros(12, bool), 8, 0, tonic, 0)
    score = tokens.from_tokens(row, plan)
    again = tokens.from_tokens(tokens.to_tokens(score, tonic), plan)
    assert again.digest == score.digest


def test_music_in_any_key_is_the_same_tokens() -> None:
    plain = tokens.to_tokens(tiny.hymn(), 0)
    for semitones in (-5, -2, 1, 6):
        moved = tiny.hymn().transposed(semitones)
        assert (tokens.to_tokens(moved, semitones % 12) == plain).all()


def test_a_note_held_from_another_begins_anew() -> None:
    row = np.array([[20, 20, 20, 20], [23, 21, 21, 62]]).reshape(-1)
    score = tokens.from_tokens(row, Plan(np.zeros(2, bool), 8, 0, 0, 0))
    soprano, bass, alto, tenor = tokens.ORDER
    assert score.starts[1].tolist()[soprano] is True
    assert not score.starts[1][[bass, alto]].any()
    assert score.pitches[1, tenor] == REST


def test_a_pitch_outside_of_its_voice_moves_by_octaves() -> None:
    score = tiny.hymn()
    high = Score(score.pitches + 24, score.starts, score.fermata)
    back = tokens.from_tokens(tokens.to_tokens(high, 0), Plan.of(score))
    assert ((back.pitches - score.pitches) % 12 == 0).all()
    lowest = np.array(tokens.LOWEST)
    assert (back.pitches >= lowest).all()
    assert (back.pitches < lowest + tokens.SPAN).all()


@pytest.mark.parametrize("bar", [4, 6, 7, 8])
def test_conditions_stay_below_what_the_network_was_told(bar: int) -> None:
    fermata = np.zeros(200, bool)
    fermata[[30, 31, 100, 199]] = True
    told = tokens.conditions(Plan(fermata, bar, 3, 11, 1))
    assert told.shape == (800, CHANNELS)
    assert (told // TOLD == np.arange(800)[:, None] % TURNS).all()


def test_conditions_count_down_to_the_phrase_and_the_piece() -> None:
    told = tokens.conditions(Plan.of(tiny.hymn(2)))[::4] % TOLD
    assert told[:, 1].tolist() == [7, 6, 5, 4, 3, 2, 1, 0] * 2
    assert told[:8, 2].tolist() == [16 + i for i in range(8)]
    assert told[8:, 2].tolist() == list(range(8))
    assert told[:, 5].tolist() == list(range(15, -1, -1))

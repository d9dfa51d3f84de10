from __future__ import annotations

import numpy as np
import pytest
from tests.studio.music import tiny

from medici.studio.music.score import MAJOR, MINOR, REST, Score, find_key, key_name


def test_a_hymn_in_c_is_heard_in_c_and_moves_with_its_key() -> None:
    assert tiny.hymn().key == (0, MAJOR)
    for semitones in (-5, 3, 7):
        assert tiny.hymn().transposed(semitones).key == (semitones % 12, MAJOR)


def test_a_minor_cadence_is_heard_in_minor() -> None:
    chords = [(69, 64, 60, 57), (69, 65, 62, 50), (68, 64, 59, 52), (69, 64, 60, 45)]
    pitches = np.repeat(np.array(chords, np.int16), 2, axis=0)
    assert find_key(pitches) == (9, MINOR)
    assert key_name(9, MINOR) == "a"


def test_silence_has_a_key_all_the_same() -> None:
    assert find_key(np.full((4, 4), REST, np.int16)) == (0, MAJOR)


def test_phrases_end_with_fermatas_and_with_the_piece() -> None:
    score = tiny.hymn(2)
    assert score.phrases() == [8, 16]
    without = Score(score.pitches, score.starts, np.zeros(16, bool))
    assert without.phrases() == [16]


def test_notes_are_held_until_another_begins_or_the_voice_rests() -> None:
    pitches = np.full((6, 4), REST, np.int16)
    pitches[:5, 0] = (60, 60, 60, 62, 62)
    starts = np.zeros((6, 4), bool)
    starts[[0, 2, 3], 0] = True
    score = Score(pitches, starts, np.zeros(6, bool))
    assert score.notes(0) == [(0, 2, 60), (2, 1, 60), (3, 2, 62)]
    assert score.notes(1) == []


@pytest.mark.parametrize("change", ["pitch", "start", "fermata", "upbeat"])
def test_the_digest_tells_any_two_scores_apart(change: str) -> None:
    score = tiny.hymn()
    pitches, starts, fermata = (x.copy() for x in (score.pitches, score.starts, score.fermata))
    upbeat = score.upbeat
    if change == "pitch":
        pitches[3, 2] += 1
    elif change == "start":
        starts[3, 2] ^= True
    elif change == "fermata":
        fermata[3] ^= True
    else:
        upbeat = 2
    assert Score(pitches, starts, fermata, 8, upbeat).digest != score.digest

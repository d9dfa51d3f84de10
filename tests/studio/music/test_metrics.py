from __future__ import annotations

import numpy as np
import pytest
from tests.studio.music import tiny

from medici.studio.music import measuring, metrics
from medici.studio.music.score import REST, Score


def score(*rows: tuple[int, int, int, int]) -> Score:
    """Quarters of four pitches each."""
    pitches = np.repeat(np.array(rows, np.int16), 2, axis=0)
    starts = np.zeros(pitches.shape, bool)
    starts[::2] = True
    return Score(pitches, starts, np.zeros(len(pitches), bool))


def test_a_triad_is_consonant_and_a_second_is_not() -> None:
    assert metrics.figures([score((72, 67, 64, 48))])["consonance"] == 1
    # D above C sounds with three others: two of its pairs are seconds or sevenths.
    clash = metrics.figures([score((74, 67, 64, 48))])["consonance"]
    assert clash == pytest.approx(4 / 6)


def test_a_fourth_is_consonant_but_over_the_bass() -> None:
    upper = score((77, 72, 69, 53))
    assert metrics.figures([upper])["consonance"] == 1
    over_bass = score((76, 72, 67, 55))
    assert metrics.figures([over_bass])["consonance"] == pytest.approx(5 / 6)


def test_one_note_of_four_outside_of_the_scale_is_a_quarter() -> None:
    inside = score((72, 67, 64, 48), (71, 67, 62, 55), (69, 65, 60, 53))
    assert metrics.figures([inside])["in_scale"] == 1
    outside = score((72, 67, 64, 48), (71, 67, 62, 55), (66, 65, 60, 53))
    assert metrics.figures([outside])["in_scale"] == pytest.approx(11 / 12)


def test_steps_are_between_notes_that_follow_each_other() -> None:
    moved = score((72, 67, 64, 48), (74, 67, 64, 48), (74, 67, 64, 60))
    # The soprano moves by 2, the bass by 12; repeated notes are no motion.
    assert metrics.figures([moved])["step_size"] == 7
    gap = score((72, 67, 64, 48), (REST, 67, 64, 48), (76, 67, 64, 48))
    assert metrics.figures([gap])["step_size"] == 0


def test_crossing_and_repetition_are_counted() -> None:
    crossed = score((72, 67, 64, 48), (66, 67, 64, 48))
    assert metrics.figures([crossed])["voice_crossing"] == 0.5
    again = score((72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 64, 48), (72, 67, 64, 48))
    assert metrics.figures([again])["repetition"] == 0.5


def test_shuffling_voices_breaks_harmony_and_shuffling_time_breaks_lines() -> None:
    pieces = tiny.varied(8)
    real = metrics.figures(pieces)
    voices = metrics.figures(metrics.shuffled_voices(pieces))
    time = metrics.figures(metrics.shuffled_time(pieces))
    assert voices["consonance"] < real["consonance"] - 0.1
    assert voices["step_size"] == pytest.approx(real["step_size"])
    assert time["consonance"] == pytest.approx(real["consonance"])


def test_windows_have_one_length_and_leave_the_rest() -> None:
    cut = metrics.windows([tiny.hymn(9)], 32)
    assert [len(w) for w in cut] == [32, 32]


def test_a_copy_is_found_in_any_key() -> None:
    known = tiny.varied(6)
    copy = known[2].transposed(3)
    assert metrics.longest_copies([copy], known)[0] == len(copy) // 2 - 1
    random = np.random.default_rng(0).integers(40, 80, (64, 4)).astype(np.int16)
    strange = Score(random, np.ones((64, 4), bool), np.zeros(64, bool))
    assert metrics.longest_copies([strange], known) == [0]
    assert metrics.longest_copies([known[2]], known[2:3], same=True) == [0]


def test_the_table_holds_the_model_to_fresh_works() -> None:
    pieces = tiny.varied(12)
    told = measuring.table({"model": pieces[:4]}, pieces[4:8], pieces[8:])
    assert set(told.controls) == set(measuring.CONTROLS)
    assert told.about["off_the_floor"]["model"]["consonance"] < 0.15
    assert told.about["off_the_floor"]["shuffled voices"]["consonance"] > 0.15
    assert "consonance" in " ".join(told.columns())

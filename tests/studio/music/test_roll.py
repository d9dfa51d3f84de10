from __future__ import annotations

import numpy as np
from tests.studio.music import tiny

from medici.studio.music import roll
from medici.studio.music.score import REST, Score


def colours(picture: np.ndarray) -> np.ndarray:
    return picture[..., :3].astype(int)


def test_every_voice_is_seen_at_its_height() -> None:
    picture = colours(roll.draw(tiny.hymn()))
    heights = []
    for ink in roll.legend().values():
        distance = np.abs(picture - np.array(ink)).sum(-1)
        rows, _ = np.nonzero(distance < 40)
        assert len(rows) > 500
        heights.append(rows.mean())
    assert heights == sorted(heights)


def test_a_longer_piece_is_no_larger_picture() -> None:
    for repeats in (1, 8, 32):
        picture = roll.draw(tiny.hymn(repeats))
        assert picture.shape == (roll.HEIGHT, roll.WIDTH, 4)
        assert (picture[..., 3] == 255).all()


def test_silence_is_an_empty_page() -> None:
    silent = np.full((16, 4), REST, np.int16)
    score = Score(silent, np.zeros((16, 4), bool), np.zeros(16, bool))
    picture = colours(roll.draw(score, 320, 200))
    for ink in roll.legend().values():
        assert (np.abs(picture - np.array(ink)).sum(-1) > 60).all()


def test_the_same_score_is_the_same_picture() -> None:
    assert (roll.draw(tiny.hymn()) == roll.draw(tiny.hymn())).all()
    assert (roll.draw(tiny.hymn()) != roll.draw(tiny.hymn().transposed(1))).any()

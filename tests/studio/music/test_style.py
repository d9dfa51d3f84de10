from __future__ import annotations

from typing import Any

import pytest
from tests.studio.music import tiny

from medici.errors import BadStyle
from medici.studio.music import style
from medici.studio.music.style import KEYS, parse_style


def test_a_style_is_complete_and_reads_itself_back() -> None:
    for given in (
        {},
        {"bars": 16, "key": "Bb", "metre": "3/4", "tempo": 60, "timbre": "organ"},
        {"key": "f#", "psi": 0.725, "upbeat": 2},
        {"voices": {"soprano": "C5 - D5^ -^"}, "upbeat": 0},
    ):
        told = parse_style(given, 900).as_json()
        assert set(told) == set(KEYS)
        assert parse_style(told, 500).as_json() == told


@pytest.mark.parametrize(
    "wrong",
    [
        {"bars": 1},
        {"bars": 33},
        {"bars": True},
        {"bars": None},
        {"bars": 4, "voices": {"soprano": "C5"}},
        {"key": "H"},
        {"key": "g", "mode": "major"},
        {"key": 3},
        {"metre": "5/4"},
        {"mode": "dorian"},
        {"psi": 1.6},
        {"psi": 0.0001},
        {"tempo": 39},
        {"tempo": 76.5},
        {"timbre": "kazoo"},
        {"timbre": ["organ"]},
        {"upbeat": True},
        {"upbeat": 8},
        {"upbeat": 6, "metre": "3/4"},
        {"voices": {}},
        {"voices": {"baritone": "C4"}},
        {"voices": {"soprano": ""}},
        {"voices": {"soprano": "X4"}},
        {"voices": {"soprano": "- C4"}},
        {"voices": {"soprano": ". -"}},
        {"voices": {"soprano": "C9"}},
        {"voices": {"soprano": "C5 -", "bass": "C3"}},
        {"voices": "C5"},
    ],
)
def test_what_cannot_be_done_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadStyle):
        parse_style(wrong, 900)


def test_a_mistyped_key_is_told_the_right_one() -> None:
    with pytest.raises(BadStyle) as caught:
        parse_style({"tmpo": 70}, 900)
    assert "tempo" in caught.value.hint


def test_a_voice_is_written_as_it_is_read() -> None:
    text = "C5 - D5^ -^ . Bb4 F#4 -"
    voice = style.read_voice("soprano", text)
    assert voice.pitches.tolist() == [72, 72, 74, 74, -1, 70, 66, 66]
    assert voice.fermata.tolist() == [False, False, True, True, False, False, False, False]
    assert style.write_voice(voice.pitches, voice.starts, voice.fermata) == text
    hymn = tiny.hymn()
    told = style.write_voice(hymn.pitches[:, 3], hymn.starts[:, 3], hymn.fermata)
    assert told.split()[:8] == ["C3", "-", "F3", "-", "G3", "-", "C3^", "-^"]

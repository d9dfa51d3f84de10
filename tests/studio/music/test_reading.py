"""Files of four voices: written here, read here, and opened by independent readers."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from tests.studio.music import tiny

from medici.errors import BadData
from medici.studio.music import notation
from medici.studio.music.reading import read_score
from medici.studio.music.score import Score

mido = pytest.importorskip("mido")
WRITERS = {"mid": notation.to_midi, "musicxml": notation.to_musicxml}


def pieces() -> list[Score]:
    hymn = tiny.hymn(3)
    upbeat = Score(hymn.pitches[6:], hymn.starts[6:], hymn.fermata[6:], 8, 2)
    three = Score(hymn.pitches[:18], hymn.starts[:18], hymn.fermata[:18], 6, 0)
    eighths = Score(hymn.pitches, np.ones(hymn.starts.shape, bool), hymn.fermata, 8, 0)
    return [hymn, upbeat, three, eighths, hymn.transposed(-3)]


@pytest.mark.parametrize("suffix", sorted(WRITERS))
@pytest.mark.parametrize("which", range(5))
def test_a_written_score_is_read_back_note_for_note(
    tmp_path: Path, suffix: str, which: int
) -> None:
    if suffix == "musicxml":
        pytest.importorskip("music21")
    score = pieces()[which]
    path = tmp_path / f"piece.{suffix}"
    path.write_bytes(WRITERS[suffix](score))
    assert read_score(path).digest == score.digest


def test_midi_says_to_others_what_it_says_to_us() -> None:
    file = mido.MidiFile(file=BytesIO(notation.to_midi(pieces()[1], 80, "organ")))
    names = [track.name for track in file.tracks[1:]]
    assert names == ["Soprano", "Alto", "Tenor", "Bass"]
    first = [e for e in file.tracks[1] if e.type == "note_on"]
    assert [e.note for e in first[:3]] == [72, 72, 72]
    signatures = [e for e in file.tracks[0] if e.type == "time_signature"]
    assert [(s.numerator, s.denominator) for s in signatures] == [(1, 4), (4, 4)]
    # Eighteen eighths; six of them under inner fermatas or the last one.
    plain = 0.375 * 18
    assert file.length > plain * 1.2
    keys = [e.key for e in file.tracks[0] if e.type == "key_signature"]
    assert keys == ["C"]


def test_one_score_is_one_file_of_notation_in_every_process() -> None:
    pytest.importorskip("music21")
    here = notation.to_musicxml(tiny.hymn(3))
    code = (
        "import sys; from tests.studio.music import tiny; from medici.studio.music import notation;"
        "sys.stdout.buffer.write(notation.to_musicxml(tiny.hymn(3)))"
    )
    root = Path(__file__).parents[3]
    there = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True)
    assert there.stdout == here
    assert b"encoding-date" not in here
    assert re.findall(rb'<part id="(\w+)"', here) == [b"P1", b"P2", b"P3", b"P4"]


def test_notation_is_what_music21_finds(tmp_path: Path) -> None:
    music21 = pytest.importorskip("music21")
    path = tmp_path / "piece.musicxml"
    path.write_bytes(notation.to_musicxml(pieces()[1], 80, "A hymn"))
    score = music21.converter.parse(path)
    assert [part.partName for part in score.parts] == ["Soprano", "Alto", "Tenor", "Bass"]
    measures = list(score.parts[0].getElementsByClass("Measure"))
    assert [m.duration.quarterLength for m in measures[:2]] == [1.0, 4.0]
    assert score.analyze("key").name == "C major"
    fermatas = [
        n
        for n in score.parts[0].flatten().notes
        if any(type(e).__name__ == "Fermata" for e in n.expressions)
    ]
    assert len(fermatas) == 3


@pytest.mark.parametrize(
    ("pitch", "tonic", "mode", "name"),
    [(66, 7, 1, "F#4"), (61, 7, 1, "C#4"), (63, 0, 1, "E-4"), (70, 5, 0, "B-4"), (59, 6, 0, "B3")],
)
def test_notes_are_spelled_as_their_key_asks(pitch: int, tonic: int, mode: int, name: str) -> None:
    assert notation.spelling(pitch, tonic, mode) == name


@pytest.mark.parametrize("pitch", range(21, 109))
def test_spelling_never_changes_the_pitch(pitch: int) -> None:
    music21 = pytest.importorskip("music21")
    for tonic in range(12):
        for mode in (0, 1):
            name = notation.spelling(pitch, tonic, mode)
            assert music21.pitch.Pitch(name).midi == pitch


def midi(*tracks: list[tuple[int, int, int]]) -> bytes:
    """Tracks of (start, length, pitch) in quarters."""
    file = mido.MidiFile(ticks_per_beat=4)
    for notes in tracks:
        track = mido.MidiTrack()
        events = [(4 * s, "note_on", p) for s, _, p in notes]
        events += [(4 * (s + n), "note_off", p) for s, n, p in notes]
        now = 0
        for at, kind, pitch in sorted(events):
            track.append(mido.Message(kind, note=pitch, velocity=64, time=at - now))
            now = at
        file.tracks.append(track)
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


FOUR = [[(0, 2, pitch)] for pitch in (72, 67, 64, 48)]


def refused(tmp_path: Path, name: str, data: bytes) -> BadData:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(BadData) as caught:
        read_score(path)
    assert name in caught.value.message
    return caught.value


def test_voices_go_by_register_whatever_their_order(tmp_path: Path) -> None:
    path = tmp_path / "upside.mid"
    path.write_bytes(midi(*FOUR[::-1]))
    assert read_score(path).pitches[0].tolist() == [72, 67, 64, 48]


def test_other_than_four_voices_are_refused(tmp_path: Path) -> None:
    assert "3 voices" in refused(tmp_path, "three.mid", midi(*FOUR[:3])).message
    assert "5 voices" in refused(tmp_path, "five.mid", midi(*FOUR, [(0, 2, 60)])).message
    assert "0 voices" in refused(tmp_path, "none.mid", midi()).message


def test_a_chord_in_one_voice_is_refused(tmp_path: Path) -> None:
    tracks = [[(0, 2, 72), (0, 2, 76)], *FOUR[1:]]
    assert "two notes at once" in refused(tmp_path, "chord.mid", midi(*tracks)).message


def test_notes_out_of_range_are_refused(tmp_path: Path) -> None:
    tracks = [[(0, 2, 120)], *FOUR[1:]]
    assert "120" in refused(tmp_path, "high.mid", midi(*tracks)).message


def test_a_piece_without_end_is_refused(tmp_path: Path) -> None:
    tracks = [[(0, 2000, 72)], *FOUR[1:]]
    assert "2000 quarters" in refused(tmp_path, "long.mid", midi(*tracks)).message


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.mid", b""),
        ("zeros.mid", bytes(100)),
        ("cut.mid", midi(*FOUR)[:40]),
        ("text.mid", b"MThd but not really"),
        ("empty.musicxml", b""),
        ("broken.musicxml", b"<?xml version='1.0'?><score-partwise><part id='P1'>"),
        ("page.musicxml", b"<html><body>no music</body></html>"),
        ("zeros.mxl", bytes(64)),
        ("song.mp3", b"ID3"),
    ],
)
def test_files_that_are_no_scores_are_refused_by_name(
    tmp_path: Path, name: str, data: bytes
) -> None:
    if not name.endswith((".mid", ".mp3")):
        pytest.importorskip("music21")
    error = refused(tmp_path, name, data)
    assert not error.message.rstrip().endswith(":")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"gone\.mid"):
        read_score(tmp_path / "gone.mid")


def test_a_note_between_two_steps_is_left_out_and_a_late_one_drawn_in(tmp_path: Path) -> None:
    file = mido.MidiFile(ticks_per_beat=480)
    for pitch in (72, 67, 64):
        track = mido.MidiTrack()
        track.append(mido.Message("note_on", note=pitch, velocity=64, time=10))
        track.append(mido.Message("note_off", note=pitch, velocity=64, time=950))
        file.tracks.append(track)
    bass = mido.MidiTrack()
    for pitch, length in ((48, 360), (50, 120), (52, 480)):
        bass.append(mido.Message("note_on", note=pitch, velocity=64, time=0))
        bass.append(mido.Message("note_off", note=pitch, velocity=64, time=length))
    file.tracks.append(bass)
    file.save(tmp_path / "played.mid")
    score = read_score(tmp_path / "played.mid")
    assert score.pitches[:, 3].tolist() == [48, 48, 52, 52]
    assert score.pitches[:, 0].tolist() == [72] * 4


def packed(xml: bytes) -> bytes:
    """A zipped MusicXML file."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("META-INF/container.xml", "<container/>")
        made.writestr("score.musicxml", xml)
    return out.getvalue()


def test_packed_notation_is_read_like_plain(tmp_path: Path) -> None:
    pytest.importorskip("music21")
    (tmp_path / "a.mxl").write_bytes(packed(notation.to_musicxml(tiny.hymn(3))))
    assert read_score(tmp_path / "a.mxl").digest == tiny.hymn(3).digest


def test_notation_that_swells_is_refused_before_it_does(tmp_path: Path) -> None:
    pytest.importorskip("music21")
    whole = notation.to_musicxml(tiny.hymn(3))
    bomb = packed(whole + b" " * (9 << 20))
    assert len(bomb) < 100_000
    assert "unpacks to 9," in refused(tmp_path, "bomb.mxl", bomb).message
    entities = b'<!DOCTYPE score-partwise [<!ENTITY a "aaaaaaaa">]>'
    start = whole.index(b"<score-partwise")
    swollen = whole[: whole.index(b"<!DOCTYPE")] + entities + whole[start:]
    for name, data in (("a.musicxml", swollen), ("a.mxl", packed(swollen))):
        assert "entities of its own" in refused(tmp_path, name, data).message


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        (rb"<duration>\d+</duration>", b"<duration>1e400</duration>"),
        (rb"<beats>4</beats>", b"<beats>4000000000000</beats>"),
    ],
)
def test_notation_with_numbers_beyond_measure_is_refused(
    tmp_path: Path, part: bytes, changed: bytes
) -> None:
    pytest.importorskip("music21")
    whole = notation.to_musicxml(tiny.hymn(3))
    assert re.search(part, whole)
    assert refused(tmp_path, "a.musicxml", re.sub(part, changed, whole))

"""Four-voice files as scores: MIDI by mido, MusicXML and the like by music21."""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import numpy as np

from medici.errors import BadData, MissingPart
from medici.studio.data.picture import printable
from medici.studio.music.score import LONGEST, REST, STEPS_A_QUARTER, VOICES, Score

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MIDI = (".mid", ".midi")
NOTATION = (".musicxml", ".mxl", ".xml", ".krn")
_LARGEST_FILE = 8 << 20
LOWEST_NOTE, HIGHEST_NOTE = 21, 108
# Part of a step by which notes of one voice may overlap: players' legato, not a chord.
_LEGATO = 0.5


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a file, in quarters."""

    start: float
    length: float
    pitch: int
    fermata: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What a reader found in a file: notes of each voice; the rest in quarters."""

    voices: Sequence[Sequence[Note]]
    bar: float = 4.0
    upbeat: float = 0.0
    fermatas: Sequence[tuple[float, float]] = ()
    length: float = 0.0


def read_score(path: Path) -> Score:
    """The score nearest to a file.

    Raises:
        BadData: not a readable MIDI or MusicXML file, not four voices of single notes, or too long.
        MissingPart: mido or music21 is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in MIDI + NOTATION:
        raise BadData(f"{path} is no score", "supported: " + ", ".join(MIDI + NOTATION))
    try:
        size = path.stat().st_size
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}") from error
    if size == 0:
        raise BadData(f"{path} is empty (zero bytes)", "export it again")
    if size > _LARGEST_FILE:
        raise BadData(f"{path} has {size} bytes; a score has at most {_LARGEST_FILE}")
    parts = _read_midi(path) if suffix in MIDI else _read_notation(path)
    return to_score(parts, path)


def to_score(parts: Parts, path: Path) -> Score:
    """Parts on the grid: every step takes the note that sounds when the step begins.

    Raises:
        BadData: not four voices of single notes in the range of a piano, or too long.
    """
    voices = [voice for voice in parts.voices if voice]
    if len(voices) != len(VOICES):
        raise BadData(
            f"{path} has {len(voices)} {'voice' if len(voices) == 1 else 'voices'}, not four",
            "a score here is soprano, alto, tenor and bass, each in a part or track of its own",
        )
    for voice in voices:
        for note in voice:
            if not LOWEST_NOTE <= note.pitch <= HIGHEST_NOTE:
                raise BadData(
                    f"{path} has a note of MIDI pitch {note.pitch} at quarter {note.start:g}",
                    f"pitches from {LOWEST_NOTE} to {HIGHEST_NOTE} are known",
                )
    # Voices go by register: files list them from the top or from the bottom.
    voices.sort(key=lambda voice: -sum(n.pitch for n in voice) / len(voice))
    ends = [n.start + n.length for voice in voices for n in voice]
    # The last thing may be silence, or a fermata over it.
    end = max(parts.length, *ends, *(start + length for start, length in parts.fermatas))
    steps = round(end * STEPS_A_QUARTER) if math.isfinite(end) else 0
    if not 1 <= steps <= LONGEST:
        raise BadData(f"{path} is {end:g} quarters long", f"at most {LONGEST // STEPS_A_QUARTER}")
    pitches = np.full((steps, len(VOICES)), REST, np.int16)
    starts = np.zeros((steps, len(VOICES)), bool)
    fermata = np.zeros(steps, bool)
    for index, voice in enumerate(voices):
        _place(sorted(voice, key=lambda n: n.start), index, pitches, starts, path)
    for start, length in parts.fermatas:
        first = round(start * STEPS_A_QUARTER)
        fermata[first : max(first + 1, round((start + length) * STEPS_A_QUARTER))] = True
    bar = max(1, round(parts.bar * STEPS_A_QUARTER))
    if bar > LONGEST:
        raise BadData(f"{path} has bars of {parts.bar:g} quarters")
    upbeat = round(parts.upbeat * STEPS_A_QUARTER) % bar
    return Score(pitches, starts, fermata, bar, upbeat, printable(path.name))


def _place(notes: Sequence[Note], voice: int, pitches: Any, starts: Any, path: Path) -> None:
    end = 0.0
    for note in notes:
        start, stop = (
            note.start * STEPS_A_QUARTER,
            (note.start + note.length) * STEPS_A_QUARTER,
        )
        if end - start > _LEGATO:
            raise BadData(
                f"{path}: the {VOICES[voice]} sings two notes at once at quarter {note.start:g}",
                "each voice holds one note at a time",
            )
        end = max(end, stop)
        first, last = int(np.ceil(start - 0.25)), int(np.ceil(stop - 0.25))
        if last <= first:
            continue  # shorter than the grid, between two steps
        pitches[first:last, voice] = note.pitch
        starts[first:last, voice] = False
        starts[first : first + 1, voice] = True


def _read_midi(path: Path) -> Parts:
    try:
        import mido
    except ImportError as error:
        raise MissingPart("reading MIDI needs mido", "pip install 'medici[music]'") from error
    try:
        file = mido.MidiFile(path)
        beat = file.ticks_per_beat
        if beat <= 0:
            raise ValueError(f"{beat} ticks a beat")
        found: dict[tuple[int, int], list[Note]] = {}
        metres: list[tuple[int, float]] = []
        fermatas: list[tuple[float, float]] = []
        for number, track in enumerate(file.tracks):
            _read_track(number, track, beat, found, metres, fermatas)
    except EOFError as error:
        raise BadData(f"{path} is not a MIDI file: it ends too early", "get it again") from error
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        reason = str(error) or type(error).__name__
        raise BadData(f"{path} is not a MIDI file: {reason}", "get it again") from error
    # A short first bar is written as a time signature of its own, as notation programs do.
    metres.sort()
    upbeat = 0.0
    if len(metres) > 1 and metres[1][0] / beat == metres[0][1] < metres[1][1]:
        upbeat = metres[0][1]
        metres = metres[1:]
    bar = metres[0][1] if metres else 4.0
    return Parts(list(found.values()), bar, upbeat, fermatas)


def _read_track(
    number: int,
    track: Any,
    beat: int,
    found: dict[tuple[int, int], list[Note]],
    metres: list[tuple[int, float]],
    fermatas: list[tuple[float, float]],
) -> None:
    now, since = 0, -1
    sounding: dict[tuple[int, int], int] = {}
    for event in track:
        now += event.time
        if event.type == "time_signature":
            metres.append((now, 4 * event.numerator / event.denominator))
        elif event.type == "marker" and event.text == "fermata":
            since = now
        elif event.type == "marker" and event.text == "phrase end" and since >= 0:
            fermatas.append((since / beat, (now - since) / beat))
            since = -1
        elif event.type in ("note_on", "note_off"):
            key = (event.channel, event.note)
            start = sounding.pop(key, None)
            if start is not None and now > start:
                note = Note(start / beat, (now - start) / beat, event.note)
                found.setdefault((number, event.channel), []).append(note)
            if event.type == "note_on" and event.velocity > 0:
                sounding[key] = now


def _read_notation(path: Path) -> Parts:
    try:
        from music21 import converter
    except ImportError as error:
        raise MissingPart(
            "reading notation needs music21", "pip install 'medici[music]'"
        ) from error
    try:
        for text in _texts(path):
            _refuse_entities(text)
        return _parts(converter.parse(path, forceSource=True, storePickle=False), path)
    except BadData:
        raise
    except Exception as error:  # music21's readers raise whatever their parsers do
        raise BadData(f"{path} is not a score that music21 can read: {error}") from error


def _texts(path: Path) -> Iterator[bytes]:
    """The XML of a file, or of each score in a packed one, bounded before anything is unpacked."""
    if path.suffix.lower() == ".mxl" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            for member in packed.infolist():
                if member.file_size > _LARGEST_FILE:
                    raise BadData(
                        f"{path} unpacks to {member.file_size:,} bytes ({member.filename}); "
                        f"a score has at most {_LARGEST_FILE:,}"
                    )
                if member.filename.lower().endswith(NOTATION):
                    yield packed.read(member)
    elif path.suffix.lower() != ".krn":
        yield path.read_bytes()


def _refuse_entities(text: bytes) -> None:
    """Refuse XML that declares entities of its own: a few lines of them may expand to gigabytes.

    Raises:
        ValueError: it does, or is no XML.
    """

    def refuse(*_: object) -> None:
        raise ValueError("it declares entities of its own")

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = refuse
    parser.Parse(text, True)


def _parts(score: Any, path: Path) -> Parts:
    """What music21 found."""
    from music21 import chord, expressions, stream

    parts = _singers(list(score.parts)) if isinstance(score, stream.Score) else []
    voices: list[list[Note]] = []
    fermatas: list[tuple[float, float]] = []
    end = 0.0
    for number, part in enumerate(parts):
        notes: list[Note] = []
        for element in part.flatten().notesAndRests:
            if isinstance(element, chord.Chord):
                raise BadData(
                    f"{path}: part {number + 1} has a chord at quarter {float(element.offset):g}",
                    "each voice holds one note at a time",
                )
            # Notation programs fill a short last bar with silence that is not shown.
            hidden = element.isRest and element.style.hideObjectOnPrint
            if element.duration.isGrace or hidden:
                continue
            start, length = float(element.offset), float(element.quarterLength)
            end = max(end, start + length)
            held = any(isinstance(e, expressions.Fermata) for e in element.expressions)
            if number == 0 and held:
                fermatas.append((start, length))
            if not hasattr(element, "pitch"):
                continue
            tied = element.tie is not None and element.tie.type in ("stop", "continue")
            if tied and notes and notes[-1].pitch == element.pitch.midi:
                notes[-1] = Note(notes[-1].start, start + length - notes[-1].start, notes[-1].pitch)
            else:
                notes.append(Note(start, length, int(element.pitch.midi)))
        voices.append(notes)
    bar, upbeat = _metre(parts)
    return Parts(voices, bar, upbeat, fermatas, end)


def _singers(parts: list[Any]) -> list[Any]:
    """The four parts that are named as voices, when instruments play beside them; else all."""
    named = [(str(part.partName or "").strip().lower(), part) for part in parts]
    voices = [part for name, part in named if name in VOICES]
    names = {name for name, _ in named if name in VOICES}
    return voices if len(voices) == len(names) == len(VOICES) else parts


def _metre(parts: Sequence[Any]) -> tuple[float, float]:
    """Quarters a bar, and quarters before the first whole bar."""
    if not parts:
        return 4.0, 0.0
    signatures = list(parts[0].recurse().getElementsByClass("TimeSignature"))
    bar = float(signatures[0].barDuration.quarterLength) if signatures else 4.0
    measures = list(parts[0].getElementsByClass("Measure"))
    first = float(measures[0].duration.quarterLength) if measures else bar
    return bar, first if first < bar else 0.0

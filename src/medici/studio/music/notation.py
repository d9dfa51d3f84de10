"""Scores as files that musicians open: MIDI by mido, MusicXML by music21."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from medici.errors import MissingPart
from medici.studio.music.score import MINOR, STEPS_A_QUARTER, VOICES, key_name
from medici.studio.music.synth import hold_halves

if TYPE_CHECKING:
    from medici.studio.music.score import Score

TICKS_A_QUARTER = 480
_TICKS = TICKS_A_QUARTER // STEPS_A_QUARTER
_VELOCITY = 80
# General MIDI programs, from 0: what players should take for a timbre.
PROGRAMS = {"choir": 52, "organ": 19, "strings": 48, "flutes": 73}
# Sharps of the major keys from C upwards by semitones; a minor key takes its relative's.
_SHARPS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)


def sharps(tonic: int, mode: int) -> int:
    """Sharps of a key signature, flats negative."""
    return _SHARPS[(tonic + 3) % 12 if mode == MINOR else tonic]


def spelling(pitch: int, tonic: int, mode: int) -> str:
    """A MIDI pitch as notation names it in a key: the leading tone of g minor is F#, not G-.

    Names lie on the line of fifths (… B-, F, C, G, D …); the one nearest to the key is taken.
    """
    middle = 2 * sharps(tonic, mode) + (7 if mode == MINOR else 5)
    place = pitch % 12 * 7 % 12
    fifths = min((place + 12 * k for k in range(-3, 4)), key=lambda f: abs(2 * f - middle))
    letter = "FCGDAEB"[(fifths + 1) % 7]
    alter = (fifths + 1) // 7
    natural = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[letter]
    octave = (pitch - alter - natural) // 12 - 1
    return letter + ("#" * alter if alter > 0 else "-" * -alter) + str(octave)


def to_midi(score: Score, tempo: int = 76, timbre: str = "choir") -> bytes:
    """A type 1 MIDI file: a conductor's track, then one track a voice.

    Fermatas are markers and slower tempi, so that notes stay on the grid and the file sounds as the
    work does.

    Raises:
        MissingPart: mido is not installed.
    """
    try:
        import mido
    except ImportError as error:
        raise MissingPart("writing MIDI needs mido", "pip install 'medici[music]'") from error
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_A_QUARTER)
    file.tracks.append(_conductor(mido, score, tempo))
    for voice, name in enumerate(VOICES):
        events = [(0, 0, mido.Message("program_change", channel=voice, program=PROGRAMS[timbre]))]
        for first, steps, pitch in score.notes(voice):
            on = {"channel": voice, "note": pitch}
            start, end = first * _TICKS, (first + steps) * _TICKS
            events.append((start, 2, mido.Message("note_on", velocity=_VELOCITY, **on)))
            events.append((end, 1, mido.Message("note_off", velocity=0, **on)))
        track = _timed(mido, events, len(score) * _TICKS)
        track.insert(0, mido.MetaMessage("track_name", name=name.capitalize()))
        file.tracks.append(track)
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def _conductor(mido: Any, score: Score, tempo: int) -> Any:
    tonic, mode = score.key
    key = _midi_key(sharps(tonic, mode), mode)
    events = [(0, 0, mido.MetaMessage("key_signature", key=key))]
    if score.upbeat:
        # A short first bar of its own length, as notation programs write it.
        events.append((0, 1, _metre(mido, score.upbeat)))
    events.append((score.upbeat * _TICKS, 1, _metre(mido, score.bar)))
    halves = hold_halves(score)
    for step in range(len(score)):
        if step == 0 or halves[step] != halves[step - 1]:
            slow = mido.bpm2tempo(tempo) * int(halves[step]) // 2
            events.append((step * _TICKS, 2, mido.MetaMessage("set_tempo", tempo=slow)))
    for step in range(len(score) + 1):
        before = step > 0 and bool(score.fermata[step - 1])
        now = step < len(score) and bool(score.fermata[step])
        if before != now:
            text = "fermata" if now else "phrase end"
            events.append((step * _TICKS, 3, mido.MetaMessage("marker", text=text)))
    return _timed(mido, events, len(score) * _TICKS)


def _metre(mido: Any, steps: int) -> Any:
    quarters = steps % STEPS_A_QUARTER == 0
    return mido.MetaMessage(
        "time_signature",
        numerator=steps // STEPS_A_QUARTER if quarters else steps,
        denominator=4 if quarters else 8,
    )


def _midi_key(count: int, mode: int) -> str:
    """The key of a signature as the MIDI file names it."""
    major = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
    minor = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")
    return minor[count + 7] + "m" if mode == MINOR else major[count + 7]


def _timed(mido: Any, events: list[tuple[int, int, Any]], end: int) -> Any:
    track, now = mido.MidiTrack(), 0
    for at, _, event in sorted(events, key=lambda e: e[:2]):
        track.append(event.copy(time=at - now))
        now = at
    track.append(mido.MetaMessage("end_of_track", time=max(end - now, 0)))
    return track


def to_musicxml(score: Score, tempo: int = 76, title: str = "") -> bytes:
    """A MusicXML file of four staves, with bars, key, fermatas and tempo.

    The same score gives the same bytes with one version of music21.

    Raises:
        MissingPart: music21 is not installed.
    """
    try:
        import music21
        from music21.musicxml.m21ToXml import GeneralObjectExporter
    except ImportError as error:
        raise MissingPart(
            "writing MusicXML needs music21", "pip install 'medici[music]'"
        ) from error
    # Typed as anything: music21 leaves most of what is needed here untyped.
    m21: Any = music21
    whole = m21.stream.Score()
    whole.metadata = m21.metadata.Metadata(title=title or "Chorale", composer="Medici")
    for voice, name in enumerate(VOICES):
        part = m21.stream.Part(id=name.capitalize())
        part.partName = name.capitalize()
        for number, (begin, end) in enumerate(_bars(score), 0 if score.upbeat else 1):
            measure = m21.stream.Measure(number=number)
            if begin == 0:
                measure.append(_clef(m21, voice))
                measure.append(m21.key.KeySignature(sharps(*score.key)))
                measure.append(m21.meter.TimeSignature(f"{score.bar // STEPS_A_QUARTER}/4"))
                if voice == 0:
                    measure.insert(0, m21.tempo.MetronomeMark(number=tempo))
                if score.upbeat:
                    measure.paddingLeft = (score.bar - score.upbeat) / STEPS_A_QUARTER
            _fill(m21, measure, score, voice, begin, end)
            part.append(measure)
        part.makeAccidentals(inPlace=True)
        part.makeBeams(inPlace=True)
        whole.append(part)
    return _repeatable(GeneralObjectExporter(whole).parse())


def _repeatable(xml: bytes) -> bytes:
    """Without the day of writing, and with parts named P1 to P4: music21 draws their ids anew."""
    xml = re.sub(rb"\s*<encoding-date>[^<]*</encoding-date>", b"", xml)
    for number, drawn in enumerate(re.findall(rb'<score-part id="([^"]+)"', xml), 1):
        xml = xml.replace(b'id="%s"' % drawn, b'id="P%d"' % number)
    return xml


def _bars(score: Score) -> list[tuple[int, int]]:
    edges = list(range(score.upbeat or score.bar, len(score), score.bar))
    edges = [0, *edges, len(score)]
    return [(a, b) for a, b in pairwise(edges) if b > a]


def _clef(m21: Any, voice: int) -> Any:
    clefs = m21.clef.TrebleClef, m21.clef.TrebleClef, m21.clef.Treble8vbClef, m21.clef.BassClef
    return clefs[voice]()


def _fill(m21: Any, measure: Any, score: Score, voice: int, begin: int, end: int) -> None:
    """One bar of one voice; notes over the bar line are tied."""
    notes = score.notes(voice)
    step = begin
    while step < end:
        here = [n for n in notes if n[0] <= step < n[0] + n[1]]
        if here:
            first, steps, pitch = here[0]
            stop = min(first + steps, end)
            made = m21.note.Note(spelling(pitch, *score.key))
            closes = stop == first + steps
            if first < step or not closes:
                kind = ("continue" if not closes else "stop") if first < step else "start"
                made.tie = m21.tie.Tie(kind)
        else:
            stop = min([end, *(n[0] for n in notes if n[0] > step)])
            made, closes = m21.note.Rest(), True
        if closes and score.fermata[step:stop].any():
            made.expressions.append(m21.expressions.Fermata())
        made.duration.quarterLength = (stop - step) / STEPS_A_QUARTER
        measure.append(made)
        step = stop


def describe(score: Score) -> str:
    """``8 bars in G`` for people."""
    bars = -(-max(len(score) - score.upbeat, 0) // score.bar) + bool(score.upbeat)
    return f"{bars} bars in {key_name(*score.key)}"

"""Style parameters of music: what may be steered, in which range, made canonical."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadStyle
from medici.studio.checking import StyleChecks
from medici.studio.music.score import LONGEST, MODES, REST, TONICS, VOICES
from medici.studio.music.synth import TIMBRES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MOST_BARS, DEFAULT_BARS = 32, 8
_NOTE = re.compile(r"([A-G])([#b]?)(-?\d)")
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_HELD, _SILENT, _FERMATA = "-", ".", "^"
_TONIC_NAMES = {**{name: i for i, name in enumerate(TONICS)}, "Db": 1, "D#": 3, "Gb": 6, "G#": 8}
_TONIC_NAMES["A#"] = 10

# Key → what it does; the same words serve help texts and error messages.
KEYS: dict[str, str] = {
    "bars": f"length in bars, 2 to {MOST_BARS}, in phrases of two (four in 3/4); null with voices",
    "key": 'tonic like "G", "f#" or "Bb" (small letters for minor), or "auto"',
    "metre": '"4/4" or "3/4"',
    "mode": '"major", "minor" or "auto"',
    "psi": "temperature, 0 to 1.5: lower is plainer, higher more daring",
    "tempo": "quarters a minute, 40 to 160",
    "timbre": "how the voices sound: " + ", ".join(TIMBRES),
    "upbeat": 'eighths before the first whole bar, 0 to 7, or "auto" (one quarter or none)',
    "voices": 'null or {"soprano": "G4 - A4 - B4^ -^", …}: given voices, one word an eighth: note, '
    f'"{_HELD}" to hold it or "{_SILENT}" for silence; "{_FERMATA}" under a fermata',
}
CHECK = StyleChecks(KEYS)


@dataclass(frozen=True, slots=True)
class Voice:
    """A given voice.

    Attributes:
        pitches: (steps,) int16, `REST` where silent.
        starts: (steps,) bool, whether a note begins.
        fermata: (steps,) bool, steps under a fermata.
    """

    pitches: NDArray[np.int16]
    starts: NDArray[np.bool_]
    fermata: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Style:
    """A checked style; psi is held in thousandths, as the renderer takes it."""

    psi: int
    bars: int = DEFAULT_BARS
    metre: int = 4
    upbeat: int | None = None
    tonic: int | None = None
    mode: int | None = None
    tempo: int = 76
    timbre: str = "choir"
    voices: tuple[tuple[str, str], ...] = ()

    @property
    def given(self) -> dict[int, Voice]:
        """Given voices by number."""
        return {VOICES.index(name): read_voice(name, text) for name, text in self.voices}

    def as_json(self) -> dict[str, Any]:
        """All keys, defaults included: a record must not depend on what defaults were then."""
        return {
            "bars": None if self.voices else self.bars,
            "key": "auto" if self.tonic is None else TONICS[self.tonic],
            "metre": f"{self.metre}/4",
            "mode": "auto" if self.mode is None else MODES[self.mode],
            "psi": self.psi / 1000,
            "tempo": self.tempo,
            "timbre": self.timbre,
            "upbeat": "auto" if self.upbeat is None else self.upbeat,
            "voices": dict(self.voices) or None,
        }


def parse_style(given: Mapping[str, Any] | None, default_psi: int) -> Style:
    """Check a style and fill in what it leaves open.

    Args:
        given: keys of `KEYS` with JSON values.
        default_psi: the model's own temperature, in thousandths.

    Raises:
        BadStyle: an unknown key (the hint names the nearest), or a value out of range.
    """
    given = CHECK.known(given)
    tonic, mode = _key(given.get("key", "auto"), given.get("mode", "auto"))
    metre = given.get("metre", "4/4")
    if metre not in ("4/4", "3/4"):
        raise CHECK.wrong("metre", metre)
    last = 2 * int(metre[0]) - 1  # eighth of a bar
    timbre = given.get("timbre", "choir")
    if not isinstance(timbre, str) or timbre not in TIMBRES:
        raise CHECK.wrong("timbre", timbre)
    upbeat = given.get("upbeat", "auto")
    voices = _voices(given.get("voices"))
    bars = given.get("bars", None if voices else DEFAULT_BARS)
    if (bars is None) != bool(voices):
        raise BadStyle(
            f"style bars cannot be {bars!r} {'with' if voices else 'without'} given voices",
            KEYS["bars"],
        )
    return Style(
        psi=default_psi if "psi" not in given else CHECK.thousandths("psi", given["psi"], 0, 1500),
        bars=DEFAULT_BARS if bars is None else CHECK.whole("bars", bars, 2, MOST_BARS),
        metre=int(metre[0]),
        upbeat=None if upbeat == "auto" else CHECK.whole("upbeat", upbeat, 0, last),
        tonic=tonic,
        mode=mode,
        tempo=CHECK.whole("tempo", given.get("tempo", 76), 40, 160),
        timbre=timbre,
        voices=voices,
    )


def _key(key: object, mode: object) -> tuple[int | None, int | None]:
    if not isinstance(mode, str) or mode not in (*MODES, "auto"):
        raise CHECK.wrong("mode", mode)
    told = None if mode == "auto" else MODES.index(mode)
    if key == "auto":
        return None, told
    if not isinstance(key, str) or key.capitalize() not in _TONIC_NAMES:
        raise CHECK.wrong("key", key)
    if key[0].islower():
        if told == 0:
            raise BadStyle(f"style key {key!r} is minor and mode is major", KEYS["key"])
        told = 1
    return _TONIC_NAMES[key.capitalize()], told


def _voices(value: object) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, dict) or not value:
        raise CHECK.wrong("voices", value)
    for name in value:
        if name not in VOICES:
            raise BadStyle(f"style voices has no voice {name!r}", "voices: " + ", ".join(VOICES))
    found = tuple((name, _tidy(name, value[name])) for name in VOICES if name in value)
    lengths = {name: len(text.split()) for name, text in found}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise BadStyle(f"given voices differ in length: {told} eighths", KEYS["voices"])
    return found


def _tidy(name: str, text: object) -> str:
    if not isinstance(text, str) or not 1 <= len(text.split()) <= LONGEST:
        raise BadStyle(f"voice {name} is no line of 1 to {LONGEST} eighths", KEYS["voices"])
    read_voice(name, text)
    return " ".join(text.split())


def read_voice(name: str, text: str) -> Voice:
    """A given voice from its words.

    Raises:
        BadStyle: a word is no note, hold or silence.
    """
    pitches: list[int] = []
    starts: list[bool] = []
    fermata: list[bool] = []
    for number, word in enumerate(text.split()):
        bare = word.removesuffix(_FERMATA)
        note = _NOTE.fullmatch(bare)
        if note:
            letter, accidental, octave = note.groups()
            offset = {"#": 1, "b": -1, "": 0}[accidental]
            pitch = 12 * (int(octave) + 1) + _NATURAL[letter] + offset
            if not 21 <= pitch <= 108:
                raise BadStyle(f"voice {name} has {word!r}, which is off the piano")
            pitches.append(pitch)
        elif bare == _HELD and pitches and pitches[-1] != REST:
            pitches.append(pitches[-1])
        elif bare == _SILENT:
            pitches.append(REST)
        else:
            raise BadStyle(f"voice {name} has {word!r} as word {number + 1}", KEYS["voices"])
        starts.append(bool(note))
        fermata.append(bare != word)
    return Voice(np.array(pitches, np.int16), np.array(starts), np.array(fermata))


def write_voice(
    pitches: NDArray[np.int16], starts: NDArray[np.bool_], fermata: NDArray[np.bool_]
) -> str:
    """The words of a voice, as `read_voice` reads them."""
    words = []
    for pitch, start, held in zip(pitches.tolist(), starts, fermata, strict=True):
        name = f"{TONICS[pitch % 12]}{pitch // 12 - 1}" if start else _HELD
        words.append((_SILENT if pitch == REST else name) + _FERMATA * bool(held))
    return " ".join(words)

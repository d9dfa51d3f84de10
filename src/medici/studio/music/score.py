"""A score: four voices on a grid of eighths, and the key that they stand in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medici.records import Digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

VOICES = ("soprano", "alto", "tenor", "bass")
STEPS_A_QUARTER = 2
REST = -1
MAJOR, MINOR = 0, 1
MODES = ("major", "minor")
TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
LONGEST = 1024
"""Steps that a score may have: 128 bars of four quarters."""
# Weights of the twelve degrees above the tonic. Source: Temperley, "What's key for key?", 1999.
_PROFILES = np.array(
    [
        [5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0],
        [5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0],
    ]
)
# What the last note of the bass counts for, in units of correlation: chorales end on their tonic.
_LAST_BASS = 0.15


@dataclass(frozen=True, slots=True)
class Score:
    """Four voices: soprano, alto, tenor, bass.

    Attributes:
        pitches: (steps, 4) int16, MIDI note numbers; `REST` where a voice is silent.
        starts: (steps, 4) bool, whether a note begins at the step (else it is held).
        fermata: (steps,) bool, steps under a fermata of the soprano; a phrase ends with each run.
        bar: steps a bar.
        upbeat: steps before the first whole bar.
        name: of the file, or empty.
    """

    pitches: NDArray[np.int16]
    starts: NDArray[np.bool_]
    fermata: NDArray[np.bool_]
    bar: int = 8
    upbeat: int = 0
    name: str = ""

    def __len__(self) -> int:
        return len(self.pitches)

    @property
    def digest(self) -> Digest:
        """SHA-256 of ``"SCORE"``, steps, bar and upbeat (4 bytes each), and a row for each step.

        A row is bytes: four pitches (0 for a rest), four starts, one fermata.
        """
        rows = np.concatenate(
            [np.maximum(self.pitches, 0), self.starts, self.fermata[:, None]], axis=1
        )
        state = hashlib.sha256(b"SCORE")
        for size in (len(self), self.bar, self.upbeat):
            state.update(size.to_bytes(4, "big"))
        state.update(rows.astype(np.uint8).tobytes())
        return Digest(state.hexdigest())

    @property
    def key(self) -> tuple[int, int]:
        """Tonic, 0 for C to 11 for B, and mode, `MAJOR` or `MINOR`."""
        return find_key(self.pitches)

    def phrases(self) -> list[int]:
        """Where phrases end: the steps after the last of each fermata, and the end of the score."""
        padded = np.append(self.fermata, False)
        ends = [int(e) for e in np.flatnonzero(padded[:-1] & ~padded[1:]) + 1]
        return ends if ends and ends[-1] == len(self) else [*ends, len(self)]

    def notes(self, voice: int) -> list[tuple[int, int, int]]:
        """Notes of a voice: (first step, steps, MIDI pitch), rests left out."""
        out: list[tuple[int, int, int]] = []
        for step in range(len(self)):
            pitch = int(self.pitches[step, voice])
            if pitch == REST:
                continue
            follows = out and out[-1][0] + out[-1][1] == step and out[-1][2] == pitch
            if follows and not self.starts[step, voice]:
                first, steps, _ = out[-1]
                out[-1] = (first, steps + 1, pitch)
            else:
                out.append((step, 1, pitch))
        return out

    def transposed(self, semitones: int) -> Score:
        """The same music higher or lower."""
        moved = np.where(self.pitches == REST, REST, self.pitches + semitones).astype(np.int16)
        return Score(moved, self.starts, self.fermata, self.bar, self.upbeat, self.name)


def find_key(pitches: NDArray[np.int16]) -> tuple[int, int]:
    """Tonic and mode whose profile fits the pitches best; the last note of the bass has a say.

    Args:
        pitches: (steps, 4).

    Returns:
        tonic 0 to 11, mode `MAJOR` or `MINOR`.

    Source: Krumhansl & Schmuckler's correlation with Temperley's profiles.
    """
    sounding = pitches[pitches != REST]
    counts = np.bincount(sounding % 12, minlength=12).astype(np.float64)
    bass = pitches[:, 3][pitches[:, 3] != REST]
    best, found = -np.inf, (0, MAJOR)
    for tonic in range(12):
        for mode in (MAJOR, MINOR):
            fit = _correlation(np.roll(_PROFILES[mode], tonic), counts)
            fit += _LAST_BASS * bool(len(bass) and bass[-1] % 12 == tonic)
            if fit > best:
                best, found = fit, (tonic, mode)
    return found


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale else 0.0


def key_name(tonic: int, mode: int) -> str:
    """``C`` for C major, ``c`` for C minor, ``Eb``, ``f#``."""
    return TONICS[tonic] if mode == MAJOR else TONICS[tonic][0].lower() + TONICS[tonic][1:]

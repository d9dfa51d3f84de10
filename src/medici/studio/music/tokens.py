"""Scores as token sequences: four tokens a step, and what the network is told about each.

A token says which pitch a voice sings at a step and whether the note begins there. Pitches go by
their distance from the tonic: music in any key is the same tokens, told its tonic once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medici.studio.music.score import REST, VOICES, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Outer voices first, as a harmony is written: soprano, bass, alto, tenor.
ORDER = (0, 3, 1, 2)
TURNS = len(ORDER)
SPAN = 31
# Lowest pitch of each voice once the tonic is C.
LOWEST = (54, 48, 44, 34)
SILENT = 2 * SPAN
VALUES = SILENT + 1
# Voices of the told values: each condition has this many values for each turn.
TOLD = 32
CHANNELS = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided before the first note.

    Attributes:
        fermata: (steps,) bool, steps under a fermata; each run of them ends a phrase.
        bar: steps a bar.
        upbeat: steps before the first whole bar.
        tonic: 0 for C to 11 for B.
        mode: 0 major, 1 minor.
    """

    fermata: NDArray[np.bool_]
    bar: int
    upbeat: int
    tonic: int
    mode: int

    def __len__(self) -> int:
        return len(self.fermata)

    @classmethod
    def of(cls, score: Score) -> Plan:
        """The plan that a score follows."""
        return cls(score.fermata, score.bar, score.upbeat, *score.key)


def shift_to_c(tonic: int) -> int:
    """Semitones by which music on this tonic moves to C, -6 to 5."""
    return -tonic if tonic <= 6 else 12 - tonic


def to_tokens(score: Score, tonic: int) -> NDArray[np.int64]:
    """Tokens of a score, (4 · steps,); a pitch outside of a voice's range moves by octaves."""
    out = np.empty((len(score), TURNS), np.int64)
    for turn, voice in enumerate(ORDER):
        pitch = score.pitches[:, voice].astype(np.int64)
        index = pitch + shift_to_c(tonic) - LOWEST[voice]
        index = np.where(index < 0, index % 12, index)
        index = np.where(index >= SPAN, SPAN - 12 + (index - SPAN) % 12, index)
        out[:, turn] = np.where(pitch == REST, SILENT, 2 * index + ~score.starts[:, voice])
    return out.reshape(-1)


def from_tokens(tokens: NDArray[np.int64], plan: Plan, name: str = "") -> Score:
    """The score of a token sequence (4 · steps,); a note held from another one begins anew."""
    rows = tokens.reshape(-1, TURNS)
    pitches = np.empty((len(rows), len(VOICES)), np.int16)
    starts = np.zeros((len(rows), len(VOICES)), bool)
    for turn, voice in enumerate(ORDER):
        index, held = rows[:, turn] // 2, rows[:, turn] % 2 == 1
        silent = rows[:, turn] == SILENT
        pitch = index + LOWEST[voice] - shift_to_c(plan.tonic)
        pitches[:, voice] = np.where(silent, REST, pitch)
        changed = np.append(True, pitches[1:, voice] != pitches[:-1, voice])
        starts[:, voice] = ~silent & (~held | changed)
    return Score(pitches, starts, plan.fermata, plan.bar, plan.upbeat, name)


def conditions(plan: Plan) -> NDArray[np.int64]:
    """What is told about each token: (4 · steps, `CHANNELS`), values below `TOLD` · 4.

    Channels: place in the bar; steps to the phrase's end; steps since its beginning, and whether
    it is the first; mode, phrases left and fermata; tonic; steps to the end of the piece.
    """
    steps = len(plan)
    score = Score(
        np.zeros((steps, 4), np.int16), np.zeros((steps, 4), bool), plan.fermata, plan.bar
    )
    ends = np.array(score.phrases())
    where = np.arange(steps)
    phrase = np.searchsorted(ends, where, side="right")
    begins = np.append(0, ends[:-1])[phrase]
    left = np.minimum(len(ends) - 1 - phrase, 3)
    place = (where - plan.upbeat) % plan.bar
    # Bars of four and three quarters have places of their own, any other metre only its beats.
    in_bar = {8: place, 6: 8 + place}.get(plan.bar, 14 + place % 2)
    rows = np.stack(
        [
            in_bar,
            np.minimum(ends[phrase] - where - 1, TOLD - 1),
            np.minimum(where - begins, 15) + 16 * (phrase == 0),
            16 * plan.mode + 4 * left + 2 * plan.fermata,
            np.full(steps, plan.tonic),
            np.minimum(steps - where - 1, TOLD - 1),
        ],
        axis=1,
    )
    turns = np.arange(TURNS)[None, :, None] * TOLD
    return np.asarray((rows[:, None, :] + turns).reshape(-1, CHANNELS), np.int64)

"""How much works sound like those they learned from: five figures, beside shuffled data.

All figures are taken over windows of the same length, since some of them depend on it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from medici.studio.music.score import REST, Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WINDOW = 32
"""Steps: four bars of four quarters."""
BARRED = ("in_scale", "consonance", "step_size", "voice_crossing")
"""Figures that a model must bring near those of fresh works."""
FIGURES = (*BARRED, "repetition")
_DIATONIC = (0, 2, 4, 5, 7, 9, 11)
# Unison, thirds, fifth, sixths; the fourth only between upper voices.
_CONSONANT = (0, 3, 4, 7, 8, 9)
_FOURTH = 5
_BASS = 3


def windows(scores: Sequence[Score], length: int = WINDOW) -> list[Score]:
    """Scores cut into pieces of equal length, leftovers dropped."""
    return [
        Score(
            score.pitches[at : at + length],
            score.starts[at : at + length],
            score.fermata[at : at + length],
            score.bar,
            score.upbeat,
            score.name,
        )
        for score in scores
        for at in range(0, len(score) - length + 1, length)
    ]


def figures(pieces: Sequence[Score]) -> dict[str, float]:
    """The five figures over all pieces together.

    Returns:
        ``in_scale``: share of sounding time that lies in the piece's best major scale;
        ``consonance``: share of sounding pairs of voices whose interval is consonant;
        ``step_size``: mean melodic motion in semitones, notes that are repeated left out;
        ``voice_crossing``: share of steps at which a voice is above the one over it;
        ``repetition``: share of quarters whose four pitches were heard together before.
    """
    counts = np.array([_counts(piece) for piece in pieces], np.float64).sum(0)
    shares = counts[:, 0] / np.maximum(counts[:, 1], 1)
    return {name: float(value) for name, value in zip(FIGURES, shares, strict=True)}


def _counts(piece: Score) -> list[tuple[float, float]]:
    return [
        _in_scale(piece.pitches),
        _consonance(piece.pitches),
        _steps(piece),
        _crossings(piece.pitches),
        _repetitions(piece.pitches),
    ]


def _in_scale(pitches: NDArray[np.int16]) -> tuple[float, float]:
    sounding = pitches[pitches != REST]
    counts = np.bincount(sounding % 12, minlength=12)
    best = max(counts[[(t + d) % 12 for d in _DIATONIC]].sum() for t in range(12))
    return float(best), float(counts.sum())


def _consonance(pitches: NDArray[np.int16]) -> tuple[float, float]:
    good = pairs = 0
    for high in range(4):
        for low in range(high + 1, 4):
            both = (pitches[:, high] != REST) & (pitches[:, low] != REST)
            # The lower note of a crossed pair is the lower note all the same.
            interval = np.abs(pitches[both, high] - pitches[both, low]) % 12
            allowed = _CONSONANT if low == _BASS else (*_CONSONANT, _FOURTH)
            good += int(np.isin(interval, allowed).sum())
            pairs += len(interval)
    return float(good), float(pairs)


def _steps(piece: Score) -> tuple[float, float]:
    total = moves = 0
    for voice in range(4):
        notes = piece.notes(voice)
        for (first, length, a), (second, _, b) in pairwise(notes):
            if first + length == second and a != b:
                total += abs(b - a)
                moves += 1
    return float(total), float(moves)


def _crossings(pitches: NDArray[np.int16]) -> tuple[float, float]:
    sounding = (pitches[:, :-1] != REST) & (pitches[:, 1:] != REST)
    crossed = (pitches[:, :-1] < pitches[:, 1:]) & sounding
    return float(crossed.any(1).sum()), float(len(pitches))


def _repetitions(pitches: NDArray[np.int16]) -> tuple[float, float]:
    chords = [tuple(row) for row in pitches[::2].tolist()]
    seen: set[tuple[int, ...]] = set()
    again = 0
    for chord in chords:
        again += chord in seen
        seen.add(chord)
    return float(again), float(len(chords))


def shuffled_voices(pieces: Sequence[Score], seed: int = 0) -> list[Score]:
    """A control: each voice of another piece, so that melodies are right and harmonies wrong."""
    random = np.random.default_rng(seed)
    orders = [random.permutation(len(pieces)) for _ in range(4)]
    out = []
    for i, piece in enumerate(pieces):
        chosen = [pieces[order[i]] for order in orders]
        pitches = np.stack([s.pitches[:, v] for v, s in enumerate(chosen)], 1)
        starts = np.stack([s.starts[:, v] for v, s in enumerate(chosen)], 1)
        out.append(Score(pitches, starts, piece.fermata, piece.bar, piece.upbeat))
    return out


def shuffled_time(pieces: Sequence[Score], seed: int = 0) -> list[Score]:
    """A control: each piece's quarters in another order: harmonies are right, lines wrong."""
    random = np.random.default_rng(seed)
    out = []
    for piece in pieces:
        order = random.permutation(len(piece) // 2)
        steps = (2 * order[:, None] + np.arange(2)).reshape(-1)
        starts = piece.starts[steps]
        starts[0] = True
        out.append(Score(piece.pitches[steps], starts, piece.fermata, piece.bar, piece.upbeat))
    return out


def off(value: float, fresh: float) -> float:
    """How far a figure is from that of fresh works, as a share of it."""
    return abs(value - fresh) / max(abs(fresh), 1e-9)


def longest_copies(
    works: Sequence[Score], known: Sequence[Score], *, same: bool = False
) -> list[int]:
    """For each work its longest run of quarters that stands in a known piece, in any key.

    Args:
        works: to be looked at.
        known: what was trained on.
        same: leave out a known piece of the work's own name.

    Returns:
        quarters, for each work.
    """
    index: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    lines = [_chords(score) for score in known]
    for i, line in enumerate(lines):
        for at, chord in enumerate(line):
            index.setdefault(chord, []).append((i, at))
    out = []
    for work in works:
        best = 0
        runs: dict[tuple[int, int], int] = {}
        for chord in _chords(work):
            now = {}
            for i, at in index.get(chord, ()):
                if same and known[i].name == work.name:
                    continue
                now[i, at] = runs.get((i, at - 1), 0) + 1
            runs = now
            best = max(best, max(runs.values(), default=0))
        out.append(best)
    return out


def _chords(score: Score) -> list[tuple[int, ...]]:
    """Each quarter with the one before it: four intervals of motion, and the chord's own shape."""
    rows = score.pitches[::2].astype(int)
    moves = np.diff(rows, axis=0)
    shape = rows[1:, :3] - rows[1:, 3:]
    return [tuple(r) for r in np.concatenate([moves, shape], 1).tolist()]

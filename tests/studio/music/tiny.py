"""Small things to test music with: a hymn worked out by hand, a model of whole-number weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.records import Digest, ModelRecord
from medici.store import atomic_write
from medici.studio.exact.identity import RENDERER, assemble
from medici.studio.exact.sequence import Weights, gumbel_table
from medici.studio.families import RECORD, WEIGHTS
from medici.studio.music.plan import LEVELS
from medici.studio.music.score import Score
from medici.studio.music.tokens import CHANNELS, SPAN, TOLD, TURNS, VALUES

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 8
READS = (
    ((4, 0), (8, 1)),
    ((1, 2), (4, 0), (8, 1)),
    ((1, 3), (2, 2), (4, 0)),
    ((1, 3), (2, 3), (3, 2), (4, 0)),
)


def hymn(repeats: int = 2, name: str = "hymn") -> Score:
    """I, IV, V, I in C major, quarters; the last chord of each line is held under a fermata."""
    chords = [(72, 67, 64, 48), (72, 69, 65, 53), (71, 67, 62, 55), (72, 67, 64, 48)]
    pitches = np.repeat(np.array(chords * repeats, np.int16), 2, axis=0)
    starts = np.zeros(pitches.shape, bool)
    starts[::2] = True
    fermata = np.zeros(len(pitches), bool)
    fermata[6::8] = fermata[7::8] = True
    return Score(pitches, starts, fermata, 8, 0, name)


def varied(count: int) -> list[Score]:
    """Hymns in several keys, long enough for windows, none like the other."""
    out = []
    for i in range(count):
        score = hymn(8, f"hymn {i}").transposed((5 * i) % 12 - 6)
        score.pitches[8 * (i % 8) : 8 * (i % 8) + 2, 0] -= 5
        out.append(score)
    return out


def write(folder: Path) -> None:
    """A model folder whose weights come from a counter: no music, but exact."""
    numbers = np.random.default_rng(11)
    heads = numbers.integers(-900, 900, (TURNS, VALUES, WIDTH)).astype(np.int16)
    offsets = np.zeros((TURNS, VALUES), np.int64)
    # Voices keep to the middle of their range, and hold every other note.
    middle = np.abs(np.arange(VALUES) // 2 - SPAN // 2)
    offsets[:] = -(middle << 18)
    offsets[:, -1] = -(20 << 18)
    weights = Weights(
        tables=numbers.integers(-90, 90, (4, VALUES, WIDTH)).astype(np.int16),
        conditions=numbers.integers(-60, 60, (CHANNELS, TOLD * TURNS, WIDTH)).astype(np.int16),
        positions=numbers.integers(-90000, 90000, (TURNS, WIDTH)),
        shift=8,
        blocks=(),
        heads=heads,
        offsets=offsets,
        score_shift=8,
        noise=gumbel_table(),
        reads=READS,
    )
    levels = np.repeat([LEVELS // 2, LEVELS], 12).astype(np.int64)
    exact = assemble("music", {"psi": 900, "silent": 62}, {}, {"notes": weights}, {"keys": levels})
    folder.mkdir(parents=True, exist_ok=True)
    digest = exact.save(folder / WEIGHTS)
    record = ModelRecord(
        exact.id, "tiny", RENDERER, digest, Digest("1" * 64), "CC0-1.0", family="music"
    )
    import json

    atomic_write(folder / RECORD, json.dumps(record.as_json()).encode())

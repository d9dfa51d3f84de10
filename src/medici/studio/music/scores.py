"""Sets of scores: any folder of four-voice files, read once, kept as one cached file."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

import numpy as np
from eth_hash.auto import keccak

from medici.errors import BadData
from medici.records import Digest
from medici.store import atomic_write
from medici.studio.data.folder import read_source
from medici.studio.data.manifest import SOURCE
from medici.studio.exact.merkle import merkle_root
from medici.studio.music.reading import (
    HIGHEST_NOTE,
    LOWEST_NOTE,
    MIDI,
    NOTATION,
    read_score,
)
from medici.studio.music.score import LONGEST, REST, VOICES, Score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

CACHE = "scores.npz"
LEAST = 4
_SAMPLE_TAG = b"medici/sample/1"
_LARGEST = 256 << 20
# Of each array its kinds of numbers and its dimensions.
_MEMBERS = {
    "pitches": ("i", 2),
    "starts": ("b", 2),
    "fermata": ("b", 1),
    "lengths": ("iu", 1),
    "bars": ("iu", 1),
    "upbeats": ("iu", 1),
    "names": ("U", 1),
}
_DAMAGE = (
    *(OSError, EOFError, ValueError, KeyError, SyntaxError, zlib.error, zipfile.BadZipFile),
    TokenError,  # numpy's word for a header that is none
    *(NotImplementedError, RuntimeError),  # zipfile's words for a packing it does not know
)


@dataclass(frozen=True, slots=True)
class ScoreSet:
    """Scores of one folder.

    Attributes:
        scores: in order of name.
        source: what ``source.json`` says of licence, authors and origin; empty without one.
    """

    scores: tuple[Score, ...]
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> Digest:
        """Merkle root over the scores' digests, in order of name."""
        leaves = [keccak(_SAMPLE_TAG + score.digest.raw) for score in self.scores]
        return Digest(merkle_root(leaves).hex())

    @property
    def licence(self) -> str:
        """Licence of the set as its source states it."""
        return str(self.source.get("licence", "not stated"))

    @property
    def steps(self) -> int:
        """Eighths in all."""
        return sum(len(score) for score in self.scores)


def read_scores(folder: str | Path) -> ScoreSet:
    """Every score of a folder: its cache if it has one, else its MIDI and MusicXML files.

    Raises:
        BadData: no folder, too few scores, or one that cannot be used; the message names it.
        MissingPart: mido or music21 is needed and not installed.
    """
    place = Path(folder)
    if not place.is_dir():
        raise BadData(f"no data folder at {place}", "give a folder that holds scores")
    if (place / CACHE).is_file():
        scores = _load(place / CACHE)
    else:
        files = sorted(p for p in place.iterdir() if p.suffix.lower() in MIDI + NOTATION)
        scores = [read_score(path) for path in files]
    if len(scores) < LEAST:
        raise BadData(
            f"{place} holds {len(scores)} scores; at least {LEAST} are needed",
            f"supported: {', '.join(MIDI + NOTATION)}, or a {CACHE}",
        )
    if len({score.digest for score in scores}) == 1:
        raise BadData(f"all {len(scores)} scores in {place} are the same", "add different ones")
    return ScoreSet(tuple(scores), read_source(place))


def save_scores(folder: Path, scores: Sequence[Score], source: Mapping[str, Any]) -> None:
    """Write a folder that `read_scores` reads: the cache and its source."""
    packed = BytesIO()
    np.savez_compressed(
        packed,
        pitches=np.concatenate([s.pitches for s in scores]).astype(np.int16),
        starts=np.concatenate([s.starts for s in scores]),
        fermata=np.concatenate([s.fermata for s in scores]),
        lengths=np.array([len(s) for s in scores]),
        bars=np.array([s.bar for s in scores]),
        upbeats=np.array([s.upbeat for s in scores]),
        names=np.array([s.name for s in scores]),
    )
    atomic_write(folder / CACHE, packed.getvalue())
    text = json.dumps(dict(source), indent=1, ensure_ascii=False) + "\n"
    atomic_write(folder / SOURCE, text.encode())


def _load(path: Path) -> list[Score]:
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(member.file_size for member in packed.infolist())
        if size > _LARGEST:
            raise ValueError(f"it unpacks to {size:,} bytes; {_LARGEST:,} are the most")
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            told = {name: file[name] for name in _MEMBERS}
        for name, (kinds, ndim) in _MEMBERS.items():
            array = told[name]
            if array.dtype.kind not in kinds or array.ndim != ndim:
                raise ValueError(f"{name} are {array.dtype} in {array.ndim} dimensions")
        _check(told)
        ends = np.cumsum(told["lengths"]).tolist()
        return [
            Score(
                told["pitches"][end - n : end].astype(np.int16),
                told["starts"][end - n : end],
                told["fermata"][end - n : end],
                int(told["bars"][i]),
                int(told["upbeats"][i]),
                str(told["names"][i]),
            )
            for i, (n, end) in enumerate(zip(told["lengths"].tolist(), ends, strict=True))
        ]
    except (*_DAMAGE, MemoryError) as error:  # a header that lies may ask for any memory
        raise BadData(f"{path} is no cache of scores: {error}", "make the folder again") from error


def _check(told: Mapping[str, NDArray[Any]]) -> None:
    """Whether the arrays of a cache fit together.

    Raises:
        ValueError: they do not.
    """
    pitches, lengths, bars = told["pitches"], told["lengths"], told["bars"]
    steps = len(pitches)
    if pitches.shape != (steps, len(VOICES)) or told["starts"].shape != pitches.shape:
        raise ValueError("pitches and starts are not four voices")
    if len({len(told[name]) for name in ("lengths", "bars", "upbeats", "names")}) != 1:
        raise ValueError("there are not as many lengths as bars, upbeats and names")
    if ((lengths < 1) | (lengths > LONGEST)).any():
        raise ValueError(f"scores have 1 to {LONGEST} steps")
    if lengths.sum() != steps or len(told["fermata"]) != steps:
        raise ValueError("lengths and notes disagree")
    known = (pitches >= LOWEST_NOTE) & (pitches <= HIGHEST_NOTE)
    if not (known | (pitches == REST)).all():
        raise ValueError(f"pitches lie between {LOWEST_NOTE} and {HIGHEST_NOTE}")
    if not (
        (bars >= 1) & (bars <= LONGEST) & (told["upbeats"] >= 0) & (told["upbeats"] < bars)
    ).all():
        raise ValueError(f"a bar has 1 to {LONGEST} steps, and an upbeat less than a bar")

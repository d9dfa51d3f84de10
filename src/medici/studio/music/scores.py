"""Sets of scores: any folder of four-voice files, read once, kept as one cached file."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from eth_hash.auto import keccak

from medici.errors import BadData
from medici.records import Digest
from medici.store import atomic_write
from medici.studio.exact.merkle import merkle_root
from medici.studio.music.reading import MIDI, NOTATION, read_score
from medici.studio.music.score import Score
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CACHE = "scores.npz"
SOURCE = "source.json"
LEAST = 4
_SAMPLE_TAG = b"medici/sample/1"
_MEMBERS = ("pitches", "starts", "fermata", "lengths", "bars", "upbeats", "names")


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
    return ScoreSet(tuple(scores), _source(place))


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
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            told = {name: file[name] for name in _MEMBERS}
        lengths = told["lengths"].astype(int)
        if lengths.sum() != len(told["pitches"]) or told["pitches"].shape[1:] != (4,):
            raise ValueError("lengths and notes disagree")
        ends = np.cumsum(lengths)
        return [
            Score(
                told["pitches"][end - n : end].astype(np.int16),
                told["starts"][end - n : end].astype(bool),
                told["fermata"][end - n : end].astype(bool),
                int(told["bars"][i]),
                int(told["upbeats"][i]),
                str(told["names"][i]),
            )
            for i, (n, end) in enumerate(zip(lengths, ends, strict=True))
        ]
    except (OSError, EOFError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
        raise BadData(f"{path} is no cache of scores: {error}", "make the folder again") from error


def _source(place: Path) -> dict[str, Any]:
    path = place / SOURCE
    if not path.is_file():
        return {}
    try:
        told = read_json(path.read_text("utf-8"))
    except ValueError as error:
        raise BadData(f"{path} is not JSON: {error}") from error
    if not isinstance(told, dict):
        raise BadData(f"{path} is no JSON object")
    return told

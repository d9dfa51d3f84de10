"""A folder as somebody finds it: a set, shards, splits below it, or loose pictures of any size.

For looking and judging only; training reads by `medici.studio.data.shards.open_set`.
"""

from __future__ import annotations

import io
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadData
from medici.studio.data.folder import picture_files, read_source
from medici.studio.data.manifest import MANIFEST, credited, missing_files, read_manifest
from medici.studio.data.picture import (
    FORMATS,
    SCORES,
    SCORES_TRAIN,
    SIDES,
    Reading,
    Unusable,
    decode,
    load,
    printable,
)
from medici.studio.data.shards import ShardSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

LOOKED_AT = 20_000
_CHUNK = 256
_LOOSE_SIDE = 96


@dataclass(slots=True)
class Part:
    """One split, or the whole of a set without splits.

    Attributes:
        name: of the split; empty for a set without.
        folder: where it lies.
        count: samples in it.
        side: at which its pictures are looked at.
        source: what is stated for all samples.
        manifest: what its manifest says; None for loose pictures.
        sizes: pictures by width and height, filled while looking.
        bad: files that cannot be used, with the reason, filled while looking.
    """

    name: str
    folder: Path
    count: int
    side: int
    source: Mapping[str, Any]
    manifest: Mapping[str, Any] | None
    sizes: Counter[str] = field(default_factory=Counter)
    bad: list[dict[str, str]] = field(default_factory=list)
    _files: list[Path] = field(default_factory=list)
    _shards: ShardSet | None = None

    def chunks(self, most: int = LOOKED_AT) -> Iterator[tuple[list[str], NDArray[np.uint8]]]:
        """Names and pixels of at most so many samples, evenly spread, a few hundred at a time."""
        every = max(1, math.ceil(self.count / most)) if self.count else 1
        chosen = np.arange(0, self.count, every)
        self.sizes.clear()
        self.bad.clear()
        for start in range(0, len(chosen), _CHUNK):
            yield self._chunk(chosen[start : start + _CHUNK])

    def missing(self) -> list[str]:
        """Files that the manifest names and that are not there."""
        return missing_files(self.manifest, (printable(path.name) for path in self._files))

    def samples(self) -> Iterator[Mapping[str, Any]]:
        """What is said of each sample, in order."""
        if self._shards is not None:
            yield from self._shards.samples()
            return
        described = {s["file"]: s for s in self.source.get("samples", [])}
        for path in self._files:
            yield described.get(path.name, {})

    def credits(self) -> Iterator[dict[str, str]]:
        """Licence, author, owner and consent of each sample, in order."""
        return (credited(sample, self.source) for sample in self.samples())

    def _chunk(self, chosen: NDArray[np.int64]) -> tuple[list[str], NDArray[np.uint8]]:
        if self._shards is not None:
            self.sizes[f"{self.side}×{self.side}"] += len(chosen)
            return [f"{self.folder}#{i}" for i in chosen], self._shards.take(chosen)
        names, pictures = [], []
        for i in chosen:
            path = self._files[i]
            try:
                data = load(path)
                self.sizes[_size(data)] += 1
                pictures.append(decode(data, _lenient(self.side))[0])
                names.append(str(path))
            except Unusable as error:
                self.bad.append(
                    {"file": str(path), "reason": error.reason, "message": f"{path} {error.words}"}
                )
        shape = (0, self.side, self.side, 4)
        return names, np.stack(pictures) if pictures else np.empty(shape, np.uint8)


def parts(folder: Path) -> list[Part]:
    """The parts of a folder: its splits, or itself.

    Raises:
        BadData: nothing to look at, or a set that does not fit together.
    """
    if not folder.is_dir():
        raise BadData(f"no data folder at {folder}", "give a folder that holds pictures")
    manifest = read_manifest(folder)
    if manifest is not None and "splits" in manifest:
        return [_part(name, folder / name) for name in sorted(manifest["splits"], key=_train_first)]
    if manifest is not None or picture_files(folder):
        return [_part("", folder)]
    below = [
        p
        for p in sorted(folder.iterdir())
        if p.is_dir()
        and not p.name.startswith(".")
        and ((p / MANIFEST).is_file() or picture_files(p))
    ]
    if not below:
        scores = any(p.suffix.lower() in SCORES for p in folder.iterdir())
        hint = SCORES_TRAIN if scores else "give a folder that holds pictures"
        raise BadData(f"{folder} holds no pictures", hint)
    return [_part(p.name, p) for p in sorted(below, key=lambda p: _train_first(p.name))]


def _train_first(name: str) -> tuple[bool, str]:
    return name != "train", name


def _part(name: str, folder: Path) -> Part:
    if not folder.is_dir():
        raise BadData(f"{folder} is missing", "copy the whole set, or build it again")
    manifest = read_manifest(folder)
    if manifest is not None and "shards" in manifest:
        shards = ShardSet(folder)
        return Part(name, folder, len(shards), shards.side, shards.source, manifest, _shards=shards)
    files = picture_files(folder)
    if not files:
        raise BadData(f"{folder} holds no pictures", "copy the whole set, or build it again")
    side = int(manifest["size"][0]) if manifest else _side(files)
    return Part(name, folder, len(files), side, read_source(folder), manifest, _files=files)


def _lenient(side: int) -> Reading:
    return Reading(side, "centre", first_frame=True, deep=True)


def _side(files: list[Path]) -> int:
    """Their own size when loose pictures are small and alike, else one that is quickly compared."""
    found: set[str] = set()
    for path in files[:: max(1, len(files) // 16)]:
        try:
            found.add(_size(load(path)))
        except Unusable:
            continue
    if len(found) == 1:
        wide, _, high = found.pop().partition("×")
        if wide == high and SIDES[0] <= int(wide) <= _LOOSE_SIDE:
            return int(wide)
    least = min((int(n) for size in found for n in size.split("×")), default=_LOOSE_SIDE)
    return min(_LOOSE_SIDE, max(SIDES[0], least))


def _size(data: bytes) -> str:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return f"{image.width}×{image.height}"
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        if not data:
            raise Unusable("empty", "is empty") from error
        raise Unusable("unreadable", "cannot be read as a picture") from error

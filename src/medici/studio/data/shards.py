"""Sets larger than memory: tar shards in WebDataset layout, read in place through an index.

Each sample is two members of a shard, ``NAME.png`` and ``NAME.json``: any WebDataset reader, or tar
itself, can use a shard without us. ``index.npy`` says where each member lies, so that reading needs
neither a pass over the tar nor a buffer of decoded pictures; it is mapped, not loaded.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections import OrderedDict
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import picture_digest
from medici.errors import BadData
from medici.records import Digest
from medici.studio.data import sampling
from medici.studio.data.folder import PictureSet, misstated, read_folder
from medici.studio.data.manifest import MANIFEST, NOT_STATED, data_root, read_manifest
from medici.studio.data.picture import SIDE
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

    from numpy.typing import NDArray

    from medici.studio.data.spool import Sample

INDEX = "index.npy"
SHARD_SAMPLES = 4096
SHARD_BYTES = 64 << 20
_WINDOW_SAMPLES = 16384
_WINDOW_BYTES = 256 << 20
_COLUMNS = 5  # shard, offset and size of the PNG, offset and size of the JSON
_OPEN_FILES = 8


class _Counted(io.RawIOBase):
    """A file that hashes what is written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self.hash = hashlib.sha256()

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        super().close()


def write_shards(place: Path, samples: Iterable[Sample]) -> list[dict[str, Any]]:
    """Write samples as tar shards with their index.

    Args:
        place: an empty folder.
        samples: in the order of their names.

    Returns:
        for each shard its ``file``, ``count``, ``bytes`` and ``sha256``.
    """
    told: list[dict[str, Any]] = []
    raw = place / "index.part"
    waiting = iter(samples)
    ahead = next(waiting, None)
    with raw.open("wb") as index:
        while ahead is not None:
            name = f"{len(told):05d}.tar"
            file = _Counted(place / name)
            count = 0
            with file, tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
                while ahead is not None and count < SHARD_SAMPLES and tar.offset < SHARD_BYTES:
                    said = {"digest": ahead.digest, **ahead.about}
                    text = json.dumps(said, sort_keys=True, ensure_ascii=False).encode()
                    row = [len(told)]
                    for suffix, data in ((".png", ahead.png), (".json", text)):
                        info = tarfile.TarInfo(ahead.stem + suffix)
                        info.size = len(data)
                        tar.addfile(info, io.BytesIO(data))
                        padded = -(-len(data) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                        row += [tar.offset - padded, len(data)]
                    index.write(np.array(row, "<i8").tobytes())
                    count += 1
                    ahead = next(waiting, None)
            size = (place / name).stat().st_size
            told.append(
                {"file": name, "count": count, "bytes": size, "sha256": file.hash.hexdigest()}
            )
    total = sum(shard["count"] for shard in told)
    rows = np.memmap(raw, "<i8", "r", shape=(total, _COLUMNS))
    np.save(place / INDEX, rows)
    raw.unlink()
    return told


class ShardSet:
    """A built set in shards, read lazily; a `Samples`.

    Args:
        folder: holds ``manifest.json``, ``index.npy`` and the shards.

    Raises:
        BadData: something of it is missing, cut short or does not fit together.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder) or {}
        path = self.folder / INDEX
        try:
            self._shards = [str(s["file"]) for s in self.manifest["shards"]]
            counts = [int(s["count"]) for s in self.manifest["shards"]]
            sizes = [int(s["bytes"]) for s in self.manifest["shards"]]
            self.side = int(self.manifest["size"][0])
            self.transparent = bool(self.manifest["transparent"])
            self.root = Digest(self.manifest["root"])
        except (KeyError, TypeError, IndexError) as error:
            raise BadData(f"{self.folder / MANIFEST} does not describe shards: {error}") from error
        try:
            self._index = np.lib.format.open_memmap(path, mode="r")
        except (OSError, ValueError, EOFError, SyntaxError, TokenError, OverflowError) as error:
            raise BadData(f"{path} cannot be read: {error}", "build the set again") from error
        if self._index.shape != (sum(counts), _COLUMNS) or self._index.dtype != np.dtype("<i8"):
            raise BadData(f"{path} does not fit its {MANIFEST}", "build the set again")
        for name, size in zip(self._shards, sizes, strict=True):
            shard = self.folder / name
            if Path(name).name != name or not shard.is_file():
                raise BadData(f"shard {shard} is missing", "copy the whole set, or build it again")
            if shard.stat().st_size != size:
                raise BadData(
                    f"shard {shard} has {shard.stat().st_size:,} of its {size:,} bytes",
                    "copy it again, or build the set again",
                )
        self._sizes = sizes
        self._windows = _windows(counts, sizes)
        self._open: OrderedDict[int, int] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_open"):
            self.close()

    def close(self) -> None:
        """Close the shards' files; reading opens them again."""
        while self._open:
            os.close(self._open.popitem()[1])

    def __len__(self) -> int:
        """Number of samples."""
        return len(self._index)

    @property
    def source(self) -> Mapping[str, Any]:
        """Title, licence, authors and other statements on the whole set."""
        about: dict[str, Any] = dict(self.manifest.get("about", {}))
        return about

    @property
    def licence(self) -> str:
        """Licence of the set as its source states it."""
        return str(self.manifest.get("licence", NOT_STATED))

    def order(self, step: int, n: int, seed: int) -> NDArray[np.int64]:
        """Numbers of the samples of batch `step`; see `medici.studio.data.sampling`.

        Samples lie in the order of their digests, which is as good as random, so shuffling window
        by window mixes as well as shuffling all, and reads from a few shards at a time.
        """
        return sampling.order(len(self), step, n, seed, self._windows)

    def take(self, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Samples by their numbers, (len(chosen), side, side, 4) uint8.

        Raises:
            BadData: a sample is damaged; names its shard.
        """
        out = np.empty((len(chosen), self.side, self.side, 4), np.uint8)
        forwards = np.argsort(chosen, kind="stable")  # as the disk likes it
        rows = self._index[chosen[forwards], :3].tolist()
        for at, (shard, offset, size) in zip(forwards.tolist(), rows, strict=True):
            self._decode(shard, self._read(shard, offset, size), out[at])
        return out

    def samples(self) -> Iterator[dict[str, Any]]:
        """What is said of each sample, in order: digest, licence, owner, attributes."""
        return (self.about(i) for i in range(len(self)))

    def about(self, number: int) -> dict[str, Any]:
        """What is said of one sample.

        Raises:
            BadData: it is damaged; names its shard.
        """
        shard, _, _, offset, size = self._index[number].tolist()
        try:
            said: dict[str, Any] = read_json(self._read(shard, offset, size))
            if not isinstance(said, dict) or not isinstance(said.get("digest"), str):
                raise ValueError("what is said of a sample does not name its digest")
            if wrong := misstated(said):
                raise ValueError(f"{wrong[0]} of a sample must be {wrong[1]}")
        except ValueError as error:
            raise self._damaged(shard, error) from error
        return said

    def attributes(self) -> Attributes:
        """What each sample was drawn from, in order; read anew each time one goes through it."""
        return Attributes(self)

    def portion(self, most: int) -> PictureSet:
        """At most so many samples in memory, evenly drawn: for statistics and reports.

        Its root is of the portion, not of the set.
        """
        chosen = np.sort(self.order(0, min(most, len(self)), 0))
        pixels = self.take(chosen)
        said = [self.about(int(i)) for i in chosen]
        names = tuple(f"{one['digest'][:16]}.png" for one in said)
        described = [{"file": name, **one} for name, one in zip(names, said, strict=True)]
        return PictureSet(
            pixels,
            names,
            tuple(Digest(picture_digest(p)) for p in pixels),
            {**self.source, "samples": described},
        )

    def digests(self) -> Iterator[Digest]:
        """Content digests of the pixels as they are now, in order."""
        for i in range(len(self)):
            yield Digest(picture_digest(self.take(np.array([i]))[0]))

    def verify(self) -> None:
        """Read everything and compare with the root.

        Raises:
            BadData: the pixels are not those that the manifest names.
        """
        if data_root(self.digests()) != self.root:
            raise BadData(f"{self.folder} is not the set of its {MANIFEST}: the root differs")

    def _decode(self, shard: int, data: bytes, out: NDArray[np.uint8]) -> None:
        from PIL import Image

        try:
            image = Image.open(io.BytesIO(data), formats=("PNG",))
            if image.size != (self.side, self.side):
                raise ValueError(f"a sample is {image.size[0]}×{image.size[1]}")
            if image.mode == "RGB":
                out[..., :3] = np.asarray(image)
                out[..., 3] = 255
            else:
                out[:] = np.asarray(image.convert("RGBA"))
        except (OSError, SyntaxError, ValueError) as error:
            raise self._damaged(shard, error) from error

    def _read(self, shard: int, offset: int, size: int) -> bytes:
        if not 0 <= shard < len(self._shards):
            raise BadData(f"{self.folder / INDEX} names a shard {shard} that is not there")
        if offset < 0 or not 0 < size <= self._sizes[shard] - offset:
            raise BadData(
                f"{self.folder / INDEX} names {size} bytes at {offset} that are not in "
                f"{self._shards[shard]}",
                "build the set again",
            )
        if shard in self._open:
            self._open.move_to_end(shard)
        else:
            if len(self._open) >= _OPEN_FILES:
                os.close(self._open.popitem(last=False)[1])
            self._open[shard] = os.open(self.folder / self._shards[shard], os.O_RDONLY)
        data = os.pread(self._open[shard], size, offset)
        if len(data) != size:
            raise self._damaged(shard, EOFError("it ends too early"))
        return data

    def _damaged(self, shard: int, error: Exception) -> BadData:
        place = self.folder / self._shards[shard]
        return BadData(
            f"shard {place} is damaged: {error}", "copy it again, or build the set again"
        )


class Attributes:
    """Attributes of every sample of a set in shards, without keeping them."""

    def __init__(self, data: ShardSet) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        return (sample.get("attributes", {}) for sample in self._data.samples())


def _windows(counts: list[int], sizes: list[int]) -> tuple[int, ...]:
    """First samples of the windows: neighbouring shards up to a number of samples and bytes."""
    starts = [0]
    samples = held = first = 0
    for count, size in zip(counts, sizes, strict=True):
        if samples and (samples + count > _WINDOW_SAMPLES or held + size > _WINDOW_BYTES):
            starts.append(first)
            samples = held = 0
        samples, held, first = samples + count, held + size, first + count
    return tuple(starts)


def open_set(folder: str | Path, side: int = SIDE) -> PictureSet | ShardSet:
    """A data set by its folder: shards as they are, any other folder of pictures at `side`.

    Raises:
        BadData: it cannot be used; the message names the file.
    """
    said = read_manifest(Path(folder))
    if said is not None and "shards" in said:
        found = ShardSet(folder)
        if found.side != side:
            found.close()
            raise BadData(
                f"the shards in {folder} hold pictures of {found.side} pixels, not {side}",
                "build them at the side that is trained",
            )
        return found
    return read_folder(folder, side)

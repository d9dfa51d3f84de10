"""Folders of pictures as data sets in memory, named by a Merkle root over their samples."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import picture_digest
from medici.errors import BadData
from medici.logs import logger
from medici.records import Digest
from medici.studio.data import sampling
from medici.studio.data.manifest import (
    CREDITS,
    NOT_STATED,
    SCHEMA,
    SOURCE,
    credited,
    credits_root,
    data_root,
    warn_of_missing,
)
from medici.studio.data.picture import (
    SCORES,
    SCORES_TRAIN,
    SIDE,
    SUFFIXES,
    native_side,
    printable,
    read_picture,
)
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = [
    "LEAST",
    "SIDE",
    "PictureSet",
    "colour_counts",
    "common_colours",
    "data_root",
    "read_folder",
    "read_picture",
    "read_source",
]

LEAST = 8
_SOME = 8
_FEW_PIXELS = 1 << 22


@dataclass(frozen=True, slots=True)
class PictureSet:
    """The pictures of one folder at one size, in memory.

    Attributes:
        pixels: (n, side, side, 4) uint8, alpha 0 or 255, colour 0 where transparent.
        names: file names, sorted; sample i of `pixels` is file i.
        digests: content digest of each sample's `pixels`.
        source: what ``source.json`` says of licence, authors, attributes; empty without one.
    """

    pixels: NDArray[np.uint8]
    names: tuple[str, ...]
    digests: tuple[Digest, ...]
    source: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.pixels)

    @property
    def side(self) -> int:
        """Pixels a side of every sample."""
        return int(self.pixels.shape[1])

    @property
    def root(self) -> Digest:
        """Merkle root over the samples in order of name (leaves: tagged content digests)."""
        return data_root(self.digests)

    @property
    def licence(self) -> str:
        """Licence of the set as its source states it."""
        return str(self.source.get("licence", NOT_STATED))

    @property
    def transparent(self) -> bool:
        """Whether any sample shows its ground through."""
        return bool((self.pixels[..., 3] == 0).any())

    def order(self, step: int, n: int, seed: int) -> NDArray[np.int64]:
        """Numbers of the samples of batch `step`; see `medici.studio.data.sampling`."""
        return sampling.order(len(self.pixels), step, n, seed)

    def take(self, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Samples by their numbers, (len(chosen), side, side, 4) uint8."""
        return self.pixels[chosen]

    def samples(self) -> list[Mapping[str, Any]]:
        """What ``source.json`` says of each sample, in order; empty mappings where nothing."""
        described = {s["file"]: s for s in self.source.get("samples", [])}
        return [described.get(name, {}) for name in self.names]

    def attributes(self) -> list[Mapping[str, str]]:
        """What each sample was drawn from, in order; empty when the source does not say."""
        if not self.source.get("samples"):
            return []
        return [sample.get("attributes", {}) for sample in self.samples()]

    def credits(self) -> list[dict[str, str]]:
        """Licence, author, owner and consent of each sample, in order, as far as stated."""
        return [credited(sample, self.source) for sample in self.samples()]

    def owners(self) -> Counter[str]:
        """Samples an owner contributed; those without one are not counted."""
        return Counter(c["owner"] for c in self.credits() if "owner" in c)

    def manifest(self) -> dict[str, Any]:
        """The set as the proof room hashes it: licence, authors, sample digests, roots."""
        about = {k: v for k, v in self.source.items() if k not in ("schema", "samples")}
        return {
            "schema": SCHEMA,
            "about": about,
            "licence": self.licence,
            "count": len(self.names),
            "size": [self.side, self.side],
            "root": self.root,
            "credits_root": credits_root(zip(self.digests, self.credits(), strict=True)),
            "samples": [
                {"file": n, "digest": d} for n, d in zip(self.names, self.digests, strict=True)
            ],
        }


def picture_files(place: Path) -> list[Path]:
    """The picture files of a folder, sorted by name, without its subfolders."""
    return sorted(p for p in place.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())


def read_folder(folder: str | Path, side: int = SIDE) -> PictureSet:
    """Read every picture of a folder (not its subfolders) at one size.

    Exact nearest-neighbour enlargements are reduced exactly; anything else is reduced by area.
    Alpha is made hard at one half. ``source.json`` beside the pictures may state licence, authors
    and per-sample attributes. What this reader is too strict for, ``medici data build`` converts.

    Args:
        folder: holds the pictures.
        side: of every sample, 16 to 1024 pixels.

    Raises:
        BadData: no folder, too few pictures, or one that cannot be used; the message names it.
    """
    place = Path(folder)
    if not place.is_dir():
        raise BadData(f"no data folder at {place}", "give a folder that holds pictures")
    files = picture_files(place)
    if len(files) < LEAST:
        hint = "supported: " + ", ".join(sorted(SUFFIXES))
        if any(p.suffix.lower() in SCORES for p in place.iterdir()):
            hint = SCORES_TRAIN
        elif any(place.glob("*.tar")):
            hint = "it holds shards, which are not read into memory: use one that was built without"
        elif any((p / SOURCE).is_file() for p in place.iterdir()):
            hint = "it holds splits: give one of them, " + ", ".join(
                sorted(p.name for p in place.iterdir() if (p / SOURCE).is_file())
            )
        raise BadData(f"{place} holds {len(files)} pictures; at least {LEAST} are needed", hint)
    pixels = np.empty((len(files), side, side, 4), np.uint8)
    for i, file in enumerate(files):
        pixels[i] = read_picture(file, side, in_set=True)
    if all((p == pixels[0]).all() for p in pixels):
        raise BadData(f"all {len(files)} pictures in {place} are the same", "add different ones")
    digests = tuple(Digest(picture_digest(p)) for p in pixels)
    names = tuple(printable(p.name) for p in files)
    warn_of_missing(place, names)
    return PictureSet(pixels, names, digests, read_source(place))


def warn_of_loss(folder: Path, side: int, setting: str) -> None:
    """Say so when pictures are trained far below their own size, and nobody asked for that.

    Args:
        folder: that was read without complaint.
        side: at which.
        setting: what the side is called among the family's settings.
    """
    if not folder.is_dir():
        return
    native = max((native_side(path, side) for path in picture_files(folder)[:_SOME]), default=0)
    if native >= 2 * side:
        large = 1 << min(native.bit_length() - 1, 6)
        logger("studio").warning(
            f"pictures of {native}×{native} are trained at {side}×{side}, which is the default: "
            f"--set {setting}={large} keeps more of them and takes longer"
        )


def read_source(place: Path) -> dict[str, Any]:
    """What ``source.json`` of a folder says; empty without one.

    Raises:
        BadData: it is there, and is not what it should be.
    """
    path = place / SOURCE
    if not path.exists():
        return {}
    try:
        source = read_json(path.read_text("utf-8"))
    except ValueError as error:
        raise BadData(f"{path} is not JSON: {error}") from error
    if not isinstance(source, dict):
        raise BadData(f"{path} must hold one JSON object")
    authors, samples = source.get("authors", []), source.get("samples", [])
    if not isinstance(authors, list) or not all(isinstance(one, str) for one in authors):
        raise BadData(f"{path}: authors must be a list of names")
    if not isinstance(samples, list) or not all(
        isinstance(s, dict) and isinstance(s.get("file"), str) for s in samples
    ):
        raise BadData(f"{path}: samples must be a list of objects that each name a file")
    for said, what in ((source, ""), *((s, f" of {s['file']}") for s in samples)):
        if wrong := misstated(said):
            raise BadData(f"{path}: {wrong[0]}{what} must be {wrong[1]}")
    return source


def misstated(said: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is said of a set or sample in another way than it should: its key, and how it should."""
    for key in CREDITS:
        if not isinstance(said.get(key), str | None):
            return key, "text"
    attributes = said.get("attributes", {})
    if not isinstance(attributes, dict):
        return "attributes", "an object"
    for key, value in attributes.items():
        if not isinstance(value, str | int | float | None):
            return f"attribute {key}", "text or a number"
    return None


def colour_counts(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Opaque colours of a set and how many pixels have each.

    Args:
        pixels: (n, h, w, 4) uint8.

    Returns:
        (k,) int64 colours as red·2^16 + green·2^8 + blue, ascending; (k,) int64 counts.
    """
    rows = pixels.reshape(-1, 4)
    if len(rows) <= _FEW_PIXELS:
        return np.unique(_packed(rows), return_counts=True)
    # Sorting takes far longer than a count of every colour there is.
    counts = np.zeros(1 << 24, np.int64)
    for start in range(0, len(rows), _FEW_PIXELS):
        counts += np.bincount(_packed(rows[start : start + _FEW_PIXELS]), minlength=1 << 24)
    codes = np.flatnonzero(counts)
    return codes, counts[codes]


def _packed(rows: NDArray[np.uint8]) -> NDArray[np.int64]:
    opaque = rows[rows[:, 3] > 0].astype(np.int64)
    return opaque[:, 0] << 16 | opaque[:, 1] << 8 | opaque[:, 2]


def common_colours(pixels: NDArray[np.uint8], most: int = 256) -> NDArray[np.uint8]:
    """The opaque colours of a set, commonest first (ties by colour), at most so many.

    Args:
        pixels: (n, h, w, 4) uint8.
        most: largest number of colours.

    Returns:
        (k, 3) uint8.

    Raises:
        BadData: no pixel is opaque.
    """
    codes, counts = colour_counts(pixels)
    if not len(codes):
        raise BadData("no picture of the set has an opaque pixel")
    chosen = codes[np.lexsort((codes, -counts))][:most]
    return np.stack([chosen >> 16, chosen >> 8 & 255, chosen & 255], axis=-1).astype(np.uint8)

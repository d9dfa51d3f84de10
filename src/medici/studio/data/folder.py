"""Data sets: any folder of pictures, read, checked, and named by a Merkle root over its samples."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from eth_hash.auto import keccak

from medici.content import picture_digest
from medici.errors import BadData
from medici.records import Digest
from medici.studio.exact.merkle import merkle_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from PIL import Image

SIDE = 16
_PICTURES = {".png", ".webp", ".gif", ".bmp", ".jpg", ".jpeg", ".tif", ".tiff"}
_LARGEST_SIDE = 8192
_LEAST = 8
_SAMPLE_TAG = b"medici/sample/1"
_OPAQUE_FROM = 128


@dataclass(frozen=True, slots=True)
class PictureSet:
    """The pictures of one folder at the generator's native size.

    Attributes:
        pixels: (n, 16, 16, 4) uint8, alpha 0 or 255, colour 0 where transparent.
        names: file names, sorted; sample i of `pixels` is file i.
        digests: content digest of each sample's `pixels`.
        source: what ``source.json`` says of licence, authors, attributes; empty without one.
    """

    pixels: NDArray[np.uint8]
    names: tuple[str, ...]
    digests: tuple[Digest, ...]
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> Digest:
        """Merkle root over the samples in order of name (leaves: tagged content digests)."""
        return data_root(self.digests)

    @property
    def licence(self) -> str:
        """Licence of the set as its source states it."""
        return str(self.source.get("licence", "not stated"))

    @property
    def transparent(self) -> bool:
        """Whether any sample shows its ground through."""
        return bool((self.pixels[..., 3] == 0).any())

    def attributes(self) -> list[Mapping[str, str]]:
        """What each sample was drawn from, in order; empty when the source does not say."""
        described = {s["file"]: s.get("attributes", {}) for s in self.source.get("samples", [])}
        return [described.get(name, {}) for name in self.names] if described else []

    def manifest(self) -> dict[str, Any]:
        """The set as the proof room hashes it: licence, authors, sample digests, root."""
        about = {k: v for k, v in self.source.items() if k not in ("schema", "samples")}
        return {
            "schema": "medici/dataset/1",
            "about": about,
            "licence": self.licence,
            "count": len(self.names),
            "size": [SIDE, SIDE],
            "root": self.root,
            "samples": [
                {"file": n, "digest": d} for n, d in zip(self.names, self.digests, strict=True)
            ],
        }


def data_root(digests: tuple[Digest, ...] | list[Digest]) -> Digest:
    """Root of the Keccak-256 tree whose leaves are ``keccak("medici/sample/1" ‖ digest)``."""
    return Digest(merkle_root([keccak(_SAMPLE_TAG + d.raw) for d in digests]).hex())


def read_folder(folder: str | Path) -> PictureSet:
    """Read every picture of a folder (not its subfolders) at 16×16.

    Exact nearest-neighbour enlargements are reduced exactly; anything else is reduced by area.
    Alpha is made hard at one half. ``source.json`` beside the pictures may state licence, authors
    and per-sample attributes.

    Raises:
        BadData: no folder, too few pictures, or one that cannot be used; the message names it.
    """
    place = Path(folder)
    if not place.is_dir():
        raise BadData(f"no data folder at {place}", "give a folder that holds pictures")
    files = sorted(p for p in place.iterdir() if p.suffix.lower() in _PICTURES)
    if len(files) < _LEAST:
        raise BadData(
            f"{place} holds {len(files)} pictures; at least {_LEAST} are needed",
            "supported: " + ", ".join(sorted(_PICTURES)),
        )
    pixels = np.stack([read_picture(p) for p in files])
    if (pixels == pixels[0]).all():
        raise BadData(f"all {len(files)} pictures in {place} are the same", "add different ones")
    digests = tuple(Digest(picture_digest(p)) for p in pixels)
    return PictureSet(pixels, tuple(p.name for p in files), digests, _read_source(place))


def read_picture(path: Path) -> NDArray[np.uint8]:
    """One picture at the generator's native size.

    Returns:
        (16, 16, 4) uint8 with hard alpha.

    Raises:
        BadData: empty, damaged, animated, not square or too large; the message names the file.
    """
    from PIL import Image, UnidentifiedImageError

    if path.stat().st_size == 0:
        raise BadData(f"{path} is empty", "remove it or replace it")
    try:
        with Image.open(path) as image:
            width, height = image.size
            if max(width, height) > _LARGEST_SIDE:
                raise BadData(f"{path} is {width}×{height}; the longest side may be 8192 pixels")
            if width != height:
                raise BadData(f"{path} is {width}×{height}, not square", "crop it to a square")
            if width < SIDE:
                raise BadData(f"{path} is {width}×{height}; at least {SIDE}×{SIDE} is needed")
            if getattr(image, "is_animated", False):
                raise BadData(f"{path} is animated", "save one frame of it")
            return _native(image)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise BadData(f"{path} cannot be read as a picture: {error}", "remove or replace it") from (
            error
        )


def _native(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        raise ValueError(f"{image.mode} samples are finer than 8 bits")
    pixels = np.asarray(image.convert("RGBA"))
    step, rest = divmod(pixels.shape[0], SIDE)
    small = pixels[step // 2 :: step, step // 2 :: step][:SIDE, :SIDE]
    exact = not rest and (np.repeat(np.repeat(small, step, 0), step, 1) == pixels).all()
    if not exact:
        small = _by_area(pixels)
    small = small.copy()
    small[..., 3] = np.where(small[..., 3] >= _OPAQUE_FROM, 255, 0)
    small[small[..., 3] == 0] = 0
    return np.asarray(small)


def _by_area(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image

    alpha = pixels[..., 3:].astype(np.float64) / 255
    # Colours are averaged by weight of opacity, so that hidden colours do not bleed into edges.
    planes = np.concatenate([pixels[..., :3] * alpha, alpha * 255], axis=-1).astype(np.float32)
    reduced = np.stack(
        [
            np.asarray(Image.fromarray(planes[..., c]).resize((SIDE, SIDE), Image.Resampling.BOX))
            for c in range(4)
        ],
        axis=-1,
    )
    colour = reduced[..., :3] / np.maximum(reduced[..., 3:] / 255, 1e-6)
    out = np.concatenate([colour, reduced[..., 3:]], axis=-1)
    return np.asarray(np.clip(np.rint(out), 0, 255), np.uint8)


def _read_source(place: Path) -> Mapping[str, Any]:
    path = place / "source.json"
    if not path.exists():
        return {}
    try:
        source = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BadData(f"{path} is not JSON: {error}") from error
    if not isinstance(source, dict):
        raise BadData(f"{path} must hold one JSON object")
    return source


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
    opaque = pixels.reshape(-1, 4)
    opaque = opaque[opaque[:, 3] > 0].astype(np.int64)
    if not len(opaque):
        raise BadData("no picture of the set has an opaque pixel")
    codes, counts = np.unique(
        opaque[:, 0] << 16 | opaque[:, 1] << 8 | opaque[:, 2], return_counts=True
    )
    chosen = codes[np.lexsort((codes, -counts))][:most]
    return np.stack([chosen >> 16, chosen >> 8 & 255, chosen & 255], axis=-1).astype(np.uint8)

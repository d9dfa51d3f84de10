"""Data sets of icons: drawings in one ink, read as smooth grey pictures of 32×32."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import picture_digest
from medici.errors import BadData
from medici.records import Digest
from medici.studio.data.folder import data_root, read_source
from medici.studio.data.picture import FORMATS, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SIDE = 32
SUFFIXES = {".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".svg"}
_DRAWN = 128
_LARGEST_SIDE = 4096
_LEAST = 8
_LEAST_INK = 255 * 4


@dataclass(frozen=True, slots=True)
class IconSet:
    """The icons of one folder.

    Attributes:
        pixels: (n, 32, 32) uint8, ink at 255, smoothed so that level lines are the outlines.
        names: file names, sorted; sample i of `pixels` is file i.
        digests: content digest of each sample, taken as ink on transparent ground.
        looks: names of the classes, sorted; one unnamed class when the source names none.
        classes: (n,) int64, which look each sample has.
        mirror: (n,) bool, whether a sample may be mirrored.
        source: what ``source.json`` says of licence, authors and looks; empty without one.
    """

    pixels: NDArray[np.uint8]
    names: tuple[str, ...]
    digests: tuple[Digest, ...]
    looks: tuple[str, ...]
    classes: NDArray[np.int64]
    mirror: NDArray[np.bool_]
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> Digest:
        """Merkle root over the samples in order of name."""
        return data_root(self.digests)

    @property
    def licence(self) -> str:
        """Licence of the set as its source states it."""
        return str(self.source.get("licence", "not stated"))


def read_icons(folder: str | Path) -> IconSet:
    """Read every icon of a folder (not its subfolders).

    Ink is the alpha of pictures that have transparent pixels, and darkness in others. An icon
    may be any square from 32 pixels, or SVG. ``source.json`` may give each sample a ``look`` and
    say with ``mirror: no`` that its mirror image is wrong (letters, digits).

    Raises:
        BadData: no folder, too few icons, or one that cannot be used; the message names it.
        MissingPart: there is SVG, and nothing to draw it with.
    """
    place = Path(folder)
    if not place.is_dir():
        raise BadData(f"no data folder at {place}", "give a folder that holds icons")
    files = sorted(p for p in place.iterdir() if p.suffix.lower() in SUFFIXES)
    if len(files) < _LEAST:
        raise BadData(
            f"{place} holds {len(files)} icons; at least {_LEAST} are needed",
            "supported: " + ", ".join(sorted(SUFFIXES)),
        )
    pixels = np.stack([read_icon(p) for p in files])
    if (pixels == pixels[0]).all():
        raise BadData(f"all {len(files)} icons in {place} are the same", "add different ones")
    source = read_source(place)
    names = tuple(printable(p.name) for p in files)
    told = {s["file"]: s.get("attributes", {}) for s in source.get("samples", [])}
    attributes: list[Mapping[str, Any]] = [told.get(name, {}) for name in names]
    given = [str(a.get("look", "")) for a in attributes]
    looks = tuple(sorted(set(given)))
    return IconSet(
        pixels=pixels,
        names=names,
        digests=tuple(Digest(picture_digest(as_drawn(p))) for p in pixels),
        looks=looks,
        classes=np.array([looks.index(g) for g in given]),
        mirror=np.array([a.get("mirror", "yes") != "no" for a in attributes]),
        source=source,
    )


def as_drawn(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey icons as black ink on transparent ground, (…, h, w) → (…, h, w, 4) uint8."""
    out = np.zeros((*grey.shape, 4), np.uint8)
    out[..., 3] = grey
    return out


def read_icon(path: Path) -> NDArray[np.uint8]:
    """One icon as the models see it.

    Returns:
        (32, 32) uint8, ink at 255.

    Raises:
        BadData: empty, damaged, animated, not square, too small, too large, or without ink or
            ground; the message names the file.
    """
    from PIL import Image

    if not path.is_file():
        raise BadData(f"no icon at {path}", "give the path of a picture or an SVG")
    if path.stat().st_size == 0:
        raise BadData(f"{path} is empty", "remove it or replace it")
    data = _drawn(path) if path.suffix.lower() == ".svg" else path.read_bytes()
    try:
        from io import BytesIO

        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width != height:
                raise BadData(f"{path} is {width}×{height}, not square", "pad it to a square")
            if not SIDE <= width <= _LARGEST_SIDE:
                raise BadData(f"{path} is {width} pixels wide; {SIDE} to {_LARGEST_SIDE} will do")
            if getattr(image, "is_animated", False):
                raise BadData(f"{path} is animated", "save one frame of it")
            if image.mode.startswith("I;16") or image.mode in ("I", "F"):
                raise BadData(f"{path} has samples finer than 8 bits", "save it with 8 bits")
            pixels = np.asarray(image.convert("RGBA")).astype(np.int64)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadData(f"{path} cannot be read as a picture: {error}", "remove or replace it") from (
            error
        )
    ink = pixels[..., 3]
    if (ink == 255).all():
        ink = 255 - pixels[..., :3] @ np.array([54, 183, 19]) // 256
    grey = reduced(ink)
    if int(grey.sum()) < _LEAST_INK or int((255 - grey.astype(np.int64)).sum()) < _LEAST_INK:
        raise BadData(f"{path} is blank", "ink is what is opaque, or dark where all is opaque")
    return grey


def reduced(ink: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Smoothed by a cubic B-spline two native pixels wide, and sampled at 32×32.

    Plain averages over pixels alias: outlines traced from them ripple.

    Args:
        ink: (s, s), 0 to 255.
    """
    kernel = _kernel(len(ink))
    return np.asarray(np.clip(np.rint(kernel @ ink @ kernel.T), 0, 255), np.uint8)


@cache
def _kernel(size: int) -> NDArray[np.float64]:
    at = (np.arange(size) + 0.5) * SIDE / size - 0.5
    x = np.abs(np.arange(SIDE)[:, None] - at[None])
    inner, outer = 2 / 3 - x**2 + x**3 / 2, np.maximum(2 - x, 0) ** 3 / 6
    weights = np.where(x < 1, inner, outer)
    return np.asarray(weights / weights.sum(1, keepdims=True))


def _drawn(path: Path) -> bytes:
    from medici.studio.icons.vector import rasterise

    return rasterise(path, _DRAWN)

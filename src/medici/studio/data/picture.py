"""One picture: opened with suspicion, turned into sRGB with straight alpha, brought to size.

Everything after the decoder is integer arithmetic, so that the same file gives the same pixels, and
with them the same Merkle root, on every machine.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import BadData, WrongUse

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

SIDE = 16
SIDES = (16, 1024)
SUFFIXES = frozenset({".png", ".webp", ".gif", ".bmp", ".jpg", ".jpeg", ".tif", ".tiff", ".avif"})
# Music, which is no picture; `medici.studio.music.reading` reads it.
SCORES = frozenset({".mid", ".midi", ".musicxml", ".mxl", ".krn"})
SCORES_TRAIN = "scores need no building: medici train FOLDER --family music reads them as they are"
CROPS = ("none", "centre", "pad")
LARGEST_SIDE = 8192
LARGEST_FILE = 256 << 20
# Named, because Pillow would else try every decoder it has, PostScript among them.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF")
_DEEP = ("I;16", "I;16B", "I;16L", "I;16N")
_OPAQUE_FROM = 128
_UPRIGHT = 1
_ORIENTATION = 0x0112


# Options of `medici data build` that take what is refused without them, by the reason.
BUILT_WITH = {
    "not-square": "--crop centre or --crop pad",
    "animated": "--first-frame",
    "too-small": "a smaller --side",
}


class Unusable(ValueError):
    """A picture that cannot be used, before anybody knows what file it came from.

    Attributes:
        reason: short name, for counting.
        words: what is wrong, as the rest of a sentence that begins with the file's name.
        hint: what to do about the file itself.
    """

    def __init__(self, reason: str, words: str, hint: str = "remove or replace it") -> None:
        super().__init__(words)
        self.reason, self.words, self.hint = reason, words, hint

    def of(self, path: Path, *, in_set: bool) -> BadData:
        """The same of a file; of one in a set also how the set could be built so that it fits."""
        option = BUILT_WITH.get(self.reason) if in_set else None
        hint = f"{self.hint}, or build with {option}" if option else self.hint
        return BadData(f"{path} {self.words}", hint)


@dataclass(frozen=True, slots=True)
class Reading:
    """How files become samples.

    Attributes:
        side: of every sample, in pixels.
        crop: what happens to a picture that is not square: ``none`` refuses it, ``centre`` keeps
            the middle, ``pad`` adds ground.
        first_frame: take the first frame of an animation, which is refused otherwise.
        deep: reduce 16-bit grey to 8 bits, which is refused otherwise.
        ground: colour that transparent pixels are set on; None keeps them transparent.
    """

    side: int = SIDE
    crop: str = "none"
    first_frame: bool = False
    deep: bool = False
    ground: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if not SIDES[0] <= self.side <= SIDES[1]:
            raise WrongUse(
                f"side {self.side} is not between {SIDES[0]} and {SIDES[1]} pixels",
                "give the side at which the model is to be trained",
            )
        if self.crop not in CROPS:
            raise WrongUse(
                f"crop {self.crop!r} is none of " + ", ".join(CROPS),
                "centre cuts to a square, pad fills up to one, none refuses",
            )


def printable(name: str) -> str:
    r"""A file's name as text that can be written: bytes that are no UTF-8 become ``\xe9``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def read_picture(path: Path, side: int = SIDE, *, in_set: bool = False) -> NDArray[np.uint8]:
    """One picture file at the size of a sample, strictly.

    Args:
        path: of the file.
        side: of the sample.
        in_set: whether it is one of a data set, which could be built otherwise.

    Returns:
        (side, side, 4) uint8 with hard alpha.

    Raises:
        BadData: empty, damaged, animated, not square or too large; the message names the file.
    """
    try:
        return decode(load(path), Reading(side))[0]
    except Unusable as error:
        raise error.of(path, in_set=in_set) from error


def load(path: Path) -> bytes:
    """The bytes of a picture file.

    Raises:
        Unusable: it cannot be read, or is too large to be a picture.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Unusable("too-large", f"is larger than {LARGEST_FILE >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise Unusable("unreadable", f"cannot be read: {error.strerror}") from error


def decode(data: bytes, how: Reading) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """A picture file's bytes as one sample.

    Returns:
        (side, side, 4) uint8 with alpha 0 or 255 and colour 0 where transparent; and what had to be
        converted on the way (``cmyk``, ``16-bit``, ``icc``, ``orientation``, ``first-frame``, …).

    Raises:
        Unusable: it cannot be used; says why.
    """
    if not data:
        raise Unusable("empty", "is empty", "remove it or replace it")
    pixels, converted = _pixels(data, how)
    pixels = _square(pixels, how)
    small = _reduced(pixels, how.side)
    if how.ground is not None:
        small = _on_ground(small, how.ground)
    small[..., 3] = np.where(small[..., 3] >= _OPAQUE_FROM, 255, 0)
    small[small[..., 3] == 0] = 0
    return small, converted


def _pixels(data: bytes, how: Reading) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """The decoded picture, (h, w, 4) uint8 in sRGB, turned upright."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        # What Pillow only warns of is either refused below or harmless.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                converted = _check(image, data, how)
                return _convert(image, converted)
        except (Unusable, MemoryError):  # no memory says nothing of the picture
            raise
        except UnidentifiedImageError as error:
            raise Unusable(
                "unreadable", "cannot be read as a picture: it is none of " + ", ".join(FORMATS)
            ) from error
        except Image.DecompressionBombError as error:
            raise Unusable("too-large", f"is a decompression bomb: {error}") from error
        except Exception as error:  # decoders raise whatever a damaged file leads them to
            raise Unusable("unreadable", f"cannot be read as a picture: {error}") from error


def _check(image: Image.Image, data: bytes, how: Reading) -> list[str]:
    """Refuse by what the header says, before a single pixel is decoded."""
    converted: list[str] = []
    width, height = image.size
    if max(width, height) > LARGEST_SIDE:
        raise Unusable(
            "too-large",
            f"is {width}×{height}; the longest side may be {LARGEST_SIDE} pixels",
            "make it smaller",
        )
    if width != height and how.crop == "none":
        raise Unusable(
            "not-square",
            f"is {width}×{height}, not square",
            "crop it to a square",
        )
    if (max if how.crop == "pad" else min)(width, height) < how.side:
        raise Unusable(
            "too-small",
            f"is {width}×{height}; at least {how.side}×{how.side} is needed",
            "give a larger picture",
        )
    # Phones write MPO, a JPEG with a second view behind it: that is no animation.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        if not how.first_frame:
            raise Unusable("animated", "is animated", "save one frame of it")
        converted.append("first-frame")
    if image.mode in ("I", "F"):
        raise Unusable(
            "too-deep",
            "has 32-bit samples, finer than 8 bits and of unknown range",
            "save it as 8-bit",
        )
    if image.mode in _DEEP:
        if not how.deep:
            raise Unusable(
                "too-deep",
                f"cannot be read as a picture: {image.mode} samples are finer than 8 bits",
                "save it as 8-bit, or let `medici data build` convert it",
            )
        converted.append("16-bit")
    elif data[:4] == b"\x89PNG" and data[24:25] == b"\x10":
        converted.append("16-bit")  # in colour Pillow has reduced it already
    return converted


def native_side(path: Path, side: int) -> int:
    """Pixels a side of a picture that loses detail at `side`; `side` where it does not.

    An exact enlargement, as pixel art often is, loses nothing.

    Raises:
        BadData: it cannot be used; the message names it.
    """
    try:
        pixels = _pixels(load(path), Reading(side))[0]
    except Unusable as error:
        raise error.of(path, in_set=True) from error
    step, rest = divmod(len(pixels), side)
    small = _reduced(pixels, side)
    if not rest and (np.repeat(np.repeat(small, step, 0), step, 1) == pixels).all():
        return side
    return len(pixels)


def _convert(image: Image.Image, converted: list[str]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    from PIL import Image, ImageOps

    profile = image.info.get("icc_profile")
    turned = image.getexif().get(_ORIENTATION, _UPRIGHT) != _UPRIGHT
    image.load()
    if turned:
        image = ImageOps.exif_transpose(image)
        converted.append("orientation")
    if image.mode in _DEEP:
        deep = np.asarray(image).astype(np.uint32)
        image = Image.fromarray(((deep * 255 + 32767) // 65535).astype(np.uint8))
    if image.mode == "CMYK":
        converted.append("cmyk")
    if profile:
        image = _in_srgb(image, profile, converted)
    return np.array(image.convert("RGBA")), tuple(converted)


def _in_srgb(image: Image.Image, profile: bytes, converted: list[str]) -> Image.Image:
    """Colours of the embedded profile as sRGB; a profile that makes no sense is passed over."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        space = source.profile.xcolor_space.strip()
        mode = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}[space]
        alpha = image.convert("RGBA").getchannel("A") if image.mode != "CMYK" else None
        plain = image.convert("RGB") if image.mode in ("P", "PA") else image
        changed = ImageCms.profileToProfile(
            plain.convert(mode), source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, KeyError, AttributeError, TypeError):
        converted.append("icc-ignored")
        return image
    assert changed is not None
    converted.append("icc")
    if alpha is not None:
        changed.putalpha(alpha)
    return changed


def _square(pixels: NDArray[np.uint8], how: Reading) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    if height == width:
        return pixels
    if how.crop == "centre":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return pixels[top : top + side, left : left + side]
    side = max(height, width)
    padded = np.zeros((side, side, 4), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    padded[top : top + height, left : left + width] = pixels
    return padded


def _reduced(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Undo an exact enlargement exactly; average anything else by area."""
    step, rest = divmod(pixels.shape[0], side)
    if not rest:
        small = pixels[step // 2 :: step, step // 2 :: step][:side, :side]
        if step == 1 or (np.repeat(np.repeat(small, step, 0), step, 1) == pixels).all():
            return np.array(small)
    return by_area(pixels, side)


def by_area(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Average a square picture down, exactly, in integers, colours weighted by opacity.

    Without the weights hidden colours of transparent pixels would bleed into edges.

    Args:
        pixels: (m, m, 4) uint8 with straight alpha, side ≤ m ≤ 8192.
        side: of the result.

    Returns:
        (side, side, 4) uint8, halves rounded up.
    """
    alpha = pixels[..., 3].astype(np.uint16)
    weight = _sums(alpha, side)
    least = np.maximum(weight, 1)
    out = np.empty((side, side, 4), np.uint8)
    for channel in range(3):
        total = _sums(pixels[..., channel] * alpha, side)
        out[..., channel] = (2 * total + least) // (2 * least)
    area = pixels.shape[0] ** 2
    out[..., 3] = (2 * weight + area) // (2 * area)
    return out


def _sums(plane: NDArray[np.uint16], side: int) -> NDArray[np.int64]:
    """Sums over side × side equal cells that may cut through pixels, times side²."""
    along = _sums_of_rows(plane, side)
    return _sums_of_rows(along.T, side).T


def _sums_of_rows(plane: NDArray[np.uint16] | NDArray[np.int64], side: int) -> NDArray[np.int64]:
    """Cell k holds rows k·m/side to (k+1)·m/side; a row cut by the border counts by its parts."""
    m = plane.shape[0]
    whole, part = np.divmod(np.arange(side + 1) * m, side)
    sums = side * np.add.reduceat(plane, whole[:-1], axis=0, dtype=np.int64)
    rows = plane[np.minimum(whole, m - 1)].astype(np.int64) * part[:, None]
    return np.asarray(sums - rows[:-1] + rows[1:])


def _on_ground(pixels: NDArray[np.uint8], ground: tuple[int, int, int]) -> NDArray[np.uint8]:
    alpha = pixels[..., 3:].astype(np.int64)
    mixed = pixels[..., :3] * alpha + np.array(ground, np.int64) * (255 - alpha)
    out = np.full_like(pixels, 255)
    out[..., :3] = (2 * mixed + 255) // 510
    return out

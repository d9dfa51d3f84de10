"""Picture files that people hand in (logos, masks, sheets), opened with suspicion."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import UnreadableFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LARGEST_SIDE = 8192
LARGEST_FILE = 32 << 20
# Named, because Pillow would else try every decoder it has, PostScript among them.
_FORMATS = ("PNG", "JPEG", "WEBP")


def read_bytes(path: Path, what: str) -> bytes:
    """A file's bytes.

    Raises:
        UnreadableFile: it is not there, or larger than 32 MiB.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UnreadableFile(f"{what} {path} is larger than {LARGEST_FILE >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{what} {path} cannot be read: {error.strerror}") from error


def open_pixels(path: Path, what: str, data: bytes | None = None) -> NDArray[np.uint8]:
    """A picture file's pixels, (h, w, 4) uint8; the size is looked at before anything is decoded.

    Args:
        path: PNG, JPEG or WebP; of an animation the first frame.
        what: it is, for the message.
        data: its bytes, where they are at hand.

    Raises:
        UnreadableFile: no such picture, damaged, or over 8,192 pixels a side.
    """
    from PIL import Image

    data = read_bytes(path, what) if data is None else data
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                if max(image.size) > LARGEST_SIDE:
                    raise UnreadableFile(
                        f"{what} {path} is {image.size[0]}×{image.size[1]} pixels",
                        f"at most {LARGEST_SIDE} a side",
                    )
                return np.asarray(image.convert("RGBA"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableFile(f"{what} {path} is no picture: {error}", "PNG, JPEG, WebP") from error

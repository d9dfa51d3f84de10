"""Decoding pictures of strangers: sizes are looked at before anything is unpacked."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from medici.errors import UnreadableFile
from medici.provenance.media import PICTURE, Decoded

if TYPE_CHECKING:
    from PIL import Image as PillowImage

MAX_PIXELS = 64 << 20
_PNG = b"\x89PNG\r\n\x1a\n"
# Formats by magic number, and what a credentials reader calls them. No interpreters, no vectors.
FORMATS = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "BMP": "",
}


def decode(data: bytes) -> Decoded:
    """The pixels of a file, first frame.

    Raises:
        UnreadableFile: no picture, too large, or damaged.
    """
    import numpy as np
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    try:
        image = Image.open(io.BytesIO(_bare(data)), formats=list(FORMATS))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise UnreadableFile("not a picture or sound of a known format") from None
    width, height = image.size
    if width * height > MAX_PIXELS or not width * height:
        raise UnreadableFile(
            f"the picture is {width}×{height}",
            f"at most {MAX_PIXELS >> 20} million pixels are decoded",
        )
    try:
        display = _display(image)
        pixels = np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnreadableFile(f"the picture is damaged: {error}", "get it again") from None
    return Decoded(PICTURE, pixels, FORMATS[image.format or ""], tuple(display))


def _bare(data: bytes) -> bytes:
    """A PNG without its credentials, any other file as it is.

    A damaged credentials chunk must not keep the picture itself from being read.
    """
    if not data.startswith(_PNG):
        return data
    kept, at = [_PNG], len(_PNG)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] != b"caBX":
            kept.append(data[at:end])
        at = end
    return b"".join(kept)


def _display(image: PillowImage.Image) -> list[str]:
    """What in the file makes a viewer show something else than the decoded pixels."""
    found = []
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        found.append(f"it is an animation of {frames} frames")
    if image.getexif().get(0x0112, 1) != 1:
        found.append("it asks viewers to turn or mirror it")
    profile = image.info.get("icc_profile")
    if profile and not _is_srgb(profile):
        found.append("it carries a colour profile other than sRGB")
    elif not profile and "srgb" not in image.info:
        gamma = image.info.get("gamma")
        if gamma and abs(gamma - 1 / 2.2) > 0.01:
            found.append(f"it asks viewers for another gamma ({gamma:.3f})")
    return found


def _is_srgb(profile: bytes) -> bool:
    """Whether the profile maps a grid of colours to themselves, within two grey levels."""
    import numpy as np
    from PIL import Image, ImageCms

    steps = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shown = ImageCms.profileToProfile(
            Image.fromarray(grid), given, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return False
    if shown is None:
        return False
    return bool(np.abs(np.asarray(shown).astype(int) - grid).max() <= 2)

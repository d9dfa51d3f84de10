"""The child process of `examine`: reads one file from standard input, answers one line of JSON.

Run as ``python -I -m medici.provenance.examiner ROOTS``; nothing here may be trusted to survive.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image as PillowImage

_PNG = b"\x89PNG\r\n\x1a\n"
# Formats by magic number, and what a credentials reader calls them. No interpreters, no vectors.
_FORMATS = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "BMP": "",
}


def limit(memory: int, cpu: int) -> str:
    """Hold this process to its limits; the sentence to show when the system cannot."""
    try:
        import resource
    except ImportError:
        return "this system sets no limits on the process that decoded the file"
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return "this system does not enforce the memory limit on the process that decoded the file"
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    return ""


def answer(data: bytes, roots: list[str]) -> dict[str, Any]:
    """Everything `examine.Findings` holds, as JSON values, or ``{"error", "hint"}``."""
    import numpy as np
    from PIL import Image

    from medici.content import picture_digest
    from medici.provenance.credentials import read
    from medici.provenance.examine import MAX_PIXELS
    from medici.provenance.fingerprint import query

    Image.MAX_IMAGE_PIXELS = None
    try:
        image = Image.open(io.BytesIO(_bare(data)), formats=list(_FORMATS))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return {"error": "not a picture of a known format", "hint": "known: " + ", ".join(_FORMATS)}
    width, height = image.size
    if width * height > MAX_PIXELS or not width * height:
        return {
            "error": f"the picture is {width}×{height}",
            "hint": f"at most {MAX_PIXELS >> 20} million pixels are decoded",
        }
    kind = image.format or ""
    try:
        display = _display(image)
        pixels = np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        return {"error": f"the picture is damaged: {error}", "hint": "get it again"}
    found = read(data, _FORMATS[kind], roots) if _FORMATS[kind] else None
    asked = query(pixels)
    return {
        "work": picture_digest(pixels),
        "prints": [p.as_json() for p in asked.prints],
        "probe": asked.probe.hex(),
        "credentials": found.state if found else "missing",
        "pinned": found.pinned if found else None,
        "own": bool(found and found.own),
        "generation": found.generation.as_json() if found and found.generation else None,
        "anchor": found.anchor.as_json() if found and found.anchor else None,
        "problems": list(found.problems) if found else [],
        "display": display,
    }


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


def main() -> int:
    """Read, answer, and leave as soon as anything is odd."""
    from medici.provenance.examine import CPU_SECONDS, MEMORY_BYTES

    limits = limit(MEMORY_BYTES, CPU_SECONDS)
    warnings.simplefilter("ignore")
    data = sys.stdin.buffer.read()
    try:
        found = answer(data, json.loads(sys.argv[1]))
    except MemoryError:
        found = {"error": "it needs more memory than a picture should"}
    sys.stdout.write(json.dumps(found | {"limits": limits}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

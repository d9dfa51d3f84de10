"""Content digests: what a picture *is*, whatever file it travels in.

The digest is over decoded content in canonical form, so it survives metadata stripping and lossless
re-encoding, and it is the work's token id.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import WrongUse
from medici.records import WorkId

if TYPE_CHECKING:
    from numpy.typing import NDArray


def picture_digest(pixels: NDArray[np.uint8]) -> WorkId:
    """SHA-256 of ``"RGBA8" ‖ width ‖ height ‖ pixels``, both sizes unsigned 32-bit big-endian.

    Args:
        pixels: (h, w, 4) uint8, sRGB with straight alpha.

    Raises:
        WrongUse: another shape or type, or an empty picture.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise WrongUse(f"a picture is (h, w, 4) uint8, not {pixels.shape} {pixels.dtype}")
    height, width = pixels.shape[:2]
    state = hashlib.sha256(b"RGBA8")
    state.update(width.to_bytes(4, "big") + height.to_bytes(4, "big"))
    state.update(np.ascontiguousarray(pixels).data)
    return WorkId(state.hexdigest())

"""What a file is made of: a picture or a sound. The proof room's one seam between the two.

`pictures` and `sounds` decode files into a `Decoded`; `prints` takes the fingerprints of either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medici.records import Audio

    Content = NDArray[np.uint8] | Audio


@dataclass(frozen=True, slots=True)
class Medium:
    """A kind of content, and how people speak of it.

    Attributes:
        name: ``picture`` or ``sound``.
        stuff: what its digest is taken over.
        likeness: what two that resemble each other do.
        changes: what becomes of copies.
    """

    name: str
    stuff: str
    likeness: str
    changes: str


PICTURE = Medium("picture", "pixels", "look", "re-encoded, resized or cropped")
SOUND = Medium("sound", "samples", "sound", "re-encoded, resampled, cut or made louder or softer")
MEDIA = {medium.name: medium for medium in (PICTURE, SOUND)}


@dataclass(frozen=True, slots=True)
class Decoded:
    """The content of a file.

    Attributes:
        medium: what it is.
        content: (h, w, 4) uint8 pixels, or a sound.
        mime: what a reader of credentials calls the file's format; empty where none can be inside.
        display: what in the file makes people see or hear something else than the content.
    """

    medium: Medium
    content: Content
    mime: str
    display: tuple[str, ...] = ()

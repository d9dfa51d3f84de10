"""Works as bare files, named by their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medici.content import content_digest, encode
from medici.store import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

    from medici.records import Rendering


def write_work(folder: Path, work: Rendering) -> Path:
    """Write the bare work: a picture as PNG, music as WAV, words as text; an equal one stays."""
    suffix, data = encode(work)
    path = folder / f"{content_digest(work)[:16]}.{suffix}"
    if not path.exists():
        atomic_write(path, data, durable=False)
    return path

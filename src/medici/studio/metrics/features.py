"""Features of real sets, kept on disk: they are the same every time a model is measured."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from medici.records import canonical_json
from medici.store import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Features = NDArray[np.float64]

_SCHEMA = "medici/features/1"


def default_cache() -> Path:
    """``$XDG_CACHE_HOME/medici/features``, by default in ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "medici" / "features"


class FeatureCache:
    """A folder of feature sets, named by what they were taken from.

    Args:
        folder: made when something is kept; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(
        self,
        *,
        root: str,
        extractor: str,
        n: int,
        grounds: str,
        make: Callable[[], Features],
    ) -> Features:
        """The features of a real set, from disk if they are there and whole.

        Args:
            root: the data set's Merkle root.
            extractor: its name, with version and input size.
            n: how many works of the set.
            grounds: how they were prepared: draw of works, grounds, noise.
            make: computes them: (n, d) float64.

        Returns:
            (n, d) float64, the same numbers whether kept or made.
        """
        if self.folder is None:
            return make()
        key: dict[str, str | int] = {
            "schema": _SCHEMA,
            "root": root,
            "extractor": extractor,
            "n": n,
            "grounds": grounds,
        }
        name = hashlib.sha256(canonical_json(key)).hexdigest()[:32]
        path = self.folder / f"{name}.safetensors"
        kept = _read(path, key, n)
        if kept is None:
            kept = make()
            _write(path, key, kept)
        return kept


def _read(path: Path, key: dict[str, str | int], n: int) -> Features | None:
    """What is kept, or None when it is not there, damaged, or of another key."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            features = np.asarray(file.get_tensor("features"), np.float64)
            about = (file.metadata() or {}).get("medici")
    except (OSError, SafetensorError):
        return None
    return features if about == _about(key, features) and len(features) == n else None


def _write(path: Path, key: dict[str, str | int], features: Features) -> None:
    from safetensors.numpy import save

    small = features.astype(np.float32)
    exact = bool((small == features).all())
    metadata = {"medici": _about(key, features)}
    data = save({"features": small if exact else features}, metadata=metadata)
    atomic_write(path, data, durable=False)


def _about(key: dict[str, str | int], features: Features) -> str:
    """The key, and a digest of the numbers: the format alone would not notice a flipped bit."""
    digest = hashlib.sha256(np.ascontiguousarray(features).tobytes()).hexdigest()
    return canonical_json({**key, "sha256": digest}).decode()

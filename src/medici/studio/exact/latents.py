"""Latents from seeds: bytes of SHAKE-256, no float and no library of mathematics.

docs/spec/exact-renderer.md, section 2.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from medici.studio.exact.network import FRACTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BYTES_A_NORMAL = 12
BYTES_A_DRAW = 2
NORMAL_LEVELS = BYTES_A_NORMAL * 255 + 1
_TAG = b"medici/exact/2/"


def stream(use: str, seed: int, length: int) -> NDArray[np.uint8]:
    """The first bytes of a seed's stream for one use (``latent``, ``codes``, ``ground`` …)."""
    state = hashlib.shake_256(_TAG + use.encode() + b"\0" + seed.to_bytes(32, "big"))
    return np.frombuffer(state.digest(length), np.uint8)


def streams(use: str, seeds: Sequence[int], length: int) -> NDArray[np.uint8]:
    """One row of bytes a seed, (n, length) uint8."""
    return np.stack([stream(use, seed, length) for seed in seeds])


def normals(data: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Twelve bytes a number, close to a standard normal, in Q10: (…, 12·k) → (…, k) float64.

    Twelve uniform bytes have mean 1530 and standard deviation 255.998: their sum is a normal in Q8.
    """
    return centred(sums(data))


def sums(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Twelve bytes a number, added up: (…, 12·k) → (…, k) from 0 to 3060."""
    parts = data.reshape(*data.shape[:-1], -1, BYTES_A_NORMAL)
    return np.asarray(parts.sum(-1, dtype=np.int64))


def centred(added: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums of twelve bytes as normals in Q10."""
    return np.asarray((added - NORMAL_LEVELS // 2) << (FRACTION - 8), np.float64)


def draws(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Two bytes a draw, their upper twelve bits, 0 to 4095: (…, 2·k) → (…, k)."""
    parts = data.reshape(*data.shape[:-1], -1, BYTES_A_DRAW).astype(np.int64)
    return np.asarray((parts[..., 0] << 8 | parts[..., 1]) >> 4)

"""One endless shuffled order for every kind of data set, as a pure function of step and seed.

A trainer asks for batch `step` and gets the same samples in every process, whatever was asked
before: resuming needs no saved state, and worker r of w takes batches r, r + w, r + 2w, …
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from medici.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from medici.records import Digest

_TAG = 0x6D656469  # "medi": keeps these streams apart from others of the same seed


class Samples(Protocol):
    """What a trainer needs of a data set, be it in memory (`PictureSet`) or not (`ShardSet`)."""

    def __len__(self) -> int:
        """Number of samples."""
        ...

    @property
    def side(self) -> int:
        """Pixels a side of every sample."""
        ...

    @property
    def root(self) -> Digest:
        """Merkle root over the samples."""
        ...

    @property
    def licence(self) -> str:
        """Licence of the whole set."""
        ...

    @property
    def transparent(self) -> bool:
        """Whether any sample shows its ground through."""
        ...

    @property
    def source(self) -> Mapping[str, Any]:
        """Title, authors and other statements on the whole set."""
        ...

    def order(self, step: int, n: int, seed: int) -> NDArray[np.int64]:
        """Numbers of the samples of batch `step`, (n,) int64."""
        ...

    def take(self, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Samples by their numbers, (len(chosen), side, side, 4) uint8."""
        ...


def batch(data: Samples, step: int, n: int, seed: int) -> NDArray[np.uint8]:
    """Batch `step` of so many samples, (n, side, side, 4) uint8."""
    return data.take(data.order(step, n, seed))


def batches(data: Samples, n: int, seed: int, start: int = 0) -> Iterator[NDArray[np.uint8]]:
    """Batches `start`, `start` + 1, … without end."""
    step = start
    while True:
        yield batch(data, step, n, seed)
        step += 1


def some(data: Samples, n: int, seed: int = 0) -> NDArray[np.uint8]:
    """At most so many different samples, drawn evenly: for palettes, statistics and sheets."""
    return data.take(np.sort(data.order(0, min(n, len(data)), seed)))


def order(
    count: int, step: int, n: int, seed: int, windows: Sequence[int] = ()
) -> NDArray[np.int64]:
    """Numbers of the samples of batch `step`.

    Every epoch visits each sample once. Without windows an epoch is one permutation; with them the
    windows come in random order, each permuted in itself, so that reading stays local.

    Args:
        count: samples in the set.
        step: number of the batch, from 0.
        n: samples a batch.
        seed: of the order.
        windows: first sample of each window, ascending from 0.

    Returns:
        (n,) int64.

    Raises:
        WrongUse: an empty set or batch.
    """
    if count < 1 or n < 1 or step < 0:
        raise WrongUse(f"no batch {step} of {n} samples can be drawn from {count}")
    found = []
    at = step * n
    while n > 0:
        epoch, within = divmod(at, count)
        part = _stretch(count, epoch, within, n, seed, tuple(windows))
        found.append(part)
        at += len(part)
        n -= len(part)
    return np.concatenate(found)


def _stretch(
    count: int, epoch: int, within: int, n: int, seed: int, windows: tuple[int, ...]
) -> NDArray[np.int64]:
    """At most n numbers from one place of an epoch on, up to the end of its window."""
    if len(windows) < 2:
        return _permutation(seed, epoch, 0, 0, count)[within : within + n]
    turns, starts, ends = _plan(seed, epoch, count, windows)
    turn = int(np.searchsorted(ends, within, side="right"))
    chosen = int(turns[turn])
    first = windows[chosen]
    last = windows[chosen + 1] if chosen + 1 < len(windows) else count
    offset = within - int(starts[turn])
    return _permutation(seed, epoch, chosen + 1, first, last)[offset : offset + n]


@lru_cache(maxsize=4)
def _plan(
    seed: int, epoch: int, count: int, windows: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Windows in the order of this epoch, and where in the epoch each begins and ends."""
    bounds = np.array([*windows, count], np.int64)
    sizes = bounds[1:] - bounds[:-1]
    turns = _random(seed, epoch, 0).permutation(len(windows))
    ends = np.cumsum(sizes[turns])
    return turns, ends - sizes[turns], ends


@lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, window: int, first: int, last: int) -> NDArray[np.int64]:
    made = first + _random(seed, epoch, window).permutation(last - first)
    made.setflags(write=False)
    return made


def _random(seed: int, epoch: int, window: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([_TAG, seed, epoch, window])))

"""Filters for candidates: how plausible a picture is, and how unlike the others.

Plausibility is measured against statistics of the training pictures that ship with the model: how
often each 2×2 block, at its place, is split into equal and different colours that way. Stray
pixels, ragged outlines and holes are rare splits. All in integers, so that the same candidates are
kept on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import BadWeights
from medici.store import atomic_write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.records import Rendering
    from medici.studio.pictures.model import PictureModel

STATISTICS = "statistics.safetensors"
# Equalities of the block's four pixels and "transparent", taken as a fifth: 52 ways to split five.
_PAIRS = tuple(combinations(range(5), 2))
_BITS = 256
_NEAR = 24
_SEEN = 64  # pixels a side
_TOGETHER = 4 << 20  # bytes of pictures
_PLAUSIBLE = 25  # percentile of the training pictures


def _splits() -> NDArray[np.int64]:
    """From the ten equality bits to one of 52 splits; impossible combinations map to 0."""

    def growth(prefix: tuple[int, ...]) -> list[tuple[int, ...]]:
        if len(prefix) == 5:
            return [prefix]
        return [s for k in range(max(prefix) + 2) for s in growth((*prefix, k))]

    table = np.zeros(1 << len(_PAIRS), np.int64)
    for number, blocks in enumerate(growth((0,))):
        table[sum((blocks[a] == blocks[b]) << i for i, (a, b) in enumerate(_PAIRS))] = number
    return table


_SPLIT = _splits()
_WAYS = 52


def block_splits(pictures: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How each 2×2 block is split, (n, h, w, 4) uint8 → (n, (h - 1)·(w - 1)) from 0 to 51.

    Over 64 pixels a side only every second, fourth … pixel is looked at.
    """
    step = max(1, max(pictures.shape[1:3]) // _SEEN)
    pictures = pictures[:, step // 2 :: step, step // 2 :: step]
    words = np.ascontiguousarray(pictures).view(np.uint32)[..., 0].astype(np.int64)
    bare = pictures[..., 3] == 0
    words[bare] = -1
    corners = [words[:, y : y - 1 or None, x : x - 1 or None] for y in (0, 1) for x in (0, 1)]
    cells = [*corners, np.full_like(corners[0], -1)]
    bits = sum((cells[a] == cells[b]).astype(np.int64) << i for i, (a, b) in enumerate(_PAIRS))
    return np.asarray(_SPLIT[np.asarray(bits)].reshape(len(pictures), -1))


def _parts(pictures: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Portions of which the splits take little memory."""
    size = max(1, _TOGETHER // max(pictures[0].size, 1)) if len(pictures) else 1
    return [pictures[i : i + size] for i in range(0, len(pictures), size)]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the training pictures look like, block by block.

    Attributes:
        blocks: (places, 52) int16, log2 of each split's share at each place, in 1/256 bit.
        quantiles: (101,) int32, scores of training pictures by percentile.
    """

    blocks: NDArray[np.int16]
    quantiles: NDArray[np.int32]

    @classmethod
    def of(cls, pictures: NDArray[np.uint8]) -> Statistics:
        """Count the training pictures; one picture is added to every split, so none is endless."""
        places = block_splits(pictures[:1]).shape[1]
        counts = np.ones(places * _WAYS)
        first = np.arange(places) * _WAYS
        for part in _parts(pictures):
            found = block_splits(part) + first
            counts += np.bincount(found.ravel(), minlength=len(counts))
        counts = counts.reshape(places, _WAYS)
        shares = counts / counts.sum(1, keepdims=True)
        blocks = np.rint(np.log2(shares) * _BITS).astype(np.int16)
        scores = cls(blocks, np.zeros(101, np.int32)).scores(pictures)
        marks = np.quantile(scores, np.linspace(0, 1, 101), method="lower")
        return cls(blocks, marks.astype(np.int32))

    def scores(self, pictures: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Sum of log2 shares over all blocks, in 1/256 bit: (n, h, w, 4) → (n,), higher is better.

        Places are counted independently; it ranks, it is no likelihood.
        """
        places = np.arange(len(self.blocks))
        sums = [
            self.blocks[places, block_splits(part)].sum(1, dtype=np.int64)
            for part in _parts(pictures)
        ]
        return np.concatenate(sums) if sums else np.zeros(0, np.int64)

    def save(self, path: Path) -> bytes:
        """Write as safetensors; returns the bytes."""
        from safetensors.numpy import save

        data = save({"blocks": self.blocks, "quantiles": self.quantiles})
        atomic_write(path, data)
        return data

    @classmethod
    def load(cls, path: Path) -> Statistics:
        """Read what `save` wrote.

        Raises:
            BadWeights: it is not there or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            tensors = load_file(path)
            return cls(tensors["blocks"], tensors["quantiles"])
        except (SafetensorError, OSError, KeyError) as error:
            raise BadWeights(f"{path} holds no statistics: {error}", "export the model") from error


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the filters say of one candidate.

    Attributes:
        quality: how the candidate's plausibility ranks among training pictures, 0 to 1 (0.5 is the
            median picture of the training set; 0 is below all of them); None where nothing can
            tell.
        score: plausibility in 1/256 bit, for ranking where `quality` ties.
        novelty: share of native pixels that differ from the most similar other, 0 to 1.
    """

    quality: float | None
    score: int
    novelty: float


def novelty(picture: NDArray[np.uint8], others: NDArray[np.uint8]) -> float:
    """Share of pixels that visibly differ from the most similar of the others; 1 without others.

    Args:
        picture: (h, w, 4) uint8.
        others: (n, h, w, 4) uint8.
    """
    if not len(others):
        return 1.0
    gaps = np.abs(others.astype(np.int16) - picture.astype(np.int16)).max(-1) > _NEAR
    return float(gaps.mean((1, 2)).min())


def judge(
    model: PictureModel, candidates: Sequence[Rendering], known: Sequence[Rendering] = ()
) -> list[Judgement]:
    """Quality of each candidate, and novelty against all other candidates and known works.

    Grounds do not count: pictures are compared as drawn, at native size.

    Raises:
        BadWeights: the model's statistics are not there.
    """
    drawn, before = _figures(model, candidates), _figures(model, known)
    scores = model.statistics.scores(drawn)
    marks = model.statistics.quantiles
    out = []
    for i, score in enumerate(scores):
        others = np.concatenate([np.delete(drawn, i, axis=0), before])
        rank = int(np.searchsorted(marks, score, side="right")) / len(marks)
        out.append(Judgement(rank, int(score), novelty(drawn[i], others)))
    return out


def select(
    model: PictureModel,
    candidates: Sequence[Rendering],
    keep: int,
    known: Sequence[Rendering] = (),
    least_novelty: float = 0.12,
) -> list[int]:
    """Choose plausible candidates that are unlike each other and unlike known works: indices.

    The most plausible comes first. Then, among those as plausible as three quarters of the
    training pictures, whichever is furthest from everything chosen and known; when these run
    out or come closer than `least_novelty`, the rest in order of plausibility. An exact double is
    never chosen.
    """
    drawn, before = _figures(model, candidates), _figures(model, known)
    scores = model.statistics.scores(drawn)
    nearest = np.array([novelty(picture, before) for picture in drawn])
    plausible = scores >= int(model.statistics.quantiles[_PLAUSIBLE])
    chosen: list[int] = []
    while len(chosen) < min(keep, len(drawn)):
        open_ = nearest > 0
        open_[chosen] = False
        unlike = open_ & (nearest >= least_novelty)
        pool = unlike & plausible
        if chosen and pool.any():
            ranks = np.lexsort((-scores, -nearest))
        else:
            pool = unlike if unlike.any() else open_
            ranks = np.lexsort((np.arange(len(drawn)), -scores))
        if not pool.any():
            break
        best = next(int(i) for i in ranks if pool[i])
        chosen.append(best)
        closer = [novelty(picture, drawn[best : best + 1]) for picture in drawn]
        nearest = np.minimum(nearest, closer)
    return chosen


def _figures(model: PictureModel, works: Sequence[Rendering]) -> NDArray[np.uint8]:
    """Works as drawn: native size, ground transparent; re-rendered, so that grounds are known."""
    out = np.zeros((len(works), model.side, model.side, 4), np.uint8)
    styles = [{**w.style, "ground": "transparent"} for w in works]
    starts = [0, *(i for i, (a, b) in enumerate(pairwise(styles), 1) if a != b), len(works)]
    for start, end in pairwise(starts):
        if end > start:
            seeds = [w.seed for w in works[start:end]]
            out[start:end] = model.natives(seeds, styles[start])
    return out

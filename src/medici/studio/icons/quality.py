"""A filter for candidate icons: how plausible their outlines are, and how unlike they are.

Plausibility compares small patterns of ink and ground, near and further apart, with how often the
training icons have them: ragged edges, blobs and specks are rare patterns. All in integers, so that
the same candidates are kept on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import BadWeights
from medici.store import atomic_write
from medici.studio.pictures.quality import Judgement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.records import Rendering
    from medici.studio.icons.model import IconModel

    Grey = NDArray[np.uint8]

STATISTICS = "statistics.safetensors"
# Nine samples of ink or ground, so many native pixels apart: strokes, then gaps, then layout.
_APART = (1, 2, 4)
_WAYS = 1 << 9
_BITS = 256
_INK = 127
_PLAUSIBLE = 25  # percentile of the training icons
_NOWHERE = -(1 << 30)


def patterns(greys: Grey, apart: int) -> NDArray[np.int64]:
    """Which of 512 patterns stands at each place, (n, h, w) uint8 → (n, places)."""
    padded = np.pad(greys > _INK, ((0, 0), (apart, apart), (apart, apart))).astype(np.int64)
    h, w = greys.shape[1:]
    out = np.zeros(greys.shape, np.int64)
    for bit in range(9):
        y, x = bit // 3 * apart, bit % 3 * apart
        out |= padded[:, y : y + h, x : x + w] << bit
    return out.reshape(len(greys), -1)


@dataclass(frozen=True, slots=True)
class Statistics:
    """How often the training icons show each pattern.

    Attributes:
        shares: (3, 512) int16, log2 of each pattern's share among places that are not uniform, in
            1/256 bit, for each distance.
        quantiles: (101,) int32, scores of training icons by percentile.
    """

    shares: NDArray[np.int16]
    quantiles: NDArray[np.int32]

    @classmethod
    def of(cls, greys: Grey) -> Statistics:
        """Count the training icons; one place is added to every pattern, so none is endless."""
        counts = np.stack(
            [np.bincount(patterns(greys, a).ravel(), minlength=_WAYS) for a in _APART]
        ).astype(np.float64)
        counts[:, [0, _WAYS - 1]] = 0
        shares = (counts + 1) / (counts + 1).sum(1, keepdims=True)
        table = np.rint(np.log2(shares) * _BITS).astype(np.int16)
        scores = cls(table, np.zeros(101, np.int32)).scores(greys)
        marks = np.quantile(scores, np.linspace(0, 1, 101), method="lower")
        return cls(table, marks.astype(np.int32))

    def scores(self, greys: Grey) -> NDArray[np.int64]:
        """Mean log2 share over places that are not uniform, in 1/256 bit, summed over distances.

        Args:
            greys: (n, 32, 32) uint8.

        Returns:
            (n,) int64, higher is more plausible; blank icons are lowest.
        """
        total = np.zeros(len(greys), np.int64)
        for table, apart in zip(self.shares.astype(np.int64), _APART, strict=True):
            found = patterns(greys, apart)
            varied = (found > 0) & (found < _WAYS - 1)
            sums = (table[found] * varied).sum(1)
            count = varied.sum(1)
            total += np.where(count > 0, sums // np.maximum(count, 1), _NOWHERE)
        return total

    def save(self, path: Path) -> bytes:
        """Write as safetensors; returns the bytes."""
        from safetensors.numpy import save

        data = save({"shares": self.shares, "quantiles": self.quantiles})
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
            return cls(tensors["shares"], tensors["quantiles"])
        except (SafetensorError, OSError, KeyError) as error:
            raise BadWeights(f"{path} holds no statistics: {error}", "export the model") from error


def unlike(grey: Grey, others: Grey) -> float:
    """Share of the ink of both that is not shared with the most similar other; 1 without others."""
    if not len(others):
        return 1.0
    a, b = grey > _INK, others > _INK
    both, either = (a & b).sum((1, 2)), (a | b).sum((1, 2))
    return float(1 - (both / np.maximum(either, 1)).max())


def judge(
    model: IconModel, candidates: Sequence[Rendering], known: Sequence[Rendering] = ()
) -> list[Judgement]:
    """Quality of each candidate, and novelty against all other candidates and known works.

    Raises:
        BadWeights: the model's statistics are not there.
    """
    drawn, before = greys_of(model, candidates), greys_of(model, known)
    marks = model.statistics.quantiles
    out = []
    for i, score in enumerate(model.statistics.scores(drawn)):
        others = np.concatenate([np.delete(drawn, i, axis=0), before])
        rank = int(np.searchsorted(marks, score, side="right")) / len(marks)
        out.append(Judgement(rank, int(score), unlike(drawn[i], others)))
    return out


def select(
    model: IconModel,
    candidates: Sequence[Rendering],
    keep: int,
    known: Sequence[Rendering] = (),
    least_novelty: float = 0.2,
) -> list[int]:
    """Choose plausible candidates that are unlike each other and unlike known works: indices.

    The most plausible comes first. Then, among those above the lower quarter of the training icons,
    whichever is furthest from everything chosen and known; when these run out or come closer than
    `least_novelty`, the rest in order of plausibility. An exact double is never chosen.
    """
    drawn, before = greys_of(model, candidates), greys_of(model, known)
    scores = model.statistics.scores(drawn)
    nearest = np.array([unlike(grey, before) for grey in drawn])
    plausible = scores >= int(model.statistics.quantiles[_PLAUSIBLE])
    chosen: list[int] = []
    while len(chosen) < min(keep, len(drawn)):
        free = nearest > 0
        free[chosen] = False
        pool = free & (nearest >= least_novelty)
        if chosen and (pool & plausible).any():
            pool &= plausible
            order = np.lexsort((-scores, -nearest))
        else:
            pool = pool if pool.any() else free
            order = np.lexsort((np.arange(len(drawn)), -scores))
        if not pool.any():
            break
        best = next(int(i) for i in order if pool[i])
        chosen.append(best)
        nearest = np.minimum(nearest, [unlike(grey, drawn[best : best + 1]) for grey in drawn])
    return chosen


def greys_of(model: IconModel, works: Sequence[Rendering]) -> Grey:
    """Works before finishing, (n, 32, 32) uint8: colours and sizes do not count."""
    made = [model.greys([work.seed], work.style)[0] for work in works]
    return np.stack(made) if made else np.zeros((0, model.side, model.side), np.uint8)

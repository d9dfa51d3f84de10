"""A filter for candidate icons: how plausible they are, and how unlike each other.

A model with codes judges coherence: how far the codes that an icon is made of lie below the ones
its prior would have liked best, one after the other. A model without is judged by small patterns
of ink and ground, near and further apart. Either way an icon must fill its place about as the
training icons do, since scraps are coherent too. All in integers, so that the same candidates are
kept on every machine.
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
    Numbers = NDArray[np.int64]

STATISTICS = "statistics.safetensors"
# Nine samples of ink or ground, so many native pixels apart: strokes, then gaps, then layout.
_APART = (1, 2, 4)
_WAYS = 1 << 9
_BITS = 256
_INK = 127
_LEAST = 10  # percentile of the training icons that a scrap stays below
# No score reaches so low by itself: what fails a bound ranks below all that does not.
_FAILS = 1 << 24
_COUNTED = 2000


def patterns(greys: Grey, apart: int) -> Numbers:
    """Which of 512 patterns stands at each place, (n, h, w) uint8 → (n, places)."""
    padded = np.pad(greys > _INK, ((0, 0), (apart, apart), (apart, apart))).astype(np.int64)
    h, w = greys.shape[1:]
    out = np.zeros(greys.shape, np.int64)
    for bit in range(9):
        y, x = bit // 3 * apart, bit % 3 * apart
        out |= padded[:, y : y + h, x : x + w] << bit
    return out.reshape(len(greys), -1)


def extents(greys: Grey) -> Numbers:
    """Pixels of ink, rows or columns that it touches (the more, the fewer): (n, 3)."""
    ink = greys > _INK
    rows, columns = ink.any(2).sum(1), ink.any(1).sum(1)
    both = [ink.sum((1, 2)), np.maximum(rows, columns), np.minimum(rows, columns)]
    return np.stack(both, axis=1).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the training icons look like to a model.

    Attributes:
        shares: (3, 512) int16, log2 of each pattern's share among places that are not uniform, in
            1/256 bit, for each distance.
        least: (3,) int32, `extents` that nine in ten training icons reach.
        quantiles: (101,) int32, scores of training icons by percentile.
    """

    shares: NDArray[np.int16]
    least: NDArray[np.int32]
    quantiles: NDArray[np.int32]

    @classmethod
    def of(cls, model: IconModel, greys: Grey, classes: Numbers) -> Statistics:
        """Count training icons, evenly spread over the set when it is large.

        Args:
            model: whose prior judges coherence, if it has one.
            greys: (n, 32, 32) uint8.
            classes: (n,), the look of each.
        """
        some = np.linspace(0, len(greys) - 1, min(len(greys), _COUNTED)).astype(np.int64)
        counts = np.stack(
            [np.bincount(patterns(greys[some], a).ravel(), minlength=_WAYS) for a in _APART]
        ).astype(np.float64)
        counts[:, [0, _WAYS - 1]] = 0
        # One place is added to every pattern, so that none is endlessly rare.
        shares = (counts + 1) / (counts + 1).sum(1, keepdims=True)
        table = np.rint(np.log2(shares) * _BITS).astype(np.int16)
        least = np.percentile(extents(greys[some]), _LEAST, axis=0, method="lower")
        found = cls(table, least.astype(np.int32), np.zeros(101, np.int32))
        scores = found.scores(model, greys[some], classes[some])
        marks = np.quantile(scores, np.linspace(0, 1, 101), method="lower")
        return cls(table, found.least, marks.astype(np.int32))

    def scores(self, model: IconModel, greys: Grey, classes: Numbers) -> Numbers:
        """Plausibility, (n,) int64, higher is better; scraps rank below everything else.

        Args:
            model: whose prior judges coherence, if it has one.
            greys: (n, 32, 32) uint8.
            classes: (n,), the look of each.
        """
        if not len(greys):
            return np.zeros(0, np.int64)
        told = model.coherence(greys, classes) if model.cells else self.familiarity(greys)
        fails = (extents(greys) < self.least).sum(1)
        return np.asarray(told - fails * _FAILS)

    def familiarity(self, greys: Grey) -> Numbers:
        """Mean log2 share over places that are not uniform, in 1/256 bit, summed over distances."""
        total = np.zeros(len(greys), np.int64)
        for table, apart in zip(self.shares.astype(np.int64), _APART, strict=True):
            found = patterns(greys, apart)
            varied = (found > 0) & (found < _WAYS - 1)
            total += (table[found] * varied).sum(1) // np.maximum(varied.sum(1), 1)
        return total

    def save(self, path: Path) -> bytes:
        """Write as safetensors; returns the bytes."""
        from safetensors.numpy import save

        data = save({"shares": self.shares, "least": self.least, "quantiles": self.quantiles})
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
            return cls(tensors["shares"], tensors["least"], tensors["quantiles"])
        except (SafetensorError, OSError, KeyError) as error:
            raise BadWeights(f"{path} holds no statistics: {error}", "export the model") from error


def unlike(grey: Grey, others: Grey) -> float:
    """Share of the ink of both that is not shared with the most similar other; 1 without others."""
    if not len(others):
        return 1.0
    a, b = grey > _INK, others > _INK
    both, either = (a & b).sum((1, 2)), (a | b).sum((1, 2))
    return float(1 - np.where(either > 0, both / np.maximum(either, 1), 1).max())


def judge(
    model: IconModel, candidates: Sequence[Rendering], known: Sequence[Rendering] = ()
) -> list[Judgement]:
    """Quality of each candidate, and novelty against all other candidates and known works.

    Raises:
        BadWeights: the model's statistics are not there.
    """
    (drawn, looks), (before, _) = _drawn(model, candidates), _drawn(model, known)
    marks = model.statistics.quantiles
    out = []
    for i, score in enumerate(model.statistics.scores(model, drawn, looks)):
        others = np.concatenate([np.delete(drawn, i, axis=0), before])
        rank = int(np.searchsorted(marks, score, side="right")) / len(marks)
        out.append(Judgement(rank, int(score), unlike(drawn[i], others)))
    return out


def select(
    model: IconModel,
    candidates: Sequence[Rendering],
    keep: int,
    known: Sequence[Rendering] = (),
    least_novelty: float = 0.25,
) -> list[int]:
    """The most plausible candidates that are unlike each other and known works: indices.

    In order of plausibility, leaving out what is nearer than `least_novelty` to one already chosen
    or known; when that leaves too few, the rest follow in the same order. An exact double is never
    chosen.
    """
    (drawn, looks), (before, _) = _drawn(model, candidates), _drawn(model, known)
    order = np.argsort(-model.statistics.scores(model, drawn, looks), kind="stable").tolist()
    chosen: list[int] = []
    for nearest in (least_novelty, 0.0):
        for i in order:
            if len(chosen) >= keep:
                break
            if i in chosen:
                continue
            gap = unlike(drawn[i], np.concatenate([drawn[chosen], before]))
            if gap > 0 and gap >= nearest:
                chosen.append(int(i))
    return chosen


def _drawn(model: IconModel, works: Sequence[Rendering]) -> tuple[Grey, Numbers]:
    """Works before finishing, (n, 32, 32) uint8, and their looks: colour and size do not count."""
    greys = [model.greys([work.seed], work.style)[0] for work in works]
    looks = [model.looks_of([work.seed], model.parse(work.style).look)[0] for work in works]
    if not greys:
        return np.zeros((0, model.side, model.side), np.uint8), np.zeros(0, np.int64)
    return np.stack(greys), np.array(looks, np.int64)

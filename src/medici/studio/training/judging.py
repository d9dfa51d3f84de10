"""Judging a run on the way: figures against tuning samples, and whether it copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from medici.studio.data.sampling import some
from medici.studio.metrics.distances import compare
from medici.studio.metrics.memorisation import memorisation
from medici.studio.pictures.finish import ground_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from medici.studio.data.sampling import Samples
    from medici.studio.metrics.distances import Extractor
    from medici.studio.training.trainee import Trainee

_KNOWN = 20_000


class Judge(Protocol):
    """Scores weights of a trainee while it trains.

    Attributes:
        metric: the figure by which the best moment is chosen; lower is better.
    """

    metric: str

    def figures(self, trainee: Trainee, which: str) -> Mapping[str, float]:
        """Figures of one of the trainee's averages."""
        ...

    def warnings(self, trainee: Trainee, which: str) -> Sequence[str]:
        """What an artist should be told of these weights: that they copy, for one."""
        ...


class PictureJudge:
    """Feature figures on pictures; the metric is FID.

    Args:
        extractor: of features.
        tune: fresh pictures, none of them trained on.
        train: what is trained on, for the memorisation check.
        n: pictures a side.
    """

    metric = "fid"

    def __init__(self, extractor: Extractor, tune: Samples, train: Samples, n: int = 2000) -> None:
        self.extractor, self.n = extractor, n
        self.fresh = some(tune, n)
        self.real = extractor.features(ground_for(self.fresh, seed=1))
        self.train = some(train, _KNOWN)
        self._made: tuple[object, NDArray[np.uint8]] | None = None

    def figures(self, trainee: Trainee, which: str) -> Mapping[str, float]:
        """FID, KID, precision, recall, density, coverage against the tuning pictures."""
        made = self._samples(trainee, which)
        return compare(self.real, self.extractor.features(ground_for(made, seed=2)))

    def warnings(self, trainee: Trainee, which: str) -> Sequence[str]:
        """Whether samples sit closer to training pictures than to fresh ones."""
        made = self._samples(trainee, which)
        told = memorisation(made, self.train, self.fresh)
        return [str(w) for w in told["warnings"]]

    def _samples(self, trainee: Trainee, which: str) -> NDArray[np.uint8]:
        key = (id(trainee), trainee.step, which)
        if self._made is None or self._made[0] != key:
            self._made = (key, trainee.samples(self.n, which))
        return self._made[1]

"""How good a generator is, honestly: figures on features, always beside a floor and controls."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from medici.errors import WrongUse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Features = NDArray[np.float64]

NEIGHBOURS = 5
_ROWS = 1000


class Extractor(Protocol):
    """Turns pictures into feature vectors; `name` says which, with version and input size."""

    name: str

    def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(n, h, w, 3) uint8 → (n, d) float64."""
        ...


class Normal:
    """The normal distribution that FID puts in place of a feature set, prepared once.

    Args:
        features: (n, d).
    """

    def __init__(self, features: Features) -> None:
        self.mean = features.mean(0)
        self.spread = (features - self.mean) / np.sqrt(len(features) - 1)

    @cached_property
    def factor(self) -> Features:
        """Some L with L Lᵀ = covariance, (d, d)."""
        covariance = self.spread.T @ self.spread
        try:
            return np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:  # features that never vary: slower, but it always works
            values, vectors = np.linalg.eigh(covariance)
            return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))

    def distance(self, other: Normal) -> float:
        """FID. Source: Heusel et al. 2017, eq. 6."""
        gap = self.mean - other.mean
        traces = (self.spread**2).sum() + (other.spread**2).sum()
        return float(gap @ gap + traces - 2 * self._overlap(other))

    def _overlap(self, other: Normal) -> float:
        """The trace of sqrt(C1 C2)."""
        # It is the sum of the singular values of A Bᵀ, where C1 = AᵀA and C2 = BᵀB, whichever
        # factors are taken: the smaller product is squared for its eigenvalues.
        a, b = self.spread, other.spread
        if min(len(a), len(b)) > a.shape[1]:
            product = b @ self.factor
        else:
            product = b @ a.T if len(a) < len(b) else a @ b.T
        values = np.linalg.eigvalsh(product.T @ product)
        return float(np.sqrt(np.maximum(values, 0)).sum())


def frechet_distance(real: Features, made: Features) -> float:
    """FID between two feature sets, (n, d) and (m, d)."""
    return Normal(real).distance(Normal(made))


def kernel_distance(real: Features, made: Features) -> float:
    """Unbiased squared MMD with the cubic kernel (KID). Source: Bińkowski et al. 2018, eq. 4."""
    n, m = len(real), len(made)
    within_real = (_kernel_sum(real, real) - _cubic((real**2).sum(1), real).sum()) / (n * (n - 1))
    within_made = (_kernel_sum(made, made) - _cubic((made**2).sum(1), made).sum()) / (m * (m - 1))
    return float(within_real + within_made - 2 * _kernel_sum(real, made) / (n * m))


def _cubic(products: Features, of: Features) -> Features:
    return np.asarray((products / of.shape[1] + 1) ** 3)


def _kernel_sum(a: Features, b: Features) -> float:
    return float(sum(_cubic(a[part] @ b.T, a).sum() for part in _parts(len(a))))


def _parts(n: int) -> list[slice]:
    """Rows in parts, so that memory stays flat however many works there are."""
    return [slice(i, i + _ROWS) for i in range(0, n, _ROWS)]


def neighbourhood_scores(real: Features, made: Features, k: int = NEIGHBOURS) -> dict[str, float]:
    """Precision, recall, density and coverage with k-nearest-neighbour balls.

    Source: Kynkäänniemi et al. 2019 (precision, recall); Naeem et al. 2020 (density, coverage).

    Raises:
        WrongUse: a set is not larger than k.
    """
    if min(len(real), len(made)) <= k:
        raise WrongUse(f"neighbourhood scores need more than {k} pictures on each side")
    radius_real, radius_made = _radii(real, k), _radii(made, k)
    balls = np.zeros(len(made))
    found = covered = 0
    for part in _parts(len(real)):
        across = distances(real[part], made)
        radius = radius_real[part]
        balls += (across <= radius[:, None]).sum(0)
        found += int((across <= radius_made[None]).any(1).sum())
        covered += int((across.min(1) <= radius).sum())
    return {
        "precision": float((balls > 0).mean()),
        "recall": found / len(real),
        "density": float(balls.mean() / k),
        "coverage": covered / len(real),
    }


def _radii(points: Features, k: int) -> Features:
    """Each point's distance to its k-th neighbour; the point itself is not counted."""
    parts = [
        np.partition(distances(points[part], points), k, axis=1)[:, k]
        for part in _parts(len(points))
    ]
    return np.concatenate(parts)


def distances(a: Features, b: Features) -> Features:
    """Euclidean distances, (n, d) and (m, d) → (n, m)."""
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


def compare(real: Features, made: Features, known: Normal | None = None) -> dict[str, float]:
    """All feature figures of one set against another.

    Args:
        real: (n, d).
        made: (m, d).
        known: of `real`, if it is compared more than once.
    """
    return {
        "fid": (known or Normal(real)).distance(Normal(made)),
        "kid": kernel_distance(real, made),
        **neighbourhood_scores(real, made),
    }

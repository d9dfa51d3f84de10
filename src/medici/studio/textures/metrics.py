"""How good a texture is: its seam, its statistics, and its crops beside real ones.

Figures stand beside what real material scores against itself (*floor*) and beside controls that
must look bad. Source: spectra and correlations, Portilla and Simoncelli 2000; FID over crops, as
Bergmann et al. 2017 compare textures by patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medici.studio.metrics.distances import Extractor

CROP = 96
_RINGS = 48
_BINS = 64
_LAG = 32
_REACH = 4


def seam_ratio(pixels: NDArray[np.uint8]) -> dict[str, float]:
    """Step across the edges that meet when a texture is tiled, over the step between neighbours.

    Args:
        pixels: (h, w) or (h, w, c) uint8.

    Returns:
        ``down`` (the last row beside the first) and ``across`` (the last column beside the
        first): mean absolute difference, over the mean of the same at all inner borders; 1 is no
        seam at all. ``down_rank`` and ``across_rank``: the share of inner borders with a smaller
        step, which says whether a border so strong is ordinary in this texture.

    Raises:
        WrongUse: less than two pixels a side.
    """
    values = pixels.astype(np.int16)
    if min(values.shape[:2]) < 2:
        raise WrongUse(f"a seam needs at least two pixels a side, not {values.shape[:2]}")
    told = {}
    for name, axis in (("down", 0), ("across", 1)):
        steps = np.abs(np.roll(values, -1, axis) - values)
        others = tuple(i for i in range(steps.ndim) if i != axis)
        border = steps.mean(others)
        inner = float(border[:-1].mean())
        told[name] = float(border[-1] / inner) if inner else float(border[-1] > 0) + 1.0
        told[f"{name}_rank"] = float((border[:-1] < border[-1]).mean())
    return told


def seam_excess(textures: Sequence[NDArray[np.uint8]]) -> float:
    """By how much tiling's borders step more (or less) than inner ones, over several textures.

    One border of one texture differs from the next by chance (a mortar line or none): the mean
    over textures and both directions is what must be near 0. 0.05 is 5 %.
    """
    outer = inner = 0.0
    for pixels in textures:
        values = pixels.astype(np.int16)
        for axis in (0, 1):
            steps = np.abs(np.roll(values, -1, axis) - values)
            border = steps.mean(tuple(i for i in range(steps.ndim) if i != axis))
            outer += float(border[-1])
            inner += float(border[:-1].mean())
    return outer / inner - 1 if inner else float(outer > 0)


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a texture looks like from afar.

    Attributes:
        histogram: (64,) shares of grey levels.
        spectrum: (48,) log power in rings of spatial frequency, of unit variance.
        correlation: (33, 65) normalised autocorrelation up to 32 pixels.
    """

    histogram: NDArray[np.float64]
    spectrum: NDArray[np.float64]
    correlation: NDArray[np.float64]


def statistics(pixels: NDArray[np.uint8]) -> Statistics:
    """Statistics of one texture, (h, w, c) uint8, at least 64 pixels a side.

    Raises:
        WrongUse: it is smaller.
    """
    if min(pixels.shape[:2]) < 2 * _LAG:
        raise WrongUse(f"statistics need {2 * _LAG} pixels a side, not {pixels.shape[:2]}")
    grey = pixels.astype(np.float64).mean(-1)
    histogram = np.histogram(grey, _BINS, (0, 256))[0] / grey.size
    flat = (grey - grey.mean()) / max(float(grey.std()), 1e-9)
    # Sources do not tile: a window keeps their edges out of the spectrum.
    window = np.hanning(grey.shape[0])[:, None] * np.hanning(grey.shape[1])
    power = np.abs(np.fft.fft2(flat * window)) ** 2 / (window**2).sum()
    down, across = np.fft.fftfreq(grey.shape[0])[:, None], np.fft.fftfreq(grey.shape[1])[None]
    ring = np.minimum(np.hypot(down, across) * 2 * _RINGS, _RINGS).astype(int)
    counts = np.bincount(ring.ravel(), minlength=_RINGS + 1)[:_RINGS]
    sums = np.bincount(ring.ravel(), power.ravel(), _RINGS + 1)[:_RINGS]
    spectrum = np.log10(sums / np.maximum(counts, 1) + 1e-6)
    return Statistics(histogram, spectrum, _correlation(flat))


def _correlation(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of pixels with those up to 32 pixels off, without wrapping round the edge."""
    h, w = flat.shape
    size = (2 * h, 2 * w)
    raw = np.fft.irfft2(np.abs(np.fft.rfft2(flat, size)) ** 2, size)
    counts = np.fft.irfft2(np.abs(np.fft.rfft2(np.ones((h, w)), size)) ** 2, size)
    whole = raw / np.maximum(counts, 1)
    return np.concatenate([whole[: _LAG + 1, -_LAG:], whole[: _LAG + 1, : _LAG + 1]], axis=1)


def distances(a: Statistics, b: Statistics) -> dict[str, float]:
    """Between two textures: 0 for the same.

    Returns:
        ``histogram``: earth mover's distance in grey levels. ``spectrum``: root mean square over
        rings, in decades. ``correlation``: root mean square over lags.
    """
    cumulative = np.abs(np.cumsum(a.histogram - b.histogram)).sum() * 256 / _BINS
    return {
        "histogram": float(cumulative),
        "spectrum": float(np.sqrt(np.mean((a.spectrum - b.spectrum) ** 2))),
        "correlation": float(np.sqrt(np.mean((a.correlation - b.correlation) ** 2))),
    }


def unlike(a: Statistics, b: Statistics) -> float:
    """One figure for a search: the three distances, each over what is large for it."""
    told = distances(a, b)
    return told["histogram"] / 20 + told["spectrum"] / 0.5 + told["correlation"] / 0.1


def average(many: Sequence[Statistics]) -> Statistics:
    """Mean statistics of several textures of one material."""
    return Statistics(
        np.mean([s.histogram for s in many], 0),
        np.mean([s.spectrum for s in many], 0),
        np.mean([s.correlation for s in many], 0),
    )


def between(
    a: Sequence[NDArray[np.uint8]], b: Sequence[NDArray[np.uint8]], side: int
) -> dict[str, float]:
    """Distances between the mean statistics of two groups of pictures, cut into squares."""
    means = [average([statistics(c) for p in group for c in tiles(p, side)]) for group in (a, b)]
    return distances(*means)


def tiles(picture: NDArray[np.uint8], side: int) -> list[NDArray[np.uint8]]:
    """As many squares as fit beside each other, at most so large."""
    side = min(side, *picture.shape[:2])
    h, w = picture.shape[0] // side, picture.shape[1] // side
    return [
        picture[y * side : (y + 1) * side, x * side : (x + 1) * side]
        for y in range(h)
        for x in range(w)
    ]


def three(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey picture, (h, w, 1), with three equal planes; one in colour as it is."""
    return np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))


def crops(pictures: Sequence[NDArray[np.uint8]], count: int, seed: int) -> NDArray[np.uint8]:
    """Random crops, (count, 96, 96, 3) uint8; grey ones get three equal planes.

    Raises:
        WrongUse: a picture is smaller than a crop.
    """
    random = np.random.default_rng(seed)
    out = np.empty((count, CROP, CROP, 3), np.uint8)
    for i in range(count):
        picture = pictures[int(random.integers(len(pictures)))]
        if min(picture.shape[:2]) < CROP:
            raise WrongUse(f"crops need {CROP} pixels a side, not {picture.shape[:2]}")
        top = int(random.integers(picture.shape[0] - CROP + 1))
        left = int(random.integers(picture.shape[1] - CROP + 1))
        out[i] = picture[top : top + CROP, left : left + CROP]
    return out


def halves(pictures: Sequence[NDArray[np.uint8]]) -> tuple[list[Any], list[Any]]:
    """Left and right halves: the floor is what one half of a material scores against the other."""
    left = [p[:, : p.shape[1] // 2] for p in pictures]
    right = [p[:, p.shape[1] // 2 :] for p in pictures]
    return left, right


def patch_rows(
    real: Sequence[NDArray[np.uint8]],
    made: Sequence[NDArray[np.uint8]],
    extractor: Extractor,
    count: int = 500,
) -> dict[str, dict[str, float]]:
    """FID, KID and neighbourhood scores over crops, with floor and controls.

    Row ``floor`` is one half of the real pictures against the other half (they share no pixel, and
    differ as any two stretches of a wall do); ``shuffled`` is real crops cut into 8×8 blocks in
    random order (right colours, no structure); ``noise`` is real crops with noise of σ 24;
    ``collapse`` is one made crop over and over.
    """
    from medici.studio.metrics.distances import compare

    fresh = crops(real, count, 1)
    features = extractor.features(fresh)
    ours = crops(made, count, 2)
    left, right = halves(real)
    random = np.random.default_rng(4)
    noisy = np.clip(np.rint(fresh + random.normal(0, 24, fresh.shape)), 0, 255).astype(np.uint8)
    one = extractor.features(ours[:_REACH])
    return {
        "model": compare(features, extractor.features(ours)),
        "floor": compare(
            extractor.features(crops(left, count, 5)), extractor.features(crops(right, count, 6))
        ),
        "shuffled": compare(features, extractor.features(shuffled(fresh, random))),
        "noise": compare(features, extractor.features(noisy)),
        "collapse": compare(features, np.resize(one, (count, one.shape[1]))),
    }


def shuffled(
    pictures: NDArray[np.uint8], random: np.random.Generator, side: int = 8
) -> NDArray[np.uint8]:
    """Each picture's blocks in random order; (n, h, w, c), whole blocks a side."""
    n, h, w, c = pictures.shape
    blocks = pictures.reshape(n, h // side, side, w // side, side, c).swapaxes(2, 3)
    flat = blocks.reshape(n, -1, side, side, c)
    mixed = np.stack([b[random.permutation(len(b))] for b in flat])
    whole = mixed.reshape(n, h // side, w // side, side, side, c).swapaxes(2, 3)
    return whole.reshape(n, h, w, c)

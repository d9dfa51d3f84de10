"""The curator: which of a round's candidates are good and new enough to be proven and sold.

Greedy: the best candidate is taken, then each next is the one whose quality and whose distance from
everything taken before, and from the firm's earlier works, are highest together. So a round never
offers the same face twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NOVELTY_FLOOR = 0.02
"""Least mean distance (1 is black against white) from every work taken before."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate that was kept.

    Attributes:
        index: its place among the candidates.
        quality: what the model's own judge said, higher is better.
        novelty: distance from the nearest work taken before, in [0, 1].
    """

    index: int
    quality: float
    novelty: float


def thumbnail(pixels: NDArray[np.uint8], side: int = 16) -> NDArray[np.float64]:
    """The picture as side × side × 4 means in [0, 1]; the space in which novelty is measured.

    Args:
        pixels: (h, w, 4) uint8, both sizes at least `side`.
        side: blocks across and down.
    """
    height, width = (pixels.shape[0] // side * side, pixels.shape[1] // side * side)
    blocks = pixels[:height, :width].reshape(side, height // side, side, width // side, 4)
    means: NDArray[np.float64] = blocks.mean(axis=(1, 3)) / 255.0
    return means


def choose(
    pictures: Sequence[NDArray[np.uint8]],
    qualities: Sequence[float],
    count: int,
    earlier: Sequence[NDArray[np.uint8]] = (),
    weight: float = 1.0,
) -> list[Choice]:
    """Keep at most `count` candidates, best first.

    Args:
        pictures: the candidates, (h, w, 4) uint8 each.
        qualities: one figure a candidate, higher is better; only their ranks count.
        count: how many to keep; fewer are kept when the rest are too like what was taken.
        earlier: works of former rounds, to be kept away from.
        weight: how much novelty counts against quality.
    """
    if not pictures:
        return []
    thumbs = np.stack([thumbnail(p).ravel() for p in pictures])
    ranks = np.argsort(np.argsort(np.asarray(qualities), kind="stable"), kind="stable")
    rank = ranks / max(len(pictures) - 1, 1)
    distance = np.full(len(pictures), 1.0)
    for picture in earlier:
        distance = np.minimum(distance, np.abs(thumbs - thumbnail(picture).ravel()).mean(axis=1))
    chosen: list[Choice] = []
    while len(chosen) < count:
        score = np.where(distance >= NOVELTY_FLOOR, rank + weight * np.sqrt(np.abs(distance)), -1.0)
        best = int(np.argmax(score))
        if score[best] < 0:
            break
        chosen.append(Choice(best, float(qualities[best]), float(distance[best])))
        distance = np.minimum(distance, np.abs(thumbs - thumbs[best]).mean(axis=1))
        distance[best] = -1.0
    return chosen

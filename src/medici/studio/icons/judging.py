"""Figures of icon models: finished icons on paper, beside floor and controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.icons.finish import coverage, paint
from medici.studio.metrics.measure import picture_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.icons.data import IconSet
    from medici.studio.icons.model import IconModel
    from medici.studio.metrics.distances import Extractor
    from medici.studio.metrics.measure import Measuring
    from medici.studio.metrics.table import Table

INK, PAPER = (17, 24, 39), (255, 255, 255)
# 32 native pixels become the 96 that the default extractor takes.
SCALE = 3


def as_judged(greys: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Icons as they are judged: finished, ink on paper, (n, 32, 32) → (n, 96, 96, 4) uint8."""
    return np.stack([paint(coverage(grey, SCALE), INK, PAPER) for grey in greys])


class Judged:
    """A set of real icons as the metrics room takes it."""

    def __init__(self, icons: IconSet) -> None:
        self.pixels, self.names, self.root = as_judged(icons.pixels), icons.names, str(icons.root)


def icon_table(
    model: IconModel,
    train: IconSet,
    judge: IconSet,
    how: Measuring,
    extractor: Extractor | None = None,
) -> Table:
    """Figures of samples of seeds 0 and up, all rows at the same n.

    Args:
        model: to be judged.
        train: what it was trained on.
        judge: fresh icons, seen by nothing before.
        how: n, style, extractor's name, cache.
        extractor: used instead of the named one.

    Raises:
        WrongUse: too few icons.
        BadStyle: the style cannot be used.
    """
    from medici.studio.metrics import extractors

    if extractor is None:
        extractor = extractors.extractor(how.extractor or extractors.DEFAULT)
    n = min(how.n, len(judge.pixels), len(train.pixels))
    style = model.parse(how.style).as_json()
    return picture_table(
        as_judged(model.greys(range(n), how.style)),
        Judged(train),
        Judged(judge),
        extractor,
        n=n,
        cache=how.cache,
        about={"style": {**style, "scale": SCALE}},
    )

"""Named directions of a model's latent space: where pictures with glasses lie, seen from the rest.

With labels a direction is the difference of two means; without, the first principal components
(GANSpace, Härkönen et al. 2020).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from medici.studio.exact.network import HIGHEST, LOWEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Step = NDArray[np.int16]

_LEAST, _MOST_SHARE = 0.01, 0.99
_VALUES, _MOST, _COMPONENTS = 4, 24, 8
_ABSENT = "none"
# Chosen by the drawing programme but not seen in the picture.
_UNSEEN = ("backgroundType", "backgroundRotation")


def named(mapped: NDArray[np.float64], labels: Sequence[Mapping[str, str]]) -> dict[str, Step]:
    """Directions from labelled pictures.

    Args:
        mapped: (n, M) mapped latents in Q10 of the pictures.
        labels: attributes of the same pictures, in order; a missing key is an absent attribute.

    Returns:
        name → (M,) step in Q10 from the pictures without to those with: ``glasses`` for an
        attribute that can be absent, ``hair:long01`` for the commonest values of others.
    """
    out: dict[str, Step] = {}
    for name, has in _questions(labels):
        if _LEAST <= has.mean() <= _MOST_SHARE and len(out) < _MOST:
            out[name] = _whole(mapped[has].mean(0) - mapped[~has].mean(0))
    return out


def _questions(labels: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yes-or-no questions about every picture: presence first, then each attribute's values.

    The colour of what may be absent is left out: it is drawn for pictures that do not show it.
    """
    keys = sorted({k for row in labels for k in row if k not in _UNSEEN})
    columns = {k: np.array([str(row.get(k, _ABSENT)) for row in labels]) for k in keys}
    optional = [k for k in keys if (columns[k] == _ABSENT).any()]
    for key in optional:
        yield key, columns[key] != _ABSENT
    hidden = {f"{key}Color" for key in optional}
    others = [k for k in keys if k not in hidden and k not in optional]
    common = {k: Counter(columns[k].tolist()).most_common(_VALUES) for k in others}
    for rank in range(_VALUES):
        for key in others:
            if rank < len(common[key]):
                value = common[key][rank][0]
                yield f"{key}:{value}", columns[key] == value


def components(mapped: NDArray[np.float64], most: int = _COMPONENTS) -> dict[str, Step]:
    """Directions without labels: (n, M) → ``component-1`` …, two standard deviations long."""
    centred = mapped - mapped.mean(0)
    _, spread, rows = np.linalg.svd(centred, full_matrices=False)
    scale = 2 / np.sqrt(max(len(mapped) - 1, 1))
    # The sign of a component is arbitrary; its largest number is made positive.
    signs = np.sign(rows[np.arange(len(rows)), np.abs(rows).argmax(1)])
    steps = rows * (signs * spread * scale)[:, None]
    return {f"component-{i + 1}": _whole(step) for i, step in enumerate(steps[:most])}


def _whole(step: NDArray[np.float64]) -> Step:
    return np.clip(np.rint(step), LOWEST, HIGHEST).astype(np.int16)

"""Projection: the codes whose picture is nearest to a given one, found without gradients.

Exact renderings are cheap, so they are simply compared: the best of many drawn pictures first, then
one code after the other is set to whichever level comes nearest, until none helps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.errors import WrongUse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.pictures.model import PictureModel

_DRAWN = 2048
_STARTS = 4
_SWEEPS = 6


def project(model: PictureModel, picture: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Codes of the nearest picture that coordinate descent finds.

    Args:
        model: one with codes.
        picture: (side, side, 4) uint8 with hard alpha.

    Returns:
        (codes,) int64.

    Raises:
        WrongUse: the model has no codes, or the picture another size.
    """
    if not model.codes:
        raise WrongUse("a model without codes cannot be projected onto")
    if picture.shape != (model.side, model.side, 4):
        raise WrongUse(f"the picture is {picture.shape}, not of side {model.side}")
    style = model.parse({"ground": "transparent"})
    tokens = np.concatenate([model.tokens(range(i, i + 512), style) for i in range(0, _DRAWN, 512)])
    order = np.argsort(distances(model, tokens, picture), kind="stable")[:_STARTS]
    found = [_descend(model, tokens[start], picture) for start in order]
    return min(found, key=lambda pair: pair[1])[0]


def distances(
    model: PictureModel, tokens: NDArray[np.int64], picture: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Sum of squared differences of premultiplied colours and alpha, (n, codes) → (n,)."""
    style = model.parse({"ground": "transparent"})
    out = []
    for start in range(0, len(tokens), 256):
        h = model.map(model.levels[tokens[start : start + 256]])
        made = model.paint(h, style, np.zeros(len(h), np.uint8)).astype(np.int64)
        gaps = made - picture.astype(np.int64)
        out.append((gaps * gaps).sum((1, 2, 3)))
    return np.concatenate(out)


def _descend(
    model: PictureModel, start: NDArray[np.int64], picture: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], int]:
    best = start.copy()
    least = int(distances(model, best[None], picture)[0])
    levels = len(model.levels)
    for _ in range(_SWEEPS):
        before = least
        # All single changes at once; the best is taken, then tried again from there.
        tries = np.repeat(best[None], model.codes * levels, 0)
        places = np.repeat(np.arange(model.codes), levels)
        tries[np.arange(len(tries)), places] = np.tile(np.arange(levels), model.codes)
        gaps = distances(model, tries, picture)
        for which in np.argsort(gaps, kind="stable")[: model.codes // 2]:
            if gaps[which] >= before:
                break
            changed = best.copy()
            changed[places[which]] = tries[which, places[which]]
            gap = int(distances(model, changed[None], picture)[0])
            if gap < least:
                best, least = changed, gap
        if least == before:
            break
    return best, least

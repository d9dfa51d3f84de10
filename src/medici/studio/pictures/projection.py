"""Projection: the codes whose picture is nearest to a given one, found without gradients.

Exact renderings are cheap, so they are simply compared: the best of many drawn pictures first, then
one code after the other is set to whichever level comes nearest, until none helps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.errors import WrongUse
from medici.studio.making.colours import to_hex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.pictures.model import PictureModel

    Picture = NDArray[np.uint8]

_DRAWN = 2048
_STARTS = 4
_SWEEPS = 6
# Squared distance of colours up to which a pixel belongs to the ground beside it: JPEG's noise.
_ALIKE = 1200


def project(model: PictureModel, picture: Picture) -> tuple[NDArray[np.int64], str | None]:
    """Codes of the nearest picture that coordinate descent finds, and the ground it stands on.

    A model that leaves its ground open is shown opaque pictures without theirs: the colour of the
    border, where it reaches in from the border or wherever it is, whichever comes nearer.

    Args:
        model: one with codes.
        picture: (side, side, 4) uint8 with hard alpha.

    Returns:
        (codes,) int64; the colour of the ground that was taken away, or None.

    Raises:
        WrongUse: the model has no codes, or the picture another size.
    """
    if not model.codes:
        raise WrongUse("a model without codes cannot be projected onto")
    if picture.shape != (model.side, model.side, 4):
        raise WrongUse(f"the picture is {picture.shape}, not of side {model.side}")
    shown, ground = [picture], None
    if model.transparent and (picture[..., 3] == 255).all():
        ground, *shown = _cut_out(picture)
    style = model.parse({"ground": "transparent"})
    tokens = np.concatenate([model.tokens(range(i, i + 512), style) for i in range(0, _DRAWN, 512)])
    made = _drawn(model, tokens)
    gaps = [_gaps(made, one) for one in shown]
    best = int(np.argmin([gap.min() for gap in gaps]))
    order = np.argsort(gaps[best], kind="stable")[:_STARTS]
    found = [_descend(model, tokens[start], shown[best]) for start in order]
    return min(found, key=lambda pair: pair[1])[0], ground


def distances(
    model: PictureModel, tokens: NDArray[np.int64], picture: Picture
) -> NDArray[np.int64]:
    """Sum of squared differences of premultiplied colours and alpha, (n, codes) → (n,)."""
    return _gaps(_drawn(model, tokens), picture)


def _drawn(model: PictureModel, tokens: NDArray[np.int64]) -> Picture:
    """Pictures of codes on no ground, (n, codes) → (n, side, side, 4) uint8."""
    style = model.parse({"ground": "transparent"})
    return np.concatenate(
        [
            model.paint(model.map(model.levels[part]), style, np.zeros(len(part), np.uint8))
            for part in np.array_split(tokens, len(tokens) // 256 + 1)
        ]
    )


def _gaps(made: Picture, picture: Picture) -> NDArray[np.int64]:
    out = np.empty(len(made), np.int64)
    for i, one in enumerate(made):
        gap = one.astype(np.int64) - picture
        out[i] = (gap * gap).sum()
    return out


def _cut_out(picture: Picture) -> tuple[str, Picture, Picture]:
    """The border's commonest colour, and the picture without it: at the border, and everywhere."""
    edge = np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]])[:, :3]
    colours, counts = np.unique(edge, axis=0, return_counts=True)
    ground = colours[counts.argmax()]
    gaps = picture[..., :3].astype(np.int64) - ground
    alike = (gaps * gaps).sum(-1) <= _ALIKE
    inside = np.pad(alike, 1, constant_values=True)
    reached = np.zeros_like(inside)
    reached[[0, -1]] = reached[:, [0, -1]] = True
    while True:
        near = reached.copy()
        near[1:] |= reached[:-1]
        near[:-1] |= reached[1:]
        near[:, 1:] |= reached[:, :-1]
        near[:, :-1] |= reached[:, 1:]
        near &= inside
        if (near == reached).all():
            break
        reached = near
    at_border, everywhere = picture.copy(), picture.copy()
    at_border[reached[1:-1, 1:-1]] = 0
    everywhere[alike] = 0
    return to_hex(ground), at_border, everywhere


def _descend(
    model: PictureModel, start: NDArray[np.int64], picture: Picture
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

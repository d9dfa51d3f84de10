"""Projection: the latents whose picture is nearest to a given one, found without gradients.

Exact renderings are cheap, so they are simply compared: the best of many drawn pictures first. Then
codes are set one after the other to whichever level comes nearest, until none helps; normals are
searched by an evolution strategy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import MissingPart, WrongUse
from medici.studio.making.colours import to_hex
from medici.studio.pictures.style import write_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.pictures.model import PictureModel

    Picture = NDArray[np.uint8]

_DRAWN = 2048
_STARTS = 4
_SWEEPS = 6
# Evolution of normals: pictures of a generation, generations, and its first step in standard
# deviations.
_BROOD, _GENERATIONS, _STEP = 64, 160, 0.5
_UNIT = 256  # sums of twelve bytes in one standard deviation
# Squared distance of colours up to which a pixel belongs to the ground beside it: JPEG's noise.
_ALIKE = 1200


def project(model: PictureModel, picture: Picture) -> dict[str, Any]:
    """The style of the nearest picture that is found: codes, and the class and ground they are of.

    A model that leaves its ground open is shown opaque pictures without theirs: the colour of the
    border, where it reaches in from the border or wherever it is, whichever comes nearer.

    Args:
        model: whose latents are searched.
        picture: (side, side, 4) uint8 with hard alpha.

    Raises:
        MissingPart: the search among normals needs a library that is not there.
        WrongUse: the picture has another size.
    """
    if picture.shape != (model.side, model.side, 4):
        raise WrongUse(f"the picture is {picture.shape}, not of side {model.side}")
    shown, ground = [picture], None
    if model.transparent and (picture[..., 3] == 255).all():
        ground, *shown = _cut_out(picture)
    style = model.parse(_bare(model))
    parts = [range(i, i + 512) for i in range(0, _DRAWN, 512)]
    numbers = np.concatenate([model.tokens(part, style) for part in parts])
    kinds = np.concatenate([model.kinds(part, style) for part in parts])
    made = _drawn(model, numbers, kinds)
    gaps = [_gaps(made, one) for one in shown]
    best = int(np.argmin([gap.min() for gap in gaps]))
    order = np.argsort(gaps[best], kind="stable")[:_STARTS]
    found: dict[str, Any] = {}
    if model.codes:
        ends = [_descend(model, numbers[start], shown[best]) for start in order]
        nearest = min(ends, key=lambda pair: pair[1])[0]
    else:
        kind = int(kinds[order[0]])
        nearest = _evolve(model, numbers[order[0]], kind, shown[best])
        found["psi"] = 1.0
        if model.classes:
            found["class"] = model.classes[kind]
    found["codes"] = write_codes(nearest.tolist(), model.steps)
    return found if ground is None else {**found, "ground": ground}


def distances(
    model: PictureModel, numbers: NDArray[np.int64], picture: Picture, kind: int = 0
) -> NDArray[np.int64]:
    """Sum of squared differences of premultiplied colours and alpha, (n, codes) → (n,)."""
    return _gaps(_drawn(model, numbers, np.full(len(numbers), kind)), picture)


def _bare(model: PictureModel) -> dict[str, Any]:
    return {"psi": 1.0, **({"ground": "transparent"} if model.transparent else {})}


def _drawn(model: PictureModel, numbers: NDArray[np.int64], kinds: NDArray[np.int64]) -> Picture:
    """Pictures of codes on no ground, (n, codes) → (n, side, side, 4) uint8."""
    style = model.parse(_bare(model))
    parts = len(numbers) // (256 if model.side <= 32 else 16) + 1
    return np.concatenate(
        [
            model.paint(model.map(model.placed(*part)), style, np.zeros(len(part[0]), np.uint8))
            for part in zip(
                np.array_split(numbers, parts), np.array_split(kinds, parts), strict=True
            )
        ]
    )


def _gaps(made: Picture, picture: Picture) -> NDArray[np.int64]:
    out = np.empty(len(made), np.int64)
    for i, one in enumerate(made):
        gap = one.astype(np.int64) - picture
        out[i] = (gap * gap).sum()
    return out


def _evolve(
    model: PictureModel, start: NDArray[np.int64], kind: int, picture: Picture
) -> NDArray[np.int64]:
    """The best sums that separable CMA-ES finds, beginning with `start`.

    Source: Ros & Hansen 2008, A Simple Modification in CMA-ES Achieving Linear Time and Space
    Complexity.
    """
    try:
        import cma
    except ImportError as error:
        raise MissingPart(
            "projection onto a model without codes needs cma, which is not installed",
            "pip install 'medici[train]'",
        ) from error
    middle = model.steps // 2
    random = np.random.default_rng(0)
    search = cma.CMAEvolutionStrategy(
        (start - middle) / _UNIT,
        _STEP,
        {
            "CMA_diagonal": True,
            "popsize": _BROOD,
            "verbose": -9,
            # The same picture gives the same codes, and numpy's own state stays as it is.
            "seed": np.nan,
            "randn": lambda *shape: random.standard_normal(shape),
        },
    )
    best, least = start, int(distances(model, start[None], picture, kind)[0])
    for _ in range(_GENERATIONS):
        asked = search.ask()
        tries = np.rint(np.array(asked) * _UNIT).astype(np.int64) + middle
        gaps = distances(model, tries := tries.clip(0, model.steps - 1), picture, kind)
        search.tell(asked, gaps.astype(np.float64).tolist())
        if gaps.min() < least:
            best, least = tries[int(gaps.argmin())], int(gaps.min())
        if not least or search.stop():
            break
    return np.asarray(best)


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

"""Palette snapping for generators that make plain RGB: the ways tried, all on equal terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from medici.studio.data.folder import common_colours
from medici.studio.pictures.finish import GROUNDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pictures = NDArray[np.uint8]


def palette_of(pixels: Pictures, most: int) -> Pictures:
    """The commonest opaque colours of the training pictures and the grounds, (k, 3) uint8."""
    both = np.concatenate([np.array(GROUNDS, np.uint8), common_colours(pixels, most)])
    return np.unique(both, axis=0)


def nearest(pictures: Pictures, palette: Pictures) -> Pictures:
    """Every pixel becomes its nearest palette colour."""
    return palette[_indices(pictures, palette)]


def _indices(pictures: Pictures, palette: Pictures) -> NDArray[np.intp]:
    marks = palette.astype(np.float32)
    flat = pictures.reshape(-1, 3).astype(np.float32)
    parts = [
        ((marks**2).sum(1) - 2 * x @ marks.T).argmin(1)
        for x in np.array_split(flat, len(flat) // 50_000 + 1)
    ]
    return np.concatenate(parts).reshape(pictures.shape[:-1])


def commonest(pictures: Pictures, palette: Pictures, colours: int) -> Pictures:
    """Snap to the palette, then keep each picture's commonest colours only."""
    chosen = _indices(pictures, palette)
    out = np.empty_like(pictures)
    for i, (picture, where) in enumerate(zip(pictures, chosen, strict=True)):
        counts = np.bincount(where.ravel(), minlength=len(palette))
        kept = palette[np.argsort(-counts, kind="stable")[: min(colours, (counts > 0).sum())]]
        out[i] = nearest(picture, kept)
    return out


def k_means(pictures: Pictures, palette: Pictures, colours: int) -> Pictures:
    """Each picture's k-means colours (Pillow's), each snapped to the palette."""
    out = np.empty_like(pictures)
    for i, picture in enumerate(pictures):
        quantised = Image.fromarray(picture).quantize(
            colours, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE
        )
        own = np.array(quantised.getpalette(), np.uint8).reshape(-1, 3)
        out[i] = nearest(own, palette)[np.asarray(quantised)]
    return out


WAYS = (
    "12 by k-means",
    "16 by k-means",
    "20 by k-means",
    "12 commonest",
    "16 commonest",
    "all of 64",
    "all of 256",
)


def finished(pictures: Pictures, train: Pictures, way: str) -> Pictures:
    """The pictures finished in one of `WAYS`, (n, h, w, 3) uint8."""
    colours, _, how = way.partition(" ")
    if colours == "all":
        return nearest(pictures, palette_of(train, int(how.removeprefix("of "))))
    finish = k_means if how == "by k-means" else commonest
    return finish(pictures, palette_of(train, 64), int(colours))

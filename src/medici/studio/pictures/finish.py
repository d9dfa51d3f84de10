"""From slots to the pixels of the file, in integers: colours, ground, exact enlargement.

docs/spec/exact-renderer.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.studio.exact.network import ONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Grounds that an export writes into the header of a model with transparent pictures.
GROUNDS: tuple[tuple[int, int, int], ...] = (
    (0xB6, 0xE3, 0xF4),
    (0xC0, 0xAE, 0xDE),
    (0xD1, 0xD4, 0xF9),
    (0xFF, 0xD5, 0xDC),
    (0xFF, 0xDF, 0xBF),
    (0xCF, 0xEB, 0xD3),
    (0xF3, 0xEA, 0xD3),
    (0x2B, 0x3A, 0x55),
)
# A slot counts for the choice of ground when so many of its pixels touch the ground, and stands
# out from it when the squared distance of the colours is at least this.
_TOUCHING = 6
_CONTRAST = 3000
# Least overlap, in 2^-20, at which a slot takes the colour of another picture's.
_ALIKE = 1 << 16


def snap(colours: NDArray[np.int64], palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Nearest palette colour of each slot, first of equals.

    Args:
        colours: (n, slots, 3) Q10, where -1 is black and 1 is full light.
        palette: (k, 3) uint8.

    Returns:
        (n, slots, 3) uint8.
    """
    # Scaled by 255 · 1024, so that neither side is ever rounded.
    marks = ONE * (2 * palette.astype(np.int64) - 255)
    gaps = 255 * colours[:, :, None] - marks
    return np.asarray(palette[(gaps * gaps).sum(-1).argmin(-1)])


def smooth(scores: NDArray[Any], doublings: int) -> NDArray[Any]:
    """Scores between the places of the grid, in integers, 16 times as large a doubling.

    Args:
        scores: (n, h, w, slots) whole numbers: within int16, or what this made of them.
        doublings: at most 8, so that nothing passes 2^53.

    Returns:
        (n, h·2^doublings, w·2^doublings, slots) whole numbers.
    """
    largest = int(max(scores.max(initial=0), -scores.min(initial=0))) << 4 * doublings
    scores = scores.astype(np.int32 if largest < 1 << 31 else np.int64, copy=False)
    for _ in range(doublings):
        scores = _doubled(_doubled(scores, 1), 2)
    return scores


def _doubled(scores: NDArray[Any], axis: int) -> NDArray[Any]:
    """Twice as long along an axis, three parts of a place and one of its neighbour."""
    n = scores.shape[axis]
    pair = np.empty((*scores.shape[:axis], n, 2, *scores.shape[axis + 1 :]), scores.dtype)
    np.multiply(np.expand_dims(scores, axis + 1), 3, out=pair)
    here = np.moveaxis(scores, axis, 0)
    even, odd = np.moveaxis(pair, (axis + 1, axis), (0, 1))
    even[1:] += here[:-1]
    even[0] += here[0]  # the edge is its own neighbour
    odd[:-1] += here[1:]
    odd[-1] += here[-1]
    return pair.reshape(*scores.shape[:axis], 2 * n, *scores.shape[axis + 1 :])


def nearest(colours: NDArray[np.uint8], palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Nearest palette colour of each colour, first of equals, (…, 3) uint8 → (…, 3) uint8."""
    gaps = colours[..., None, :].astype(np.int64) - palette.astype(np.int64)
    return np.asarray(palette[(gaps * gaps).sum(-1).argmin(-1)])


def rgb(values: NDArray[np.float64], *, transparent: bool) -> NDArray[np.uint8]:
    """Pixels of a generator without slots.

    Args:
        values: (n, h, w, 3 or 4) Q10; -1024 is 0 and 1024 is 255; alpha is drawn where over 0.
        transparent: whether there is alpha.

    Returns:
        (n, h, w, 4) uint8; transparent pixels are all zero.
    """
    whole = values.astype(np.int64)
    out = np.full((*whole.shape[:-1], 4), 255, np.uint8)
    out[..., :3] = np.clip((255 * (whole[..., :3] + ONE) + ONE) >> 11, 0, 255)
    if transparent:
        out[whole[..., 3] <= 0] = 0
    return out


def paint(
    mask: NDArray[np.uint8], colours: NDArray[np.uint8], *, transparent: bool
) -> NDArray[np.uint8]:
    """Colour every pixel by its slot.

    Args:
        mask: (n, h, w) slot of each pixel.
        colours: (n, coloured slots, 3) uint8.
        transparent: whether slot 0 is the transparent ground.

    Returns:
        (n, h, w, 4) uint8; transparent pixels are all zero.
    """
    n, slots = colours.shape[:2]
    table = np.zeros((n, slots + transparent, 4), np.uint8)
    table[:, int(transparent) :, :3] = colours
    table[:, int(transparent) :, 3] = 255
    return np.take_along_axis(table, mask.reshape(n, -1, 1).astype(np.intp), 1).reshape(
        *mask.shape, 4
    )


def dressed(
    mask: NDArray[np.uint8],
    colours: NDArray[np.uint8],
    other_mask: NDArray[np.uint8],
    other: NDArray[np.uint8],
    *,
    transparent: bool,
) -> NDArray[np.uint8]:
    """One picture's slots in the colours of another's slots that lie where they lie.

    The same slot may be a face here and glasses there, so places decide: slots are paired one to
    one by overlap (intersection over union), the most alike first; the rest keep their own colours.

    Args:
        mask: (h, w) slot of each pixel.
        colours: (coloured slots, 3) uint8.
        other_mask: (h, w), of the other picture.
        other: (coloured slots, 3) uint8, of the other picture.
        transparent: whether slot 0 is the transparent ground.

    Returns:
        (coloured slots, 3) uint8.
    """
    slots = len(colours) + transparent
    pairs = mask.ravel().astype(np.int64) * slots + other_mask.ravel()
    shared = np.bincount(pairs, minlength=slots * slots).reshape(slots, slots)
    union = shared.sum(1)[:, None] + shared.sum(0) - shared
    overlap = (shared << 20) // np.maximum(union, 1)
    overlap[: int(transparent)] = overlap[:, : int(transparent)] = 0
    out, taken, given = colours.copy(), set(), set()
    for pair in np.argsort(-overlap, axis=None, kind="stable").tolist():
        here, there = divmod(pair, slots)
        if overlap[here, there] < _ALIKE:
            break
        if here not in taken and there not in given:
            out[here - transparent] = other[there - transparent]
            taken.add(here)
            given.add(there)
    return out


def choose_grounds(
    mask: NDArray[np.uint8],
    colours: NDArray[np.uint8],
    drawn: NDArray[np.uint8],
    grounds: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """The first ground, counted from the drawn one, that every colour touching it stands out from.

    Args:
        mask: (n, h, w), slot 0 is the ground.
        colours: (n, slots - 1, 3) uint8 of the other slots.
        drawn: (n,) a byte of each picture's stream.
        grounds: (g, 3) to choose from.

    Returns:
        (n, 3) uint8; the drawn ground itself where none is clear enough.
    """
    n, slots = colours.shape[:2]
    figure = mask > 0
    # The picture's edge is no ground: a figure cut off by it need not stand out there.
    bare = np.pad(~figure, ((0, 0), (1, 1), (1, 1)))
    touches = bare[:, :-2, 1:-1] | bare[:, 2:, 1:-1] | bare[:, 1:-1, :-2] | bare[:, 1:-1, 2:]
    where = np.nonzero(figure & touches)
    counts = np.bincount(where[0] * (slots + 1) + mask[where], minlength=n * (slots + 1))
    counted = counts.reshape(n, slots + 1)[:, 1:] >= _TOUCHING
    gaps = colours[:, :, None].astype(np.int64) - grounds
    clear = ((gaps * gaps).sum(-1) >= _CONTRAST) | ~counted[:, :, None]
    order = (drawn[:, None].astype(np.intp) + np.arange(len(grounds))) % len(grounds)
    fits = np.take_along_axis(clear.all(1), order, 1)
    chosen = np.take_along_axis(order, fits.argmax(1)[:, None], 1)[:, 0]
    return np.asarray(grounds[chosen], np.uint8)


def set_ground(pictures: NDArray[np.uint8], grounds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay pictures on grounds, (n, h, w, 4) and (n, 3) → (n, h, w, 4) opaque.

    Alpha of 0 or 255, all that our own generators draw, takes one or the other; alpha between
    (diffusion, files) blends, rounded to the nearest.
    """
    out = pictures.copy()
    alpha = pictures[..., 3:]
    below = np.broadcast_to(grounds[:, None, None], out[..., :3].shape)
    out[..., :3] = np.where(alpha == 0, below, pictures[..., :3])
    soft = (alpha > 0) & (alpha < 255)
    if soft.any():
        share = alpha.astype(np.uint32)
        mixed = (share * pictures[..., :3] + (255 - share) * below + 127) // 255
        out[..., :3] = np.where(soft, mixed, out[..., :3])
    out[..., 3] = 255
    return out


def enlarge(picture: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Every pixel becomes a square of `factor` pixels a side, (h, w, 4) uint8."""
    words = np.ascontiguousarray(picture).view(np.uint32)[..., 0]
    height, width = words.shape
    large = np.empty((height, factor, width, factor), np.uint32)
    large[:] = words[:, None, :, None]
    return large.view(np.uint8).reshape(height * factor, width * factor, 4)


def ground_for(pictures: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Set transparent pictures on grounds drawn at random, for judging and looking.

    Args:
        pictures: (n, h, w, 4) uint8.
        seed: of the draw.

    Returns:
        (n, h, w, 3) uint8.
    """
    drawn = np.random.default_rng(seed).integers(len(GROUNDS), size=len(pictures))
    return set_ground(pictures, np.array(GROUNDS, np.uint8)[drawn])[..., :3]

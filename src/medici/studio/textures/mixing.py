"""Which cell of a texture is made of what: one material, or two in a pattern that tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.exact.latents import stream
from medici.studio.exact.network import ONE
from medici.studio.textures.colour import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.textures.style import Style

    Whole = NDArray[np.int64]

# Cells a side of a blotch, and how far (in ranks of 1024) its rim reaches.
_BLOTCH = 4
_RIM = 96


def weights(style: Style, materials: tuple[str, ...], seed: int, cell: int) -> Whole:
    """What each cell is made of.

    Returns:
        (materials,) or (rows, columns, materials) int64 Q10; every cell adds up to 1024.
    """
    first = materials.index(style.material)
    alone = np.zeros(len(materials), np.int64)
    alone[first] = ONE
    if style.mix_material is None or not style.mix_amount:
        return alone
    second = materials.index(style.mix_material)
    if second == first:
        return alone
    share = style.mix_amount * ONE // 1000
    rows, columns = style.height // cell, style.width // cell
    if style.mix_pattern == "even":
        part = np.full((rows, columns), share, np.int64)
    elif style.mix_pattern == "bands":
        part = _threshold(_waves(rows, columns), share)
    else:
        part = _threshold(noise("texture/mix", seed, rows, columns, _BLOTCH), share)
    out = np.zeros((rows, columns, len(materials)), np.int64)
    out[..., second] = part
    out[..., first] = ONE - part
    return out


def noise(use: str, seed: int, rows: int, columns: int, blotch: int) -> Whole:
    """Smooth noise over cells that tiles, (rows, columns), 0 to 1023.

    Its own coarse grid has a node for about every `blotch` cells, whole numbers of them a side.
    """
    down, across = max(rows // blotch, 1), max(columns // blotch, 1)
    nodes = stream(use, seed, down * across).astype(np.int64).reshape(down, across) * 4
    # Each cell looks up its place between nodes in sixteenths, whatever their spacing.
    fine = spread(nodes, 16, range(down * 16), across * 16)
    y = np.arange(rows) * down * 16 // rows
    x = np.arange(columns) * across * 16 // columns
    return np.asarray(fine[y[:, None], x])


def _waves(rows: int, columns: int) -> Whole:
    """Slanting triangle waves, whole turns both ways."""
    y = np.arange(rows)[:, None] * 2048 // rows
    x = np.arange(columns)[None] * 2048 * max(columns // 16, 1) // columns
    turn = (y + x) % 2048
    return np.asarray(np.minimum(turn, 2047 - turn))


def _threshold(field: Whole, share: int) -> Whole:
    """A field cut so that about `share` (Q10) of its cells lie above, with a narrow rim."""
    flat = np.sort(field, axis=None)
    at = min(max((ONE - share) * flat.size // ONE, 0), flat.size - 1)
    if share >= ONE:
        return np.full(field.shape, ONE, np.int64)
    return np.asarray(np.clip((field - flat[at]) * ONE // (2 * _RIM) + ONE // 2, 0, ONE))

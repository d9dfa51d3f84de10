"""The exact texture renderer: a latent grid in integers, drawn row by row in flat memory.

docs/spec/textures.md is the definition. A texture's latents are never held as a whole: every row of
the grid has its own stream of bytes, and a band of the picture is made from the rows it needs,
taken round the edge. So memory grows with a texture's width, not with its height, and the
result does not depend on how high the bands are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights
from medici.studio.exact.latents import BYTES_A_NORMAL, normals, stream
from medici.studio.exact.network import HIGHEST, LOWEST, ONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from medici.studio.exact.network import Network

    Numbers = NDArray[np.float64]

THOUSAND = 1000
# A wave's turn is divided into so many steps; a quarter of the table is its sine.
TURN = 1024
# Rows of cells in a band. Each band makes a few rows again that its neighbours made, too.
_BAND = 16


@dataclass(frozen=True, slots=True)
class Grid:
    """What every cell of a texture is made from.

    Attributes:
        seed: the texture's.
        rows: cells down.
        columns: cells across.
        psi: spread of the normal numbers in thousandths; 1000 leaves them as they are.
        weights: (rows, columns, materials) float64 Q10, what each cell is made of, or
            (materials,) for all of them alike.
        other: a second seed that the numbers move towards, or None.
        amount: how far, in thousandths.
        cycles: turns of each wave over the whole picture for each material,
            (materials, waves, 2) whole numbers (down, across).
    """

    seed: int
    rows: int
    columns: int
    psi: int
    weights: Numbers
    cycles: NDArray[np.int64]
    other: int | None = None
    amount: int = 0


class TextureNetwork:
    """The integer network with its latents.

    Args:
        network: layers of kinds ``conv`` and ``up``, all with wrap.
        about: the header's description: ``local``, ``shared``, ``waves``.
        sines: (TURN,) int16 Q10, one turn of a sine.

    Raises:
        BadWeights: it is no texture network.
    """

    def __init__(
        self, network: Network, about: Mapping[str, Any], sines: NDArray[np.int16]
    ) -> None:
        self.network = network
        if any(layer.kind not in ("conv", "up") or not layer.wrap for layer in network.layers):
            raise BadWeights("a texture network holds a layer that does not wrap")
        if any(layer.source or layer.plus for layer in network.layers) or not network.layers:
            raise BadWeights("a texture network is a plain row of layers")
        if sines.shape != (TURN,):
            raise BadWeights(f"the table of sines has {sines.shape} entries, not {TURN}")
        self.local, self.shared = int(about["local"]), int(about["shared"])
        self.waves, self.materials = int(about["waves"]), len(about["materials"])
        self.inputs = self.local + self.shared + 2 * self.waves + self.materials
        if network.layers[0].weight.shape[1] != 9 * self.inputs:
            raise BadWeights(f"the first layer does not read {self.inputs} numbers a cell")
        self.cell = 2 ** sum(layer.kind == "up" for layer in network.layers)
        self.planes = int(network.layers[-1].weight.shape[-2])
        self._sines = sines.astype(np.float64)

    def latents(self, grid: Grid, rows: Sequence[int]) -> Numbers:
        """Inputs of the network for some rows of cells, taken round the edge.

        Returns:
            (rows, columns, inputs) float64 holding Q10 integers.
        """
        wanted = [row % grid.rows for row in rows]
        out = np.empty((len(wanted), grid.columns, self.inputs))
        shared = self._shared(grid)
        for i, row in enumerate(wanted):
            weights = grid.weights if grid.weights.ndim == 1 else grid.weights[row]
            out[i] = np.concatenate(
                [
                    self._mixed(grid, f"texture/row/{row}", grid.columns * self.local).reshape(
                        grid.columns, -1
                    ),
                    np.broadcast_to(shared, (grid.columns, self.shared)),
                    self._turning(grid, row, weights),
                    np.broadcast_to(weights, (grid.columns, self.materials)),
                ],
                axis=1,
            )
        return out

    def _shared(self, grid: Grid) -> Numbers:
        return self._mixed(grid, "texture/shared", self.shared)

    def _mixed(self, grid: Grid, use: str, count: int) -> Numbers:
        """Normal numbers of the seed, moved towards the other seed's, narrowed by psi."""
        z = normals(stream(use, grid.seed, count * BYTES_A_NORMAL))
        if grid.other is not None and grid.amount:
            z2 = normals(stream(use, grid.other, count * BYTES_A_NORMAL))
            # Two normals mixed by a and b have the spread √(a² + b²): divided by it, the mixture
            # is as lively as its ends. The integer root keeps it exact.
            a, b = THOUSAND - grid.amount, grid.amount
            z = (a * z + b * z2) // integer_root(a * a + b * b)
        if grid.psi != THOUSAND:
            z = (z * grid.psi) // THOUSAND
        return np.clip(z, LOWEST, HIGHEST)

    def starts(self, seed: int) -> NDArray[np.int64]:
        """Where each wave of a texture begins, (waves,), in steps of a turn."""
        drawn = stream("texture/phase", seed, 2 * self.waves).astype(np.int64)
        return np.asarray((drawn[::2] << 8 | drawn[1::2]) >> 6)

    def _turning(self, grid: Grid, row: int, weights: Numbers) -> Numbers:
        """Cosine and sine of each wave in one row, weighted by material."""
        out = np.zeros((grid.columns, 2 * self.waves))
        starts = self.starts(grid.seed)
        at = np.arange(grid.columns)
        for material in range(self.materials):
            weight = weights[..., material]
            if not np.any(weight):
                continue
            for wave in range(self.waves):
                down, across = (int(c) for c in grid.cycles[material, wave])
                if not (down or across):
                    continue
                # Whole turns over the picture, so that the last cell meets the first.
                turn = row * down * TURN // grid.rows + at * across * TURN // grid.columns
                turn += starts[wave]
                for part, ahead in ((0, TURN // 4), (1, 0)):
                    value = self._sines[(turn + ahead) % TURN]
                    out[:, 2 * wave + part] += (weight * value) // ONE
        return out

    def bands(self, grid: Grid, band: int = _BAND) -> Iterator[tuple[int, Numbers]]:
        """The texture from top to bottom, some rows of cells at a time.

        Args:
            grid: its latents.
            band: rows of cells at a time; changes nothing but memory and speed.

        Yields:
            first pixel row, and (rows, width, planes) float64 holding Q10 integers.
        """
        for first in range(0, grid.rows, band):
            last = min(first + band, grid.rows)
            yield first * self.cell, self._band(grid, first, last)

    def _band(self, grid: Grid, first: int, last: int) -> Numbers:
        # From the picture backwards: which rows of each layer's output the next ones need.
        layers = self.network.layers
        spans = [(first * self.cell, last * self.cell)]
        for layer in reversed(layers):
            top, bottom = spans[-1]
            if layer.kind == "up":
                spans.append(((top - 1) // 2, bottom // 2 + 1))
            else:
                spans.append((top - 1, bottom + 1))
        spans.reverse()
        x = self.latents(grid, range(*spans[0]))[None]
        before: str | None = None
        for layer, (top, _), (wanted_top, wanted_bottom) in zip(
            layers, spans, spans[1:], strict=False
        ):
            # Across, the layer wraps as it should. Down, it would wrap within the band: the rows
            # at the band's own edges are wrong, and are not among those that are kept.
            x = self.network.between(x, before, layer.name)
            scale = 2 if layer.kind == "up" else 1
            x = x[:, wanted_top - scale * top : wanted_bottom - scale * top]
            before = layer.name
        return np.asarray(x[0])

    def whole(self, grid: Grid, band: int = _BAND) -> Numbers:
        """The whole texture, (height, width, planes) float64 holding Q10 integers."""
        return np.concatenate([rows for _, rows in self.bands(grid, band)])


def integer_root(n: int) -> int:
    """Largest integer whose square is at most n."""
    from math import isqrt

    return isqrt(n)


def levels(values: Numbers) -> NDArray[np.uint8]:
    """Q10 numbers, where -1 is black and 1 is full light, as bytes, rounded to nearest."""
    scaled = ((values.astype(np.int64) + ONE) * 255 + ONE) >> 11
    return np.asarray(np.clip(scaled, 0, 255), np.uint8)

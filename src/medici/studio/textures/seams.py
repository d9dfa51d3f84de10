"""Whether textures have a seam: a proof, bit for bit, and how large their steps are at borders.

**Proof.** All that a texture is made from lies on a grid of cells, and every layer and filter takes
its neighbours round the edge. So a grid rolled by whole cells must give the picture rolled by as
many pixels, and the same maps (`odd_pixels` is 0). Cells draw their numbers independently and a
wave begins anywhere in its turn, so a rolled grid is as likely as the plain one: the border that
meets in tiling is a border between cells like any other.

**Figures.** What is left to ask is whether borders between cells look like other lines. One border
of one texture says little: it falls on a mortar line or it does not. But by the proof each border
between cells is *the* border of a texture that is as likely, so one picture tells what all its
rolls would (`Seams.cells`). A wave that turns in step with the cells keeps all of them on one line
of its pattern; therefore such a grid is drawn nine times, each with its waves a ninth of a turn
further. Averaging over changes that the distribution does not notice leaves the expected value as
it is and takes chance away (Rao 1945, Blackwell 1947).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import gcd, sqrt
from typing import TYPE_CHECKING

import numpy as np

from medici.studio.textures.model import TextureModel
from medici.studio.textures.relief import Maps
from medici.studio.textures.render import TURN, TextureNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from medici.records import Rendering
    from medici.studio.textures.render import Grid, Numbers
    from medici.studio.textures.style import Style

    Whole = NDArray[np.int64]

# Pictures of each material by side: every seed has a contrast of its own, so large ones need many.
TEXTURES = {64: 96, 128: 48, 256: 36, 512: 24, 1024: 24, 2048: 18}
# An odd number: cells that are half a turn apart then show eighteen phases, not nine.
_TURNS = 9
# So many times fewer grids of a material with waves are as telling, each in all its turns.
_FEWER = 3


@dataclass(frozen=True, slots=True)
class Excess:
    """By how much some lines step more than others; 0.05 is 5 %.

    Attributes:
        value: the estimate.
        error: its standard error.
    """

    value: float
    error: float

    @property
    def most(self) -> float:
        """Its size with two standard errors: what it hardly exceeds."""
        return abs(self.value) + 2 * self.error

    @property
    def least(self) -> float:
        """Its size without two standard errors: what chance cannot account for."""
        return max(abs(self.value) - 2 * self.error, 0.0)


@dataclass(frozen=True, slots=True)
class Seams:
    """What the borders of textures of one size are like.

    Attributes:
        cells: for each material, borders between cells against all other lines: the border as it
            is on average over all rolls of its grid.
        own: for each material, the border as it lies against the borders between cells of the same
            picture that lie alike in its waves.
        plain: the border as it lies against all inner lines, over all materials.
    """

    cells: dict[str, Excess]
    own: dict[str, Excess]
    plain: Excess


class _MovedNetwork(TextureNetwork):
    """A network that reads its latent grid some cells further down and across, waves turned."""

    def __init__(self, network: TextureNetwork, down: int, across: int, turn: int) -> None:
        vars(self).update(vars(network))
        self._down, self._across, self._turn = down, across, turn

    def latents(self, grid: Grid, rows: Sequence[int]) -> Numbers:
        moved = super().latents(grid, [row - self._down for row in rows])
        return np.roll(moved, self._across, 1)

    def starts(self, seed: int) -> Whole:
        return (super().starts(seed) + self._turn) % TURN


class _Moved(TextureModel):
    """A model whose fields over cells all lie some cells further down and across."""

    def __init__(self, model: TextureModel, down: int, across: int, turn: int) -> None:
        vars(self).update(vars(model))
        self._by = down, across
        self.network = _MovedNetwork(model.network, down, across, turn)

    def _painted(
        self, tone: Whole, drift: Whole, grid: Grid, style: Style, inside: range, side: int
    ) -> Whole:
        if grid.weights.ndim > 1:
            grid = replace(grid, weights=np.roll(grid.weights, self._by, (0, 1)))
        return super()._painted(tone, drift, grid, style, inside, side)

    def _drift(self, seed: int, style: Style) -> Whole:
        return np.roll(super()._drift(seed, style), self._by, (0, 1))


def moved(model: TextureModel, down: int = 0, across: int = 0, turn: int = 0) -> TextureModel:
    """The model with everything it draws from rolled by so many cells.

    Args:
        model: any texture model.
        down: cells.
        across: cells.
        turn: how far each wave is turned on, in 1/1024 of its turn.

    Returns:
        a model that answers to the same seeds and styles.
    """
    return _Moved(model, down, across, turn)


def odd_pixels(
    model: TextureModel, seed: int, style: Mapping[str, Any], rolls: Sequence[tuple[int, int]]
) -> int:
    """Pixels of works from rolled grids, and of their maps, that are not the plain work's, rolled.

    Args:
        model: the model.
        seed: the texture's.
        style: its style.
        rolls: cells down and across.

    Returns:
        their number; 0 proves that the border is a border between cells like any other.
    """
    plain = list(_pictures(model, model.sample(seed, style)))
    odd = 0
    for down, across in rolls:
        other = moved(model, down, across)
        work = other.sample(seed, style)
        step = model.network.cell * int(work.style["scale"])
        for now, before in zip(_pictures(other, work), plain, strict=True):
            differ = now != np.roll(before, (down * step, across * step), (0, 1))
            odd += int(differ.reshape(*now.shape[:2], -1).any(-1).sum())
    return odd


def _pictures(model: TextureModel, work: Rendering) -> Iterator[NDArray[Any]]:
    yield work.pixels
    maps = model.maps(work)
    for field in fields(Maps):
        yield getattr(maps, field.name)


def excess(lines: NDArray[np.float64], others: NDArray[np.float64]) -> Excess:
    """Steps of some lines over those of others, as a ratio of sums less 1.

    Args:
        lines: (n,) mean steps, of independent textures, at least two.
        others: (n,) the same of what they are compared with.
    """
    count, total = len(lines), float(others.sum())
    if not total:
        # Flat everywhere, or flat but for these lines.
        return Excess(float(lines.sum() > 0), 0.0)
    ratio = float(lines.sum()) / total
    odd = lines - others * ratio
    return Excess(ratio - 1, sqrt(float((odd**2).sum()) * count / (count - 1)) / total)


def steps(pixels: NDArray[np.uint8], cell: int, alike: Sequence[int]) -> NDArray[np.float64]:
    """Mean steps in one texture, summed over both directions.

    Args:
        pixels: (h, w, c) uint8, whole cells a side.
        cell: pixels a side of a cell.
        alike: down and across, after how many cells its waves begin anew.

    Returns:
        (5,): over borders between cells; over lines that are not the border, on average over all
        rolls; over the border; over borders between cells that lie like it; over all lines but the
        border.
    """
    values = pixels.astype(np.int16)
    out = np.zeros(5)
    for axis, after in zip((0, 1), alike, strict=True):
        line = np.abs(np.roll(values, -1, axis) - values).mean((1 - axis, 2))
        cells, whole, last = line[cell - 1 :: cell], float(line.sum()), float(line[-1])
        like = cells[after - 1 :: after][:-1]
        if not len(like):
            like = cells[:-1]
        inner = len(line) - 1
        out += [
            float(cells.mean()),
            (whole - float(cells.mean())) / inner,
            last,
            float(like.mean()),
            (whole - last) / inner,
        ]
    return out


def measure(model: TextureModel, textures: Mapping[int, int]) -> dict[int, Seams]:
    """What borders are like in finished works, by their side.

    Args:
        model: the model.
        textures: for each side in pixels, pictures of each material; of one with waves, nine turns
            of a third as many grids.
    """
    return {side: _measured(model, side, count) for side, count in textures.items()}


def _measured(model: TextureModel, side: int, count: int) -> Seams:
    found = {}
    for material in model.materials:
        style = {"material": material, "width": side, "height": side}
        cycles = model._grid(0, model.parse(style)).cycles[model.materials.index(material)]
        turns = _TURNS if cycles.any() else 1
        alike = _alike(cycles, side // model.network.cell)
        turned = [moved(model, turn=i * TURN // turns) for i in range(turns)]
        grids = max(count // _FEWER if turns > 1 else count, 2)
        told = [
            sum(
                steps(one.sample(seed, style).pixels[..., :3], model.network.cell, alike)
                for one in turned
            )
            for seed in range(grids)
        ]
        # Materials count alike, however many pictures they have.
        found[material] = np.array(told) / (turns * grids)
    together = np.concatenate(list(found.values()))
    return Seams(
        cells={name: excess(told[:, 0], told[:, 1]) for name, told in found.items()},
        own={name: excess(told[:, 2], told[:, 3]) for name, told in found.items()},
        plain=excess(together[:, 2], together[:, 4]),
    )


def _alike(cycles: Whole, cells: int) -> tuple[int, int]:
    """Down and across: the least number of cells over which every wave turns whole turns."""
    down, across = (cells // gcd(cells, *(int(c) for c in cycles[:, axis])) for axis in (0, 1))
    return down, across

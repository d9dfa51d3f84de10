"""Seams: the proof by rolling, and figures of borders that chance hardly moves."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.studio.textures import tiny

from medici.studio.exact.network import Network
from medici.studio.families import load_model
from medici.studio.textures import seams

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.textures.model import TextureModel

SMALL = {"width": 96, "height": 64}
ROLLS = [(1, 0), (0, 1), (-1, 2), (3, 5)]


def tiling(seed: int, side: int = 64) -> NDArray[np.uint8]:
    """Blurred noise that tiles, because it was blurred round the edge."""
    grain = np.random.default_rng(seed).normal(0, 1, (side, side, 1))
    for axis in (0, 1):
        grain = sum(np.roll(grain, s, axis) for s in range(-2, 3))
    return np.clip(128 + 8 * grain, 0, 255).astype(np.uint8)


def padded(model: TextureModel) -> TextureModel:
    """The model with zeros beyond its left and right borders."""
    out = copy(model)
    out.network = copy(model.network)
    layers = [replace(layer, wrap=False) for layer in model.network.network.layers]
    out.network.network = Network(layers)
    return out


@pytest.mark.parametrize(
    "style",
    [
        {"material": "cloth"},
        {"material": "soil", "ramp": ["#000000", "#ff00ff", "#ffffff"], "psi": 0.7},
        {"material": "cloth", "scale": 2, "relief": 2},
        {"material": "cloth", "mix": {"material": "soil", "amount": 0.5}},
        {"material": "soil", "mix": {"material": "cloth", "amount": 0.3, "pattern": "bands"}},
        {"material": "cloth", "mix": {"material": "soil", "amount": 0.3, "pattern": "even"}},
        {"material": "cloth", "blend": {"seed": 9, "amount": 0.4}, "variation": 1},
    ],
)
def test_a_rolled_grid_gives_the_rolled_work_and_maps_bit_for_bit(
    texture: TextureModel, style: dict[str, Any]
) -> None:
    assert seams.odd_pixels(texture, 5, {**SMALL, **style}, ROLLS) == 0
    made = [seams.moved(texture, *by).sample(5, {**SMALL, **style}).pixels for by in ROLLS]
    assert all((a != b).any() for a, b in pairwise(made))


def test_so_it_is_in_colour(tmp_path: Path) -> None:
    tiny.write(tmp_path / "coloured", planes=3)
    assert seams.odd_pixels(load_model(tmp_path / "coloured"), 5, SMALL, ROLLS) == 0


@pytest.mark.parametrize("size", [(64, 64), (128, 64), (72, 136)])
def test_so_it_is_with_every_material_of_the_shipped_model(size: tuple[int, int]) -> None:
    model = load_model("textures")
    for material in model.materials:
        style = {"material": material, "width": size[0], "height": size[1]}
        assert seams.odd_pixels(model, 1, style, ROLLS) == 0


def test_zeros_beyond_the_border_are_seen(texture: TextureModel) -> None:
    style = {**SMALL, "material": "soil"}
    assert seams.odd_pixels(padded(texture), 5, style, [(1, 0)]) == 0
    assert seams.odd_pixels(padded(texture), 5, style, [(0, 1)]) > 100


def test_one_level_in_one_pixel_of_the_border_is_seen(
    texture: TextureModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = type(texture)._painted

    def dotted(*asked: Any) -> Any:
        rows = np.array(draw(*asked))
        rows[0, 0, 0] ^= 1
        return rows

    monkeypatch.setattr(type(texture), "_painted", dotted)
    assert 1 <= seams.odd_pixels(texture, 5, {**SMALL, "material": "soil"}, [(1, 0)]) <= 8


def test_waves_are_turned_and_nothing_else_is(texture: TextureModel) -> None:
    turned = seams.moved(texture, turn=512)
    for material, same in (("cloth", False), ("soil", True)):
        style = {**SMALL, "material": material}
        pair = [m.sample(5, style).pixels for m in (texture, turned)]
        assert (pair[0] == pair[1]).all() == same
    assert (turned.network.starts(5) == (texture.network.starts(5) + 512) % 1024).all()


def test_steps_between_cells_are_the_mean_border_of_all_rolls() -> None:
    picture, cell = tiling(1), 8
    told = seams.steps(picture, cell, (1, 1))
    rolls = [seams.steps(np.roll(picture, (k, k), (0, 1)), cell, (1, 1)) for k in range(0, 64, 8)]
    assert told[0] == pytest.approx(np.mean([one[2] for one in rolls]))
    assert told[1] == pytest.approx(np.mean([one[4] for one in rolls]))


def test_like_borders_are_those_where_waves_begin_anew() -> None:
    picture = np.zeros((64, 64, 1), np.uint8)
    # Rows step by 1 at the border and at every second cell, by 3 at the others.
    lines = np.cumsum([3 if i % 16 == 8 else 1 if i % 16 == 0 else 0 for i in range(64)])
    picture[:] = np.minimum(lines, 16 - lines).reshape(-1, 1, 1)
    _, _, border, like, _ = seams.steps(picture, 8, (2, 1))
    assert (border, like) == (1, 1)
    assert seams.steps(picture, 8, (1, 1))[3] > 1.5
    # Where no other lies alike, all borders of cells are taken.
    assert seams.steps(picture, 8, (8, 8))[3] == seams.steps(picture, 8, (1, 1))[3]


def test_a_border_that_steps_more_is_found_and_its_error_is_what_it_moves_by() -> None:
    def told(group: int, step: int) -> seams.Excess:
        rows = []
        for i in range(12):
            picture = tiling(100 * group + i).astype(int)
            picture[0] += step
            rows.append(seams.steps(np.clip(picture, 0, 255).astype(np.uint8), 8, (1, 1)))
        _, _, border, like, _ = np.array(rows).T
        return seams.excess(border, like)

    found = [told(group, 0) for group in range(20)]
    spread = float(np.std([one.value for one in found], ddof=1))
    assert 0.6 < np.mean([one.error for one in found]) / spread < 1.6
    assert sum(one.least > 0 for one in found) <= 3
    torn = told(0, 40)
    assert torn.least > 0.2
    assert torn.most > torn.value > torn.least


def test_flat_pictures_have_no_excess_and_lines_on_them_a_whole_one() -> None:
    flat = np.zeros(3)
    assert seams.excess(flat, flat) == seams.Excess(0.0, 0.0)
    assert seams.excess(flat + 1, flat).value == 1.0


def test_figures_of_a_model_with_a_border_and_of_one_without(texture: TextureModel) -> None:
    good = seams.measure(texture, {64: 24})[64]
    bad = seams.measure(padded(texture), {64: 24})[64]
    assert set(good.cells) == set(good.own) == {"cloth", "soil"}
    assert max(one.least for one in good.own.values()) < 0.05
    assert max(one.least for one in bad.own.values()) > 0.05
    # What one picture tells by all its borders is surer than what it tells by one.
    assert good.cells["soil"].error < good.own["soil"].error

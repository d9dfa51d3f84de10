"""Ramps and fields over cells, in integers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from medici.studio.textures import colour
from medici.studio.textures.export import SUITS


def test_a_ramp_goes_through_all_its_stops() -> None:
    table = colour.table(["#000000", "#ff0000", "#ffffff"])
    assert table.shape == (256, 3)
    assert table[0].tolist() == [0, 0, 0]
    assert table[255].tolist() == [255, 255, 255]
    assert np.abs(table[127:129] - [255, 0, 0]).max() <= 2
    assert (np.diff(table[:, 0]) >= 0).all()


def test_named_ramps_are_pairs_of_colours_and_suit_what_exists() -> None:
    for first, second in colour.RAMPS.values():
        assert 2 <= len(first) <= 8
        assert len(first) == len(second)
        for stop in (*first, *second):
            assert re.fullmatch(r"#[0-9a-f]{6}", stop)
    assert set(SUITS.values()) <= set(colour.RAMPS)


def test_drift_goes_from_one_ramp_to_the_other() -> None:
    tables = np.stack([colour.table(["#000000", "#640000"]), colour.table(["#000000", "#006400"])])
    tone = np.full((1, 3), 255)
    told = colour.coloured(tone, tables, np.array([[0, 512, 1024]]))
    assert told[0].tolist() == [[100, 0, 0], [50, 50, 0], [0, 100, 0]]


def test_tones_stretch_between_their_ends_and_clip() -> None:
    values = np.array([-900, -500, 0, 500, 900])
    assert colour.tones(values, -500, 500).tolist() == [0, 0, 127, 255, 255]
    assert colour.tones(values, 3, 3).tolist() == [0, 0, 0, 255, 255]


@pytest.mark.parametrize("side", [1, 2, 5, 16])
def test_a_spread_field_tiles_and_keeps_its_range(side: int) -> None:
    cells = np.random.default_rng(0).integers(0, 1025, (4, 6))
    whole = colour.spread(cells, side, range(4 * side), 6 * side)
    assert whole.shape == (4 * side, 6 * side)
    assert (whole.min(), whole.max()) >= (cells.min(), 0)
    assert whole.max() <= cells.max()
    moved = colour.spread(np.roll(cells, (1, 2), (0, 1)), side, range(4 * side), 6 * side)
    assert (moved == np.roll(whole, (side, 2 * side), (0, 1))).all()
    part = colour.spread(cells, side, range(side, 3 * side), 6 * side)
    assert (part == whole[side : 3 * side]).all()
    if side % 2:
        assert (whole[side // 2 :: side, side // 2 :: side] == cells).all()

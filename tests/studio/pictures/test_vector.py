"""Smooth pictures as SVG: what is drawn is what was rendered."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from medici.errors import WrongUse
from medici.studio import load_model
from medici.studio.pictures.vector import regions, svg

resvg_py = pytest.importorskip("resvg_py")

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def ink():
    return load_model("ink")


def drawn(file: bytes, side: int) -> np.ndarray:
    data = bytes(resvg_py.svg_to_bytes(svg_string=file.decode(), width=side, height=side))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")).astype(int)


def edges(pixels: np.ndarray) -> np.ndarray:
    found = np.zeros(pixels.shape[:2], bool)
    across = (np.diff(pixels, axis=1) != 0).any(-1)
    down = (np.diff(pixels, axis=0) != 0).any(-1)
    found[:, 1:] |= across
    found[:, :-1] |= across
    found[1:] |= down
    found[:-1] |= down
    return found


@pytest.mark.parametrize(
    "style",
    [
        {},
        {"ground": "transparent"},
        {"ground": "#fafafa", "colours_from": 9},
        {"palette": ["#000000", "#d1495b", "#f6efe2"], "blend": {"seed": 5, "amount": 0.4}},
        {"directions": {"glasses": 2}},
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_curves_draw_the_picture(ink, seed, style):
    work = ink.sample(seed, style)
    file = ink.export(work, "svg")
    pixels = work.pixels.astype(int)
    far = np.abs(drawn(file, len(pixels)) - pixels).max(-1) > 24
    assert far.mean() < 0.025
    assert (far & ~edges(pixels)).mean() < 0.0005


def test_the_file_is_small_closed_curves_in_the_pictures_own_colours(ink):
    work = ink.sample(3)
    file = ink.export(work, "svg")
    assert file == ink.export(work, "svg")
    root = ET.fromstring(file)
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{n}" for n in ("svg", "title", "path")
    }
    assert root.findtext(f"{SVG}title") == "picture 3 by ink"
    assert len(file) < 60_000
    own = {
        "#{:02x}{:02x}{:02x}".format(*c)
        for c in np.unique(work.pixels[..., :3].reshape(-1, 3), axis=0)
    }
    for path in root.iter(f"{SVG}path"):
        assert path.attrib["fill"] in own
        assert re.fullmatch(r"(M[^MZ]+Z)+", path.attrib["d"])
    assert "C" in file.decode()


def test_the_size_it_is_shown_at_is_the_works(ink):
    assert b'width="1024"' in ink.export(ink.sample(3, {"scale": 8}), "svg")


def test_pixel_art_is_not_traced():
    portraits = load_model("portraits")
    assert portraits.forms == ()
    with pytest.raises(WrongUse, match="svg"):
        portraits.export(portraits.sample(1), "svg")


def test_slots_of_one_colour_are_one_region_and_what_is_not_painted_lies_lowest():
    sizes = np.array([5, 100, 30, 0, 20])
    colours = [None, (10, 10, 10), (200, 0, 0), (1, 2, 3), (11, 9, 10)]
    assert regions(sizes, colours) == [[0], [1, 4], [2]]


def test_a_picture_without_ground_has_its_largest_region_lowest_and_no_seam():
    y, x = np.mgrid[:32, :32]
    left = 1000 * (12 - x)
    scores = np.stack([left, -left, 40 * (60 - (y - 16) ** 2 - (x - 12) ** 2)], -1)
    file = svg(scores, [(200, 0, 0), (0, 0, 200), (0, 200, 0)], 0, 64, "a & b <c>")
    pixels = drawn(file, 64)
    assert ET.fromstring(file).findtext(f"{SVG}title") == "a & b <c>"
    assert (pixels[..., 3] == 255).all()
    assert (pixels[:8, :20] == [200, 0, 0, 255]).all()
    assert (pixels[:8, 30:] == [0, 0, 200, 255]).all()
    assert (pixels[30:34, 22:26] == [0, 200, 0, 255]).all()
    # Where two meet, nothing but the two is seen.
    assert (pixels[:8, 20:30, 1] == 0).all()
    assert file.count(b"<path") == 3

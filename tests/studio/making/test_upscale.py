import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from medici.errors import WrongUse
from medici.studio.making import upscale

SVG = "{http://www.w3.org/2000/svg}"
few = st.sampled_from([0x00000000, 0xFF0000FF, 0xFFFFFFFF, 0x80FF0000])
pictures = arrays.arrays(
    np.uint32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=few
).map(lambda words: words.view(np.uint8).reshape(*words.shape, 4).copy())


def drawn(svg):
    """Redraw our SVG from its own text; every pixel may be painted once only."""
    root = ElementTree.fromstring(svg)
    _, _, width, height = (int(n) for n in root.get("viewBox").split())
    pixels = np.zeros((height, width, 4), np.uint8)
    seen = np.zeros((height, width), int)
    for path in root.iter(f"{SVG}path"):
        colour = [int(path.get("fill")[i : i + 2], 16) for i in (1, 3, 5)]
        alpha = round(float(path.get("fill-opacity", "1")) * 255)
        for x, y, w, h in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z", path.get("d")):
            x, y, w, h = int(x), int(y), int(w), int(h)
            pixels[y : y + h, x : x + w] = [*colour, alpha]
            seen[y : y + h, x : x + w] += 1
    assert seen.max() <= 1
    return pixels


@settings(max_examples=60, deadline=None)
@given(pictures, st.integers(1, 5))
def test_an_svg_holds_every_pixel_of_the_picture(picture, factor):
    visible = np.where(picture[..., 3:] > 0, picture, 0).astype(np.uint8)
    small = upscale.native(picture)
    again = drawn(upscale.to_svg(upscale.enlarge(picture, factor)))
    assert (again == np.where(small[..., 3:] > 0, small, 0)).all()
    ratio = picture.shape[0] // small.shape[0]
    assert (upscale.enlarge(again, ratio) == visible).all()


@settings(max_examples=60, deadline=None)
@given(pictures, st.integers(1, 5))
def test_the_native_picture_is_found_again(picture, factor):
    large = upscale.enlarge(picture, factor)
    found = upscale.native_factor(large)
    assert found % factor == 0
    assert (upscale.enlarge(upscale.native(large), found) == large).all()
    # No larger factor would do.
    for more in range(found + 1, max(large.shape[:2]) + 1):
        if large.shape[0] % more == 0 and large.shape[1] % more == 0:
            assert (upscale.enlarge(large[::more, ::more], more) != large).any()


@settings(max_examples=30, deadline=None)
@given(pictures, st.integers(1, 4), st.sampled_from(sorted(upscale.RASTERS)))
def test_raster_files_give_back_the_pixels(picture, factor, form):
    large = upscale.enlarge(picture, factor)
    with Image.open(io.BytesIO(upscale.RASTERS[form](large))) as image:
        again = np.asarray(image.convert("RGBA"))
    shown = large[..., 3] > 0
    assert (again[..., 3] == large[..., 3]).all()
    assert (again[shown] == large[shown]).all()


def test_runs_are_joined_down_the_page():
    picture = np.zeros((6, 6, 4), np.uint8)
    picture[1:5, 2:4] = [9, 9, 9, 255]
    assert upscale.rectangles(picture) == [upscale.Rectangle(2, 1, 2, 4, "#090909", 255)]


def test_what_is_no_pixel_picture_is_refused_as_svg():
    noise = np.random.default_rng(1).integers(0, 256, (460, 460, 4), dtype=np.uint8)
    with pytest.raises(WrongUse, match="rectangles"):
        upscale.to_svg(noise)


@pytest.mark.parametrize("factor", [0, -1, 5000])
def test_a_factor_that_cannot_be_is_refused(factor):
    with pytest.raises(WrongUse, match="cannot be enlarged"):
        upscale.enlarge(np.zeros((4, 4, 4), np.uint8), factor)

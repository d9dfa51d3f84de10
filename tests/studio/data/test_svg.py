"""Drawings: rasterised by one renderer, without the machine's fonts or files."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from medici.studio.data.picture import Reading, Unusable, decode
from medici.studio.data.svg import rasterise

pytest.importorskip("resvg_py")


def drawing(inside, size='viewBox="0 0 16 16"'):
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{inside}</svg>'.encode()


def drawn(data, how):
    return np.asarray(Image.open(io.BytesIO(rasterise(data, how))).convert("RGBA"))


SQUARE = '<rect x="4" y="4" width="8" height="8" fill="#c00000"/>'


@pytest.mark.parametrize("side", [16, 32, 256])
def test_a_drawing_is_drawn_at_the_side_asked_for(side):
    found = drawn(drawing(SQUARE), Reading(side))
    assert found.shape == (side, side, 4)
    quarter = side // 4
    assert (found[quarter:-quarter, quarter:-quarter] == [192, 0, 0, 255]).all()
    assert (found[:quarter] == 0).all()


def test_currentcolor_is_black_as_icon_sets_expect():
    found = drawn(drawing('<rect width="16" height="16" fill="currentColor"/>'), Reading())
    assert (found == [0, 0, 0, 255]).all()


@pytest.mark.parametrize(
    ("size", "crop", "shape"),
    [
        ('viewBox="0 0 32 16"', "pad", (8, 16)),
        ('viewBox="0 0 32 16"', "centre", (16, 32)),
        ('viewBox="0 0 16 32"', "pad", (16, 8)),
        ('viewBox="0 0 16 32"', "centre", (32, 16)),
        ('width="32px" height="16" viewBox="0 0 1 1"', "centre", (16, 32)),
        ('width="2e1" height="2e1"', "none", (16, 16)),
    ],
)
def test_long_drawings_are_drawn_so_that_the_deciding_side_fits(size, crop, shape):
    found = drawn(drawing(SQUARE, size), Reading(16, crop))
    assert found.shape[:2] == shape
    assert decode(rasterise(drawing(SQUARE, size), Reading(16, crop)), Reading(16, crop))


def embedded(inside):
    """An SVG as a picture inside of another."""
    code = base64.b64encode(drawing(inside)).decode()
    return f'<image width="16" height="16" href="data:image/svg+xml;base64,{code}"/>'


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (b"", "empty", "is empty"),
        (b"not a drawing", "unreadable", "no <svg> element"),
        (drawing(SQUARE)[:-10], "unreadable", "cannot be drawn"),
        (b"\xff\xfe\x00", "unreadable", "not UTF-8"),
        (drawing("<text>hello</text>"), "svg-text", "holds text"),
        (drawing('<image href="/etc/logo.png"/>'), "svg-link", "another file"),
        (drawing('<use xlink:href="other.svg#a"/>'), "svg-link", "another file"),
        (drawing('<image x=">" href="/etc/logo.png"/>'), "svg-link", "another file"),
        (drawing('<feImage x=">" href="logo.png"/>'), "svg-link", "another file"),
        (drawing(embedded(SQUARE)), "svg-link", "another SVG"),
        (drawing(embedded(SQUARE).replace("svg+xml", "SVG+XML")), "svg-link", "another SVG"),
        (drawing('<image href="data:text/plain,x"/>'), "svg-link", "another SVG"),
        (drawing('<g id="a"><use href="#a"/></g>'), "too-deep", "draws itself: 'a'"),
        (drawing(SQUARE, 'viewBox="0 0 1000 1"'), "too-long", "1000 times"),
        (drawing(SQUARE, 'viewBox="0 0 0 0"'), "unreadable", "no size"),
        (drawing(SQUARE, 'viewBox="0 0 a b"'), "unreadable", "no number"),
        (drawing(" " * (8 << 20)), "too-large", "8 MiB"),
        (drawing("<g>" * 500 + SQUARE + "</g>" * 500), "too-deep", "more than 200"),
        (drawing("<g a='>'>" * 100_000), "too-deep", "more than 200"),
    ],
)
def test_bad_drawings_say_what_is_wrong(data, reason, words):
    with pytest.raises(Unusable, match=words) as caught:
        rasterise(data, Reading(16, "centre"))
    assert caught.value.reason == reason


def test_depth_that_entities_make_is_refused():
    nest = "".join(f'<!ENTITY a{i} "{"<g>" * 30}&a{i - 1};{"</g>" * 30}">' for i in range(1, 20))
    made = f'<!DOCTYPE svg [<!ENTITY a0 "<g/>">{nest}]>'.encode() + drawing("&a19;")
    with pytest.raises(Unusable, match="more than 200"):
        rasterise(made, Reading())


def chain(kind, n):
    """Elements each of which draws the next, none deep by itself."""
    each = {
        "use": '<g id="a{i}"><use href="#a{j}"/></g>',
        "pattern": '<pattern id="a{i}"><path d="M0 0h9v9" fill="url(#a{j})"/></pattern>',
        "mask": "<mask id='a{i}'><path d='M0 0h9v9' style='mask:url(\"#a{j}\")'/></mask>",
        "marker": '<marker id="a{i}"><path d="M0 0h9" marker-end="url(#a{j})"/></marker>',
        "sheet": "<style>.c{i}{{fill:url(#a{j})}}</style>"
        '<pattern id="a{i}"><path d="M0 0h9v9" class="c{i}"/></pattern>',
    }[kind]
    links = "".join(each.format(i=i, j=i + 1) for i in range(n))
    first = {"use": '<use href="#a0"/>', "mask": '<path mask="url(#a0)" d="M0 0h9v9"/>'}
    return drawing(links + first.get(kind, '<path fill="url(#a0)" d="M0 0h9v9"/>'))


@pytest.mark.parametrize("kind", ["use", "pattern", "mask", "marker", "sheet"])
def test_chains_of_references_are_deep(kind):
    assert rasterise(chain(kind, 20), Reading())
    before = time.process_time()
    with pytest.raises(Unusable, match="more than 200"):
        rasterise(chain(kind, 20_000), Reading())
    assert time.process_time() - before < 5


def test_the_deepest_drawing_that_is_let_through_does_not_end_the_process():
    code = "import sys; from medici.studio.data.svg import rasterise; "
    code += "from medici.studio.data.picture import Reading; "
    code += "rasterise(sys.stdin.buffer.read(), Reading())"
    for data in (chain("use", 95), drawing("<g opacity='.9'>" * 198 + SQUARE + "</g>" * 198)):
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_many_gradients_in_a_style_sheet_are_not_deep():
    rules = "".join(f".c{i}{{fill:url(#g{i})}}" for i in range(400))
    gradients = "".join(f'<linearGradient id="g{i}"><stop/></linearGradient>' for i in range(400))
    drawing_of_many = drawing(f"<style>{rules}</style><defs>{gradients}</defs>" + SQUARE)
    assert (drawn(drawing_of_many, Reading())[6, 6] == [192, 0, 0, 255]).all()


def test_many_elements_beside_each_other_are_not_deep():
    many = "<g><path d='M0 0'/><!-- <g> --></g>" * 1000 + SQUARE
    assert (drawn(drawing(many), Reading())[6, 6] == [192, 0, 0, 255]).all()


def test_entities_that_multiply_are_refused():
    lol = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    bomb = f'<!DOCTYPE svg [<!ENTITY a0 "<g/>">{lol}]>'.encode() + drawing("&a9;")
    with pytest.raises(Unusable, match="cannot be drawn"):
        rasterise(bomb, Reading())


def test_embedded_pictures_and_own_symbols_are_fine():
    own = '<defs><rect id="a" width="16" height="16" fill="#00ff00"/></defs><use href="#a"/>'
    assert (drawn(drawing(own), Reading()) == [0, 255, 0, 255]).all()
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (0, 255, 0)).save(file, "PNG")
    code = base64.b64encode(file.getvalue()).decode()
    inside = f'<image width="16" height="16" href="data:image/png;base64,{code}"/>'
    assert (drawn(drawing(inside), Reading()) == [0, 255, 0, 255]).all()

"""Works made of curves are curves on pages and in icon files; other files are left alone."""

from __future__ import annotations

import io

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from medici.studio import load_model
from medici.studio.making import campaign as campaigns
from medici.studio.making import layout, page
from medici.studio.making.brand import BrandKit
from medici.studio.making.campaign import Concept, campaign
from medici.studio.making.curves import Curves, Layer, curves_of, read_curves
from medici.studio.making.formats import FORMATS
from medici.studio.making.page import Picture
from medici.studio.making.upscale import resized, to_svg

resvg_py = pytest.importorskip("resvg_py")

COPY = layout.Copy("Faces nobody has met")
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8" viewBox="0 0 64 64">'
ARCH = '<path fill="#112233" fill-rule="evenodd" d="M0 64C0 0 64 0 64 64Z"/>'


@pytest.fixture(scope="module")
def ink():
    return load_model("ink")


@pytest.fixture(scope="module")
def shown(ink):
    work = ink.sample(7, {"scale": 4, "ground": "#edae49"})
    return layout.show(work.pixels, "face 7", curves=curves_of(ink, work))


def drawn(svg):
    data = bytes(resvg_py.svg_to_bytes(svg_string=svg.decode(), skip_system_fonts=True))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_a_file_of_filled_paths_is_read_whole():
    ground = '<path fill="#ffffff" d="M0 0H64V64H0Z"/>'
    told = read_curves(f"{HEAD}<title>one &amp; all</title>{ground}{ARCH}</svg>\n".encode())
    assert (told.width, told.height) == (64, 64)
    assert [layer.colour for layer in told.layers] == ["#ffffff", "#112233"]
    assert [layer.even_odd for layer in told.layers] == [False, True]
    assert told.as_svg() == ground + ARCH
    corners = [at for kind, at in told.layers[0].outline()]
    assert corners == [(0, 0), (64, 0), (64, 64), (0, 64), ()]
    steps = Layer("#000000", "M1 2.5L-3 4C1 2 3 4 5 6V9H7Z").outline()
    assert [kind for kind, _ in steps] == ["M", "L", "C", "L", "L", "Z"]
    assert steps[3:5] == (("L", (5, 9)), ("L", (7, 9)))


@pytest.mark.parametrize(
    "inside",
    [
        "",
        '<path fill="#112233" d="M0 0H64V64H0Z"/>',  # no curve: pixels do it better
        ARCH + "<script>1</script>",
        ARCH + '<image href="file:///etc/passwd"/>',
        ARCH.replace("<path ", '<path onload="1" '),
        ARCH.replace("#112233", "url(#g)"),
        ARCH.replace("C", "c"),
        ARCH.replace("0 64 0 64", "0 64"),
        ARCH.replace("64Z", "64A5 5 0 0 1 9 9Z"),
        f"<g>{ARCH}</g>",
    ],
)
def test_any_other_file_is_none(inside):
    assert read_curves(f"{HEAD}{inside}</svg>".encode()) is None


def test_files_that_are_no_such_svg_are_none(tiles):
    assert read_curves(b"\xff\xfe") is None
    assert read_curves(b"PNG") is None
    work = tiles.sample(3)
    assert read_curves(to_svg(work.pixels, "tile")) is None
    assert curves_of(tiles, work) is None


@pytest.mark.parametrize("name", ["ink", "icons"])
def test_models_of_ours_that_draw_curves_are_read(name):
    model = load_model(name)
    work = model.sample(3, {"scale": 2})
    found = curves_of(model, work)
    assert isinstance(found, Curves)
    assert found.as_svg() in model.export(work, "svg").decode()


def test_models_without_curves_have_none(portraits):
    assert curves_of(portraits, portraits.sample(1)) is None


def test_a_page_draws_the_curves_where_the_picture_is(shown):
    assert not shown.crisp
    done = layout.compose(FORMATS["square"], COPY, [shown], BrandKit("Casa"))
    mark = next(m for m in done.marks if isinstance(m, Picture) and m.curves)
    svg = page.to_svg(done)
    assert shown.curves.as_svg().encode() in svg
    assert b"<image" not in svg
    assert len(svg) < 60_000
    box = np.s_[mark.y : mark.y + mark.height, mark.x : mark.x + mark.width]
    wanted = resized(shown.pixels, mark.width, mark.height)[..., :3].astype(int)
    assert (np.abs(drawn(svg)[box] - wanted).max(-1) > 64).mean() < 0.004


def test_a_pdf_draws_the_same_curves_and_cuts_them_at_the_edge(shown):
    outside = Layer("#ff00ff", "M-64 -64H128V128H-64Z")
    curves = Curves(64, 64, (outside, *read_curves(f"{HEAD}{ARCH}</svg>".encode()).layers))
    picture = Picture(20, 30, np.zeros((50, 50, 4), np.uint8), crisp=False, curves=curves)
    sheet = page.Page(100, 120, "", marks=[page.Fill(0, 0, 100, 120, "#ffffff"), picture])
    document = pypdfium2.PdfDocument(page.to_pdf(sheet))
    scale = 1 / sheet.points
    seen = np.asarray(document[0].render(scale=scale).to_pil().convert("RGB")).astype(int)
    document.close()
    flat = drawn(page.to_svg(sheet))
    assert (np.abs(seen - flat).max(-1) > 64).mean() < 0.01
    for pixels in (seen, flat):
        assert (pixels[[25, 85, 50, 50], [40, 40, 15, 75]] == 255).all()
        assert pixels[32, 22].tolist() == [255, 0, 255]
        assert pixels[70, 45].tolist() == [0x11, 0x22, 0x33]


def test_a_work_of_curves_that_stands_runs_on_into_the_bleed():
    pixels = np.full((64, 64, 4), 255, np.uint8)
    pixels[40:, 10:50, :3] = 9
    curves = read_curves(f"{HEAD}{ARCH}</svg>".encode())
    standing = layout.show(pixels, "hill", curves=curves)
    assert standing.stands
    done = layout.compose(FORMATS["postcard-a6"], COPY, [standing], BrandKit("Casa"))
    below, picture = (m for m in done.marks if isinstance(m, Picture))
    assert picture.curves == curves
    assert below.curves is None
    assert (below.y, below.height) == (done.height, done.bleed)
    assert picture.y + picture.height == done.height


def test_a_campaign_of_ink_has_curves_in_its_pages_and_its_icon(ink, tmp_path):
    concept = Concept(COPY, (7, 8), {"scale": 4})
    campaign(ink, concept, BrandKit("Casa"), tmp_path, formats=["story", "icons"], files=["svg"])
    works = campaigns.make_works(ink, concept, BrandKit("Casa"))
    first = curves_of(ink, works[0]).as_svg().encode()
    assert first in (tmp_path / "story.svg").read_bytes()
    icon = (tmp_path / "icons" / "icon.svg").read_bytes()
    assert first in icon
    assert b"<title>picture 7 by ink</title>" in icon
    with Image.open(tmp_path / "icons" / "icon-512.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert (np.abs(drawn(icon) - pixels).max(-1) > 64).mean() < 0.004

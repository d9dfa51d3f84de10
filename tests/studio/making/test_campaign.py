import io
import json

import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medici.content import content_digest
from medici.errors import BadStyle, UnreadableFile, WrongUse
from medici.records import Digest
from medici.studio import load_model
from medici.studio.making import campaign as campaigns
from medici.studio.making import layout, page
from medici.studio.making.brand import BrandKit
from medici.studio.making.campaign import Concept, campaign
from medici.studio.making.colours import contrast
from medici.studio.making.formats import FORMATS, chosen
from medici.studio.making.lettering import bounds
from medici.studio.making.page import Fill, Picture, Words
from medici.studio.making.upscale import enlarge

COPY = layout.Copy(
    "Tiles nobody has laid",
    "Four colours and a mirror. Every tile can be made again, bit for bit, by anybody.",
    "New collection",
)
KIT = BrandKit("Casa", url="casa.example")
CONCEPT = Concept(COPY, (1, 2, 3, 4, 5, 6), {"scale": 1})
colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def works_of(tiles, kit=KIT):
    return [layout.show(w.pixels, str(w.seed)) for w in campaigns.make_works(tiles, CONCEPT, kit)]


def pages(tiles, words=COPY, kit=KIT):
    return {n: layout.compose(f, words, works_of(tiles), kit) for n, f in FORMATS.items()}


def test_a_campaign_writes_every_piece_and_says_what_it_is_made_of(tiles, tmp_path):
    told = []
    made = campaign(
        tiles, CONCEPT, KIT, tmp_path, formats=["square", "icons"], progress=told.append
    )
    assert json.loads((tmp_path / "manifest.json").read_text()) == made
    assert told == [1, 2]
    assert made["brand"]["digest"] == KIT.digest
    for piece in made["pieces"]:
        assert Digest.of((tmp_path / piece["file"]).read_bytes()) == piece["sha256"]
        assert set(piece["works"]) <= {work["id"] for work in made["works"]}
    for work in made["works"]:
        assert content_digest(tiles.sample(work["seed"], work["style"])) == work["id"]
    files = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {"manifest.json", *(piece["file"] for piece in made["pieces"])}
    for piece in made["pieces"]:
        if piece["file"].endswith(".png"):
            with Image.open(tmp_path / piece["file"]) as image:
                assert list(image.size) == piece["size"]
    with Image.open(tmp_path / "icons" / "favicon.ico") as icon:
        assert icon.info["sizes"] == {(16, 16), (32, 32), (48, 48)}
    again = tmp_path / "again"
    assert campaign(tiles, CONCEPT, KIT, again, formats=["square", "icons"]) == made


def test_words_stand_in_the_safe_area_and_can_be_read(tiles):
    for name, done in pages(tiles).items():
        top, right, bottom, left = FORMATS[name].safe
        words = [mark for mark in done.marks if isinstance(mark, Words)]
        assert len(words) >= 4
        assert done.notes == []
        for mark in words:
            x0, y0, x1, y1 = bounds(mark.outline)
            slack = mark.size / 12
            assert x0 >= left - slack, (name, mark.text)
            assert x1 <= done.width - right + slack, (name, mark.text)
            assert y0 >= top - slack, (name, mark.text)
            # Descenders of the footer may hang; what a platform covers is below them still.
            assert y1 <= done.height - bottom + mark.size / 3, (name, mark.text)
            assert campaigns.contrast(mark.colour, mark.ground) >= 4.5


def test_words_do_not_touch_each_other_or_a_work(tiles):
    for name, done in pages(tiles).items():
        boxes = [bounds(m.outline) for m in done.marks if isinstance(m, Words)]
        shown = [
            (m.x, m.y, m.x + m.width, m.y + m.height) for m in done.marks if isinstance(m, Picture)
        ]
        for i, one in enumerate(boxes):
            for other in [*boxes[i + 1 :], *shown]:
                apart = (
                    one[2] <= other[0]
                    or other[2] <= one[0]
                    or one[3] <= other[1]
                    or other[3] <= one[1]
                )
                assert apart, name


def test_a_flood_of_words_is_cut_and_told_but_never_overflows(tiles):
    flood = layout.Copy(
        "Tiles " * 40, "word " * 400, "kicker " * 20, "https://casa.example/" + "x" * 80
    )
    for name, done in pages(tiles, flood).items():
        assert any("cut" in note for note in done.notes)
        for mark in done.marks:
            if isinstance(mark, Words):
                x0, y0, x1, y1 = bounds(mark.outline)
                assert -1 <= x0 < x1 <= done.width + 1, name
                assert -1 <= y0 < y1 <= done.height + 1, name


def test_works_are_whole_and_enlarged_by_whole_factors(tiles):
    for done in pages(tiles).values():
        drawn = page.to_pixels(done)
        assert drawn.shape == (done.height, done.width, 3)
        shown = [m for m in done.marks if isinstance(m, Picture) and m.alt and m.crisp]
        assert shown
        for mark in shown:
            exact = enlarge(mark.pixels, mark.factor)[..., :3]
            seen = drawn[mark.y : mark.y + mark.height, mark.x : mark.x + mark.width]
            assert (seen == exact).all()


def test_panels_cover_the_page_and_run_into_the_bleed(tiles):
    for done in pages(tiles).values():
        covered = np.zeros((done.height + 2 * done.bleed, done.width + 2 * done.bleed), bool)
        for mark in done.marks:
            if isinstance(mark, Fill):
                x, y = round(mark.x) + done.bleed, round(mark.y) + done.bleed
                covered[y : y + round(mark.height), x : x + round(mark.width)] = True
        assert covered.all()


def test_a_pdf_has_the_size_the_words_and_the_pictures(tiles):
    done = pages(tiles)["postcard-a6"]
    data = page.to_pdf(done)
    assert data == page.to_pdf(done)
    document = pypdfium2.PdfDocument(data)
    sheet = document[0]
    left, bottom, right, top = sheet.get_trimbox()
    assert (right - left) / 72 * 25.4 == pytest.approx(148, abs=0.1)  # A6 in millimetres
    assert (top - bottom) / 72 * 25.4 == pytest.approx(105, abs=0.1)
    assert sheet.get_width() == pytest.approx((done.width + 2 * done.bleed) * 72 / 300)
    text = sheet.get_textpage().get_text_range()
    for word in ("NEW COLLECTION", "nobody", "Casa", "casa.example"):
        assert word in text
    seen = np.asarray(sheet.render(scale=300 / 72).to_pil().convert("RGB"))
    drawn = page.to_pixels(done)
    b = done.bleed
    gap = np.abs(seen[b : b + done.height, b : b + done.width].astype(int) - drawn)
    assert (gap.max(-1) > 40).mean() < 0.01  # edges of letters differ by the renderer
    document.close()


def test_a_faint_logo_gets_a_plate_and_a_clear_one_does_not(tiles, tmp_path):
    for colour, plated in (((250, 250, 245), True), ((30, 30, 40), False)):
        Image.new("RGB", (300, 100), colour).save(tmp_path / "logo.png")
        kit = BrandKit("Casa", logo=tmp_path / "logo.png")
        done = layout.compose(FORMATS["square"], COPY, works_of(tiles), kit)
        assert any("faint" in note for note in done.notes) == plated
        mark = next(m for m in done.marks if isinstance(m, Picture) and "logo" in m.alt)
        assert mark.width == pytest.approx(3 * mark.height, abs=3)  # not distorted
        assert mark.x >= 64
        assert mark.y + mark.height <= 1080 - 64 + 1


def test_grounds_are_of_the_brand_and_stand_out(tiles):
    works = campaigns.make_works(tiles, CONCEPT, KIT)
    grounds = [work.style["ground"] for work in works]
    assert set(grounds) <= set(KIT.palette)
    assert len(set(grounds)) > 1
    figure = np.zeros((4, 4, 4), np.uint8)
    figure[1:] = [255, 255, 255, 255]
    assert campaigns.stands_out(figure, ["#fefefe", "#202020", "#eeeeee"]) == "#202020"


@given(colours, colours, colours, colours)
def test_ink_and_ground_of_a_brand_can_be_told_apart_whatever_its_colours(a, b, c, told):
    kit = BrandKit("Casa", ground=a, ink=b, accent=c, others=(told,))
    for style in ({}, {"ink": told}, {"ground": told}):
        pairs = campaigns.inked(kit, style, 4)
        assert len(pairs) == 4
        for pair in pairs:
            assert not style.keys() & pair.keys()
            both = {**style, **pair}
            assert contrast(both["ink"], both["ground"]) >= 3
    for given_ in ({"ground": told, "ink": told}, {"ground": "transparent"}):
        assert campaigns.inked(kit, given_, 1) == [{}]


def test_icons_of_a_campaign_wear_the_brands_ink():
    concept = Concept(COPY, (1, 2, 3), {"scale": 2})
    works = campaigns.make_works(load_model("icons"), concept, BrandKit("Casa", accent="#d1495b"))
    assert {work.style["ink"] for work in works} == {KIT.ink}
    assert len({work.style["ground"] for work in works}) == 3
    assert {work.style["ground"] for work in works} <= set(KIT.palette)


def test_a_smooth_work_is_scaled_evenly_and_shown_whole():
    ramp = np.zeros((300, 200, 4), np.uint8)
    ramp[..., 0] = np.linspace(0, 255, 300)[:, None]
    ramp[..., 1] = np.linspace(0, 255, 200)[None]
    ramp[..., 3] = 255
    shown = layout.show(ramp, "ramp")
    assert not shown.crisp
    done = layout.compose(FORMATS["square"], COPY, [shown], KIT)
    mark = next(m for m in done.marks if isinstance(m, Picture))
    assert mark.width / mark.height == pytest.approx(2 / 3, rel=0.01)
    drawn = page.to_pixels(done)[mark.y : mark.y + mark.height, mark.x : mark.x + mark.width]
    assert np.abs(drawn.astype(int) - mark.pixels[..., :3]).max() <= 2


def test_a_texture_covers_its_panel_and_the_bleed_without_being_scaled(tiles):
    texture = np.random.default_rng(5).integers(0, 256, (96, 80, 4), dtype=np.uint8)
    texture[..., 3] = 255
    shown = layout.show(texture, "texture", tiles=True)
    done = layout.compose(FORMATS["postcard-a6"], COPY, [shown], KIT)
    panel = next(m for m in done.marks if isinstance(m, Fill))
    mark = next(m for m in done.marks if isinstance(m, Picture))
    assert (mark.x, mark.y, mark.width, mark.height) == (
        panel.x,
        panel.y,
        panel.width,
        panel.height,
    )
    assert mark.y == -done.bleed
    assert mark.x + mark.width == done.width + done.bleed
    ys, xs = np.arange(mark.height) % 96, np.arange(mark.width) % 80
    assert (mark.pixels == texture[ys[:, None], xs]).all()
    drawn = page.to_pixels(done)[:, mark.x :]
    b = done.bleed
    assert (drawn == mark.pixels[b : b + done.height, : drawn.shape[1], :3]).all()


def test_icons_keep_whole_pixels(tiles):
    shown = works_of(tiles)[0]
    for side in (16, 32, 48, 180, 512):
        pixels = campaigns.icon(shown, side)
        assert pixels.shape == (side, side, 4)
        assert (pixels[..., 3] == 255).all()
        factor = side // 8
        inset = (side - 8 * factor) // 2
        top = side - 8 * factor if shown.stands else inset
        part = pixels[top : top + 8 * factor, inset : inset + 8 * factor]
        assert (part == enlarge(shown.pixels, factor)).all()


def test_a_concept_is_read_and_checked(tmp_path):
    path = tmp_path / "concept.toml"
    path.write_text('title = "T"\nseeds = [1, 2]\n[style]\npsi = 0.5\n')
    assert Concept.read(path) == Concept(layout.Copy("T"), (1, 2), {"psi": 0.5})
    for text, said in (
        ("seeds = [1]", "headline"),
        ('title = "T"', "1 to 16 works"),
        ('title = "T"\nseeds = "1"', "list of whole numbers"),
        ('titel = "T"\nseeds = [1]', "unknown key 'titel'"),
        ("title = 7\nseeds = [1]", "title must be text"),
        ('title = "T"\nseeds = [1]\nstyle = 3', "style must be a table"),
    ):
        path.write_text(text)
        with pytest.raises(WrongUse, match=said):
            Concept.read(path)
    path.write_text("title = ")
    with pytest.raises(UnreadableFile, match=r"concept\.toml"):
        Concept.read(path)


def test_what_cannot_be_made_is_refused_before_anything_is_written(tiles, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(WrongUse, match="no format is called 'sqare'"):
        campaign(tiles, CONCEPT, KIT, out, formats=["sqare"])
    with pytest.raises(WrongUse, match="'gif'"):
        campaign(tiles, CONCEPT, KIT, out, files=["gif"])
    with pytest.raises(BadStyle):
        campaign(tiles, Concept(COPY, (1,), {"psi": 9}), KIT, out)
    with pytest.raises(WrongUse, match="no letters"):
        campaign(tiles, Concept(layout.Copy("美"), (1,)), KIT, out, formats=["square"])
    assert not out.exists()
    assert chosen([]) == [*FORMATS, "icons"]


def test_an_svg_needs_nothing_else_and_escapes_its_words(tiles):
    words = layout.Copy('Tiles & "faces" <here>')
    svg = page.to_svg(layout.compose(FORMATS["square"], words, works_of(tiles), KIT)).decode()
    assert "<text" not in svg
    assert "href" not in svg
    assert 'aria-label="Tiles &amp; &quot;faces&quot;' in svg
    with Image.open(io.BytesIO(page.to_png_bytes(pages(tiles)["banner"]))) as image:
        assert image.size == (1500, 500)

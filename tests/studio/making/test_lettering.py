import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from medici.errors import UnreadableFile, WrongUse
from medici.studio.making.lettering import (
    BOLD,
    REGULAR,
    Typeface,
    bounds,
    even,
    fit,
    typeface,
    wrap,
)

WORDS = st.lists(
    st.sampled_from(["a", "of", "machine", "neighbours", "AVATAR", "1492", "je"]), min_size=1
)


def test_lines_are_as_long_as_another_library_measures_them():
    face = typeface(REGULAR)
    font = ImageFont.truetype(REGULAR, 1000, layout_engine=ImageFont.Layout.BASIC)
    for text in ("n", "1", "M", "ü"):  # alone, so that kerning has no say
        assert face.line(text, 1000).width == pytest.approx(font.getlength(text), abs=2)


def test_pairs_are_kerned_and_tracking_adds_up():
    face = typeface(BOLD)
    pair = face.line("AV", 1000).width
    assert pair < face.line("A", 1000).width + face.line("V", 1000).width
    spaced = typeface(BOLD, 0.1).line("HHH", 1000).width
    assert spaced == pytest.approx(face.line("HHH", 1000).width + 200)


@settings(max_examples=40, deadline=None)
@given(WORDS, st.integers(60, 600), st.integers(20, 300))
def test_text_never_leaves_its_box(words, width, height):
    face = typeface(REGULAR)
    block = fit(face, " ".join(words), width, height, 60, 8)
    assert block.width <= width + 1e-6
    assert block.height <= height + 1e-6
    said = " ".join(line.text for line in block.lines)
    assert said == " ".join(words) if not block.cut else said.endswith("…") or not said
    outline = [step for _, _, steps in block.placed(10, 20) for step in steps]
    if outline:
        left, top, right, bottom = bounds(outline)
        # Side bearings and round letters reach out a little, never more than a twelfth of an em.
        slack = block.size / 12
        assert left >= 10 - slack
        assert right <= 10 + width + slack
        assert top >= 20 - slack
        assert bottom <= 20 + block.height + slack


def test_the_largest_size_that_fits_is_taken():
    face = typeface(REGULAR)
    block = fit(face, "Faces", 200, 400, 300, 5, most_lines=1)
    assert not block.cut
    assert face.line("Faces", block.size / 0.97 + 0.02).width > 200
    assert fit(face, "Faces", 2000, 400, 30, 5).size == 30


def test_lines_are_broken_evenly():
    face = typeface(REGULAR)
    text = "every face can be made again by anybody at all"
    lines = even(face, wrap(face, text, 20, 330), 20, 330)
    widths = [face.line(line, 20).width for line in lines]
    assert len(lines) == 2
    assert min(widths) > 0.75 * max(widths)
    assert wrap(face, "unbreakable", 20, 10) is None


def test_letters_that_a_font_lacks_are_named():
    with pytest.raises(WrongUse, match="no letters for 'ψ美'"):
        fit(typeface(REGULAR), "美 of ψ", 100, 100, 20, 10)


def test_what_is_no_font_is_refused(tmp_path):
    path = tmp_path / "no.ttf"
    path.write_bytes(b"not a font at all")
    with pytest.raises(UnreadableFile, match=r"no\.ttf is not a font"):
        Typeface(path)
    with pytest.raises(UnreadableFile, match=r"none\.ttf"):
        Typeface(tmp_path / "none.ttf")

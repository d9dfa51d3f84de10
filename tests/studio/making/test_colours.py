import pytest
from hypothesis import given
from hypothesis import strategies as st

from medici.errors import BadStyle
from medici.studio.making.colours import (
    colour_or_none,
    contrast,
    mix,
    parse_colour,
    readable_on,
    rgb,
)

colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def test_contrast_is_what_the_guideline_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#0000ff", "#ffffff") == pytest.approx(8.59, abs=0.005)


@given(colours, colours)
def test_whatever_is_wanted_the_colour_given_can_be_read(ground, wanted):
    given_ = readable_on(ground, wanted)
    assert contrast(given_, ground) >= 4.5
    assert given_ == wanted or contrast(wanted, ground) < 4.5


@given(colours, colours)
def test_mixing_ends_at_both_colours(one, other):
    assert mix(one, other, 0) == one
    assert mix(one, other, 8) == other
    for a, b, m in zip(rgb(one), rgb(other), rgb(mix(one, other, 3)), strict=True):
        assert min(a, b) <= m <= max(a, b)


def test_colours_are_understood_as_people_write_them():
    assert parse_colour(" #FA0 ") == colour_or_none("#FFAA00") == "#ffaa00"
    assert colour_or_none("transparent") is colour_or_none(None) is None
    for wrong in ("red", "#12345", 7, None, "#gggggg"):
        with pytest.raises(BadStyle):
            parse_colour(wrong)

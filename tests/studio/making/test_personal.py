import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medici.content import content_digest
from medici.errors import BadStyle, WrongUse
from medici.records import canonical_json
from medici.studio import load_model
from medici.studio.making.colours import contrast, mix
from medici.studio.making.personal import PARAMETERS, Personal, ink_of, palette_of
from medici.studio.stylebook import Choice, StyleVersion

WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest.fixture(scope="module")
def icons():
    return load_model("icons")


def test_a_receipt_is_enough_to_derive_the_work_again(tiles):
    given_ = {"name": "Lucrezia", "date": "1470-04-09", "wallet": WALLET, "colours": ["#F80"]}
    work, receipt = Personal.of(given_).work(tiles)
    assert receipt["parameters"]["colours"] == ["#ff8800"]
    again, same = Personal.of(receipt["parameters"]).work(tiles)
    assert content_digest(again) == content_digest(work)
    assert same == receipt
    assert content_digest(tiles.sample(receipt["seed"], receipt["style"])) == content_digest(work)


def test_the_seed_is_the_one_that_is_written_down(tiles):
    _, receipt = Personal.of({"name": "Lucrezia"}).work(tiles)
    message = canonical_json(
        {
            "model": tiles.id,
            "parameters": {"name": "Lucrezia"},
            "style": StyleVersion().digest,
        }
    )
    data = hashlib.shake_256(b"medici/personal/1\0" + message).digest(8)
    assert receipt["seed"] == int.from_bytes(data, "big") >> 11
    assert receipt["seed"] < 2**53


@given(st.text("abc äöü", min_size=1, max_size=12).filter(str.strip))
def test_one_name_is_one_work_however_it_is_typed(name):
    spaced = "  " + name.replace(" ", "   ") + " "
    split = name.replace("ä", "a\u0308").replace("ö", "o\u0308")
    assert Personal.of({"name": name}) == Personal.of({"name": spaced})
    assert Personal.of({"name": name}) == Personal.of({"name": split})


def test_every_parameter_and_the_style_version_make_another_work(tiles):
    seeds = {
        Personal.of(p).derive(tiles, v)[0]
        for v in (None, StyleVersion(name="other"))
        for p in ({"name": "A"}, {"name": "B"}, {"date": "2026-01-01"}, {"wallet": WALLET})
    }
    assert len(seeds) == 8


def test_favourite_colours_dress_the_work_within_what_is_allowed(tiles):
    _work, receipt = Personal.of({"colours": ["#d1495b", "#00798c"]}).work(tiles)
    assert set(receipt["style"]["palette"]) >= {"#d1495b", "#00798c"}
    assert receipt["style"]["ground"] == "#f4d2d6"
    strict = StyleVersion(allowed=("psi", "ground"), choices={"psi": (Choice(0.5), Choice(0.6))})
    _, receipt = Personal.of({"colours": ["#d1495b"]}).work(tiles, strict)
    assert receipt["style"]["palette"] is None
    assert receipt["style"]["psi"] in (0.5, 0.6)
    tiles.keys = {"scale": ""}
    _seed, style = Personal.of({"colours": ["#d1495b"]}).derive(tiles)
    assert style == {}


@pytest.mark.parametrize("colour", ["#d1495b", "#ffffff", "#000000", "#f6e27f", "#00798c"])
def test_an_ink_can_be_read_on_its_ground(colour):
    ground = mix(colour, "#ffffff", 6)
    assert contrast(ink_of(colour, ground), ground) >= 4.5


@given(st.lists(st.integers(0, 0xFFFFFF), min_size=1, max_size=3))
def test_whatever_the_colours_a_buyers_icon_is_seen(icons, numbers):
    buyer = Personal.of({"colours": [f"#{n:06x}" for n in numbers]})
    _, style = buyer.derive(icons)
    assert contrast(style["ink"], style["ground"]) >= 4.5
    # A version that allows no ink leaves the model's own.
    _, style = buyer.derive(icons, StyleVersion(allowed=("ground",)))
    assert icons.parse(style).problem() is None


def test_favourite_colours_reach_icons_and_textures():
    given = Personal.of({"colours": ["#d1495b", "#00798c"]})
    _, icon = given.derive(load_model("icons"))
    assert icon == {"ground": "#f4d2d6", "ink": ink_of("#d1495b", "#f4d2d6")}
    _, texture = given.derive(load_model("textures"))
    assert set(texture["ramp"]) > {"#d1495b", "#00798c"}
    light = [contrast(c, "#000000") for c in texture["ramp"]]
    assert light == sorted(light)
    small = {**texture, "width": 64, "height": 64}
    assert load_model("textures").sample(3, small).style["ramp"] == texture["ramp"]


def test_a_palette_has_something_to_draw_with():
    for colours in (["#ffffff"], ["#000000"], ["#d1495b", "#edae49"]):
        palette = palette_of(colours)
        assert set(colours) <= set(palette)
        assert len(set(palette)) == len(palette) >= 2
        assert palette == palette_of(colours)
    assert contrast(*[palette_of(["#d1495b"])[i] for i in (0, -1)]) > 7


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": ""},
        {"name": "x" * 65},
        {"name": "a\nb"},
        {"name": 7},
        {"date": "9 April"},
        {"date": "1470-02-30"},
        {"wallet": "0x12"},
        {"wallet": WALLET[:-1] + "e"},
        {"wish": "x" * 281},
        {"sign": "leo"},
    ],
)
def test_what_cannot_be_a_parameter_is_refused(wrong):
    with pytest.raises(WrongUse):
        Personal.of(wrong)
    assert set(PARAMETERS) == {"name", "date", "wallet", "colours", "wish"}


@pytest.mark.parametrize("colours", [[], "red", ["#12"], ["#000000"] * 9])
def test_what_is_no_colour_is_refused(colours):
    with pytest.raises(BadStyle):
        Personal.of({"colours": colours})

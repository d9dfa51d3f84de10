import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from medici.errors import BadStyle, MediciError, UnreadableFile, WrongUse
from medici.studio.making.brand import BrandKit, logo_pixels
from medici.studio.making.lettering import BOLD

KIT = """
name = "Casa"
tone = "plain"
logo = "logo.svg"
[palette]
ground = "#FFF"
accent = "#d1495b"
[fonts]
headline = "own.ttf"
"""
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><path d="M10 0h20v20h-20z"/></svg>'
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "brand.toml").write_text(KIT)
    (tmp_path / "logo.svg").write_text(SVG)
    (tmp_path / "own.ttf").write_bytes(BOLD.read_bytes())
    return tmp_path


def test_a_kit_is_read_with_its_files(folder):
    kit = BrandKit.read(folder / "brand.toml")
    assert (kit.name, kit.ground, kit.ink) == ("Casa", "#ffffff", "#1d1a26")
    assert kit.font("headline") == folder / "own.ttf"
    assert kit.font("text").name == "SpaceGrotesk-Regular.ttf"
    data = {"name": "Casa", "tone": "plain", "logo": "logo.svg", "fonts": {"headline": "own.ttf"}}
    data["palette"] = {"ground": "#fff", "accent": "#D1495B"}
    (folder / "brand.json").write_text(json.dumps(data))
    assert BrandKit.read(folder / "brand.json") == kit


def test_the_digest_changes_with_a_colour_and_with_a_files_contents(folder):
    before = BrandKit.read(folder / "brand.toml").digest
    (folder / "logo.svg").write_text(SVG.replace("h20v", "h18v"))
    changed = BrandKit.read(folder / "brand.toml").digest
    (folder / "brand.toml").write_text(KIT.replace("#d1495b", "#d1495c"))
    assert len({before, changed, BrandKit.read(folder / "brand.toml").digest}) == 3


def test_a_logo_is_cut_to_what_is_seen(folder):
    pixels = logo_pixels(folder / "logo.svg", 40)
    assert pixels.shape == (40, 40, 4)  # of 80×40, the middle half is drawn
    raster = np.zeros((9, 9, 4), np.uint8)
    raster[2:4, 3:8] = 255
    Image.fromarray(raster).save(folder / "logo.png")
    assert logo_pixels(folder / "logo.png", 40).shape == (2, 5, 4)


def test_a_logo_cannot_blow_up_or_read_this_machines_files(folder):
    wide = SVG.replace("0 0 40 20", "0 0 4000 20")
    (folder / "logo.svg").write_text(wide.replace("h20v", "h3990v").replace("h-20", "h-3990"))
    assert logo_pixels(folder / "logo.svg", 40).size <= 12 * 40 * 40 * 4
    Image.new("RGB", (9, 9), "red").save(folder / "secret.png")
    inner = f'<image href="{folder / "secret.png"}" width="40" height="20"/>'
    (folder / "logo.svg").write_text(SVG.replace("<path", inner + "<path"))
    with pytest.raises(UnreadableFile, match=r"logo\.svg cannot be drawn: shows another file"):
        logo_pixels(folder / "logo.svg", 40)


def test_a_logo_as_deep_as_is_let_through_is_drawn(folder):
    deep = SVG.replace("<path", "<g opacity='.99'>" * 198 + "<path")
    (folder / "deep.svg").write_text(deep.replace("</svg>", "</g>" * 198 + "</svg>"))
    code = (
        "import sys; from pathlib import Path; from medici.studio.making.brand import logo_pixels; "
    )
    code += "print(logo_pixels(Path(sys.argv[1]), 40).shape)"
    command = [sys.executable, "-c", code, str(folder / "deep.svg")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "(40, 40, 4)\n"), done.stderr


def test_ink_that_cannot_be_read_is_told():
    assert BrandKit("Casa", ground="#ffffff", ink="#eeeeee").problems()[0].startswith("ink #eeeeee")
    assert BrandKit("Casa").problems() == []


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ('name = "Casa"', "", WrongUse, "has a name"),
        ("tone", "tune", WrongUse, "unknown key 'tune'"),
        ("#d1495b", "crimson", BadStyle, "'crimson' is no colour"),
        ("logo.svg", "mark.svg", UnreadableFile, "mark.svg"),
        ("logo.svg", "own.ttf", WrongUse, "own.ttf is none of"),
        ("own.ttf", "other.ttf", UnreadableFile, "other.ttf"),
        ("[palette]", "[palette", UnreadableFile, "is no brand kit"),
        ('"plain"', "7", WrongUse, "tone must be text"),
        ("accent", "accents", WrongUse, "unknown key 'accents'"),
    ],
)
def test_a_kit_that_cannot_be_used_names_file_and_key(folder, old, new, kind, said):
    path = folder / "brand.toml"
    path.write_text(KIT.replace(old, new, 1))
    with pytest.raises(kind, match=said) as caught:
        BrandKit.read(path)
    assert "brand.toml" in caught.value.message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg",
        b"\x89PNG\r\n\x1a\n",
        SVG.replace("M10", "").encode(),
        SVG.replace("<path", "<g>" * 500 + "<path")
        .replace("</svg>", "</g>" * 500 + "</svg>")
        .encode(),
    ],
)
def test_a_logo_that_is_none_is_refused(folder, data):
    for name in ("logo.svg", "logo.png"):
        path = folder / name
        path.write_bytes(data)
        with pytest.raises(UnreadableFile, match=name):
            logo_pixels(path, 20)


def test_a_kit_that_is_not_there_is_said(tmp_path):
    with pytest.raises(MediciError, match=r"none\.toml"):
        BrandKit.read(tmp_path / "none.toml")

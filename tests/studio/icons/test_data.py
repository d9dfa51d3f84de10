from __future__ import annotations

import shutil
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from medici.errors import BadData
from medici.studio.icons.data import SIDE, read_icon, read_icons
from medici.studio.icons.finish import coverage

if TYPE_CHECKING:
    from pathlib import Path

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
    '<circle cx="12" cy="12" r="8" fill="currentColor"/></svg>'
)


def test_a_folder_is_read_with_looks_mirrors_and_digests(icon_folder: Path) -> None:
    icons = read_icons(icon_folder)
    assert icons.pixels.shape == (24, SIDE, SIDE)
    assert icons.looks == ("bold", "fill")
    assert [icons.looks[c] for c in icons.classes[:3]] == ["bold", "fill", "fill"]
    assert icons.mirror.tolist() == [i % 5 != 0 for i in range(24)]
    assert icons.licence == "CC0-1.0"
    assert len(set(icons.digests)) == len(icons.names) == 24


def test_svg_and_png_of_one_drawing_are_nearly_the_same(tmp_path: Path) -> None:
    (tmp_path / "disc.svg").write_text(SVG, "utf-8")
    drawn = read_icon(tmp_path / "disc.svg")
    y, x = np.mgrid[:240, :240] - 119.5
    ink = (np.hypot(x, y) <= 80).astype(np.uint8) * 255
    Image.fromarray(np.dstack([ink * 0] * 3 + [ink])).save(tmp_path / "disc.png")
    assert np.abs(read_icon(tmp_path / "disc.png").astype(int) - drawn).max() <= 12


def test_dark_ink_on_paper_reads_like_ink_on_nothing(tmp_path: Path) -> None:
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[16:48, 20:44, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "bare.png")
    paper = np.where(pixels[..., 3:] > 0, 0, 255).astype(np.uint8).repeat(3, 2)
    Image.fromarray(paper).save(tmp_path / "paper.png")
    assert (read_icon(tmp_path / "bare.png") == read_icon(tmp_path / "paper.png")).all()


def test_what_is_read_is_drawn_again_at_any_size(tmp_path: Path) -> None:
    (tmp_path / "disc.svg").write_text(SVG, "utf-8")
    ink = coverage(read_icon(tmp_path / "disc.svg"), 8) > 127
    y, x = np.mgrid[:256, :256] - 127.5
    truth = np.hypot(x, y) <= 8 / 24 * 256
    assert (ink & truth).sum() / (ink | truth).sum() > 0.98


def bomb() -> bytes:
    """A PNG whose header promises 60,000 pixels a side."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    check = struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + check


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("empty.png", lambda p: p.write_bytes(b""), "empty"),
        ("noise.png", lambda p: p.write_bytes(b"\x89PNG nothing"), "cannot be read"),
        ("ppm.png", lambda p: Image.new("RGB", (64, 64)).save(p, "PPM"), "cannot be read"),
        ("bomb.png", lambda p: p.write_bytes(bomb()), "cannot be read"),
        ("wide.png", lambda p: Image.new("RGBA", (64, 32)).save(p), "not square"),
        ("small.png", lambda p: Image.new("RGBA", (16, 16)).save(p), "16 pixels"),
        ("blank.png", lambda p: Image.new("RGBA", (64, 64)).save(p), "blank"),
        ("white.png", lambda p: Image.new("RGB", (64, 64), "white").save(p), "blank"),
        ("deep.png", lambda p: Image.new("I;16", (64, 64)).save(p), "finer than 8 bits"),
        ("words.svg", lambda p: p.write_text("<svg><text>A</text></svg>", "utf-8"), "text"),
        ("cut.svg", lambda p: p.write_text("<svg", "utf-8"), "words"),
    ],
)
def test_bad_icons_are_named(tmp_path: Path, name: str, make, said: str) -> None:
    make(tmp_path / name)
    with pytest.raises(BadData) as caught:
        read_icon(tmp_path / name)
    assert name in caught.value.message
    if name != "cut.svg":
        assert said in caught.value.message


def test_bad_folders_are_named(tmp_path: Path, icon_folder: Path) -> None:
    with pytest.raises(BadData, match="no data folder"):
        read_icons(tmp_path / "nowhere")
    few = tmp_path / "few"
    few.mkdir()
    for i in range(3):
        shutil.copy(icon_folder / f"{i:03d}.png", few)
    with pytest.raises(BadData, match="holds 3 icons"):
        read_icons(few)
    for i in range(9):
        shutil.copy(icon_folder / "000.png", few / f"{i:03d}.png")
    with pytest.raises(BadData, match="are the same"):
        read_icons(few)
    shutil.copy(icon_folder / "001.png", few / "other.png")
    (few / "source.json").write_text("[", "utf-8")
    with pytest.raises(BadData, match=r"source\.json"):
        read_icons(few)

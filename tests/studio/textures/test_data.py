"""Materials from folders: what is read, how it is cut, what is refused by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from tests.studio.textures.conftest import cloth, soil

from medici.errors import BadData
from medici.studio.textures.data import read_materials, read_texture

if TYPE_CHECKING:
    from pathlib import Path


def test_subfolders_are_materials_and_pictures_alone_are_one(materials: Path) -> None:
    data = read_materials(materials)
    assert data.names == ("cloth", "soil")
    assert data.planes == 1
    assert data.materials[0].waves[0][0] == pytest.approx(1 / 24, abs=1e-3)
    assert data.materials[1].waves == ()
    assert data.files == ("cloth/cloth.png", "soil/soil.png")
    alone = read_materials(materials / "soil")
    assert (alone.names, alone.digests) == (("soil",), data.digests[1:])
    assert data.licence == "not stated"
    assert alone.root != data.root


def test_a_coloured_picture_makes_the_set_coloured(materials: Path) -> None:
    tinted = np.stack([soil(), soil() // 2, soil() // 3], -1)
    Image.fromarray(tinted).save(materials / "soil" / "red.png")
    data = read_materials(materials)
    assert data.planes == 3
    assert [p.shape for p in data.materials[1].pictures] == [(192, 192, 3)] * 2


def test_source_says_licence_and_relief(materials: Path) -> None:
    about = {"licence": "CC0-1.0", "materials": {"cloth": {"relief": -0.5}}}
    (materials / "source.json").write_text(json.dumps(about))
    data = read_materials(materials)
    assert data.licence == "CC0-1.0"
    assert [m.relief for m in data.materials] == [-0.5, 1.0]


def test_crops_come_from_inside_and_are_mirrored_now_and_then(materials: Path) -> None:
    data = read_materials(materials)
    random = np.random.default_rng(0)
    whole = data.materials[1].pictures[0][..., 0]
    windows = np.lib.stride_tricks.sliding_window_view(whole, (96, 96))
    plain = 0
    for _ in range(16):
        cut = data.crop(1, 96, random)[..., 0]
        variants = [cut, cut[::-1], cut[:, ::-1], cut[::-1, ::-1]]
        hits = [(windows[..., 0, :] == v[0]).all(-1).any() for v in variants]
        assert any(hits)
        plain += hits[0]
    assert 0 < plain < 16
    same = [data.crop(0, 96, np.random.default_rng(4), flip=False) for _ in range(2)]
    assert (same[0] == same[1]).all()


def _png(pixels: Any, mode: str | None = None) -> Image.Image:
    image = Image.fromarray(pixels)
    return image.convert(mode) if mode else image


@pytest.mark.parametrize(
    ("name", "picture", "message"),
    [
        ("flat.png", _png(np.full((192, 192), 9, np.uint8)), "of one colour"),
        ("small.png", _png(soil()[:90]), "at least 128 pixels"),
        ("glass.png", _png(np.full((192, 192, 4), 90, np.uint8)), "transparent"),
        ("deep.png", _png(soil().astype(np.uint16)), "finer than 8 bits"),
    ],
)
def test_pictures_that_cannot_be_used_are_named(
    materials: Path, name: str, picture: Image.Image, message: str
) -> None:
    picture.save(materials / "soil" / name)
    with pytest.raises(BadData, match=message) as refused:
        read_materials(materials)
    assert name in refused.value.message


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.png", b"", "is empty"),
        ("broken.png", b"\x89PNG\r\n\x1a\nnonsense", "cannot be read"),
        ("ppm.png", b"P5 128 128 255\n" + bytes(range(128)) * 128, "cannot be read"),
        ("cut.jpg", None, "cannot be read"),
    ],
)
def test_damaged_files_are_named(
    materials: Path, tmp_path: Path, name: str, data: bytes | None, message: str
) -> None:
    if data is None:
        Image.fromarray(soil()).save(tmp_path / "whole.jpg")
        data = (tmp_path / "whole.jpg").read_bytes()[:900]
    (materials / "cloth" / name).write_bytes(data)
    with pytest.raises(BadData, match=message) as refused:
        read_materials(materials)
    assert name in refused.value.message


def test_an_animation_is_refused(materials: Path) -> None:
    frames = [Image.fromarray(np.roll(cloth(), s, 0)) for s in (0, 5)]
    path = materials / "cloth" / "moving.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.raises(BadData, match="animated"):
        read_texture(path)


def test_cmyk_photographs_are_read(materials: Path) -> None:
    Image.fromarray(soil()).convert("CMYK").save(materials / "soil" / "press.jpg")
    assert read_materials(materials).names == ("cloth", "soil")


def test_folders_that_hold_nothing_or_both_are_refused(materials: Path, tmp_path: Path) -> None:
    with pytest.raises(BadData, match="no data folder"):
        read_materials(tmp_path / "nowhere")
    (tmp_path / "bare").mkdir()
    with pytest.raises(BadData, match="no pictures"):
        read_materials(tmp_path / "bare")
    Image.fromarray(soil()).save(materials / "loose.png")
    with pytest.raises(BadData, match=r"both pictures \(loose.png\) and folders"):
        read_materials(materials)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "one JSON object"),
        ('{"materials": {"soil": {"relief": "deep"}}}', "relief 'deep'"),
        ('{"materials": ["soil"]}', "relief None"),
        ('{"materials": {"soil": 7}}', "relief 7"),
        ('{"licence": []}', "licence must be text"),
    ],
)
def test_a_malformed_source_is_named(materials: Path, text: str, message: str) -> None:
    (materials / "source.json").write_text(text)
    with pytest.raises(BadData, match=message):
        read_materials(materials)

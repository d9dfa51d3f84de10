"""Folders of pictures: read exactly, bad files named."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
import structlog
from PIL import Image

from medici.errors import BadData
from medici.logs import logger
from medici.studio.data import folder
from medici.studio.data.folder import (
    colour_counts,
    common_colours,
    data_root,
    read_folder,
    read_picture,
    warn_of_loss,
)


def test_a_folder_becomes_a_set(pictures):
    found = read_folder(pictures)
    assert found.pixels.shape == (24, 16, 16, 4)
    assert found.names[0] == "00.png"
    assert found.transparent
    assert found.licence == "not stated"
    assert found.manifest()["root"] == found.root == data_root(found.digests)
    assert len(found.manifest()["samples"]) == 24


@pytest.mark.parametrize("side", [16, 24, 40])
def test_a_folder_is_read_at_the_side_asked_for(paintings, side):
    found = read_folder(paintings, side)
    assert found.pixels.shape == (20, side, side, 4)
    assert found.side == side
    assert found.manifest()["size"] == [side, side]
    assert not found.transparent


def test_owners_are_counted_for_those_who_will_pay_them(pictures):
    samples = [{"file": f"{i:02d}.png", "owner": "Ann" if i % 3 else "Bob"} for i in range(12)]
    source = {"licence": "MIT", "authors": ["Cy"], "samples": samples}
    (pictures / "source.json").write_text(json.dumps(source))
    found = read_folder(pictures)
    assert found.owners() == {"Ann": 8, "Bob": 4}
    assert found.credits()[0] == {"licence": "MIT", "author": "Cy", "owner": "Bob"}
    assert found.credits()[20] == {"licence": "MIT", "author": "Cy"}
    before = found.manifest()["credits_root"]
    samples[3]["owner"] = "Ann"
    (pictures / "source.json").write_text(json.dumps(source))
    assert read_folder(pictures).root == found.root
    assert read_folder(pictures).manifest()["credits_root"] != before


def test_the_root_follows_every_sample(pictures):
    before = read_folder(pictures).root
    pixels = np.asarray(Image.open(pictures / "05.png")).copy()
    pixels[0, 0] = [1, 2, 3, 255]
    Image.fromarray(pixels).save(pictures / "05.png")
    assert read_folder(pictures).root != before


def test_source_states_licence_and_attributes(pictures):
    source = {
        "licence": "CC-BY-4.0",
        "authors": ["A"],
        "samples": [{"file": "00.png", "attributes": {"hat": "yes"}}],
    }
    (pictures / "source.json").write_text(json.dumps(source))
    found = read_folder(pictures)
    assert found.licence == "CC-BY-4.0"
    assert found.attributes()[:2] == [{"hat": "yes"}, {}]
    assert found.manifest()["about"] == {"licence": "CC-BY-4.0", "authors": ["A"]}


def test_enlarged_pixel_art_is_reduced_exactly(pictures, tmp_path):
    small = np.asarray(Image.open(pictures / "03.png"))
    Image.fromarray(np.repeat(np.repeat(small, 10, 0), 10, 1)).save(tmp_path / "large.png")
    assert (read_picture(tmp_path / "large.png") == small).all()


def test_photographs_are_reduced_by_area(tmp_path):
    image = Image.fromarray(np.tile(np.arange(50, dtype=np.uint8) * 5, (50, 1)))
    image.save(tmp_path / "ramp.png")
    row = read_picture(tmp_path / "ramp.png")[0, :, 0].astype(int)
    assert (np.diff(row) > 0).all()


def test_hidden_colours_do_not_bleed(tmp_path):
    pixels = np.zeros((50, 50, 4), np.uint8)
    pixels[..., 1] = 255  # hidden green
    pixels[:, 10:40] = [200, 0, 0, 255]
    Image.fromarray(pixels).save(tmp_path / "edge.png")
    found = read_picture(tmp_path / "edge.png")
    assert (found[found[..., 3] > 0] == [200, 0, 0, 255]).all()
    assert (found[found[..., 3] == 0] == 0).all()


def _write(folder, name, image):
    path = folder / name
    if isinstance(image, bytes):
        path.write_bytes(image)
    else:
        image.save(path)
    return path


@pytest.mark.parametrize(
    ("name", "image", "words"),
    [
        ("empty.png", b"", "is empty"),
        ("text.png", b"not a picture at all", "cannot be read"),
        ("cut.png", None, "cannot be read"),
        ("wide.png", Image.new("RGB", (32, 16)), "not square"),
        ("tiny.png", Image.new("RGB", (8, 8)), "at least 16"),
        ("huge.png", Image.new("1", (8200, 8200)), "may be 8192"),
        ("deep.png", Image.new("I;16", (16, 16)), "finer than 8 bits"),
    ],
)
def test_bad_pictures_are_named(pictures, name, image, words):
    if image is None:
        image = (pictures / "00.png").read_bytes()[:60]
    path = _write(pictures, name, image)
    with pytest.raises(BadData, match=words) as caught:
        read_folder(pictures)
    assert str(path) in caught.value.message


def test_an_animation_is_named(pictures):
    frames = [Image.new("RGB", (16, 16), c) for c in ("red", "blue", "green")]
    frames[0].save(pictures / "moving.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(BadData, match=r"moving\.gif is animated") as caught:
        read_folder(pictures)
    assert caught.value.hint == "save one frame of it, or build with --first-frame"


def test_only_pictures_of_a_set_are_advised_to_be_built(pictures):
    path = _write(pictures, "00.png", Image.new("RGB", (40, 30)))
    with pytest.raises(BadData, match="is 40×30, not square") as alone:
        read_picture(path, 16)
    assert alone.value.hint == "crop it to a square"
    with pytest.raises(BadData, match="is 40×30, not square") as one:
        read_folder(pictures)
    assert one.value.hint == "crop it to a square, or build with --crop centre or --crop pad"


def test_empty_small_and_uniform_folders_are_refused(pictures, tmp_path):
    with pytest.raises(BadData, match="no data folder"):
        read_folder(tmp_path / "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BadData, match="holds 0 pictures"):
        read_folder(empty)
    for i in range(9):
        Image.new("RGB", (16, 16), "red").save(empty / f"{i}.png")
    with pytest.raises(BadData, match="are the same"):
        read_folder(empty)


def test_a_broken_source_is_named(pictures):
    (pictures / "source.json").write_text("{")
    with pytest.raises(BadData, match=r"source\.json is not JSON"):
        read_folder(pictures)
    for text in (
        *('{"samples": {}}', '{"samples": [{"seed": 1}]}', "[]", '{"samples": 3}'),
        *('{"samples": [3]}', '{"licence": []}', '{"authors": 7}', '{"authors": [null]}'),
        '{"samples": [{"file": "00.png", "attributes": 7}]}',
        '{"samples": [{"file": "00.png", "attributes": {"hat": []}}]}',
        '{"samples": [{"file": "00.png", "owner": {}}]}',
        '{"title": "\\ud800"}',
    ):
        (pictures / "source.json").write_text(text)
        with pytest.raises(BadData, match=r"source\.json"):
            read_folder(pictures)


def test_colours_of_large_sets_are_counted_as_those_of_small_ones(monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 4, (6, 8, 8, 4), np.uint8)
    few = colour_counts(pixels)
    monkeypatch.setattr(folder, "_FEW_PIXELS", 100)
    many = colour_counts(pixels)
    assert [a.tolist() for a in few] == [a.tolist() for a in many]
    assert few[1].sum() == (pixels[..., 3] > 0).sum()


def test_common_colours_come_first():
    pixels = np.zeros((1, 4, 4, 4), np.uint8)
    pixels[0, :2] = [9, 9, 9, 255]
    pixels[0, 2] = [8, 0, 0, 255]
    assert common_colours(pixels, 2).tolist() == [[9, 9, 9], [8, 0, 0]]
    with pytest.raises(BadData):
        common_colours(np.zeros((1, 4, 4, 4), np.uint8))


def test_names_that_are_not_utf_8_are_written_with_escapes(pictures):
    (pictures / "05.png").rename(pictures / os.fsdecode(b"caf\xe9.png"))
    found = read_folder(pictures)
    assert found.names[-1] == "caf\\xe9.png"
    assert json.dumps(found.manifest(), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("picture", "side", "said"),
    [
        (
            Image.effect_noise((96, 96), 50),
            16,
            ["pictures of 96×96 are trained at 16×16", "rows=64"],
        ),
        (Image.effect_noise((40, 40), 50), 16, ["40×40", "rows=32"]),
        (Image.effect_noise((16, 16), 50), 16, []),
        (Image.effect_noise((16, 16), 50).resize((320, 320), Image.Resampling.NEAREST), 16, []),
        (Image.effect_noise((24, 24), 50), 16, []),
        (Image.effect_noise((96, 96), 50), 64, []),
    ],
)
def test_pictures_that_would_lose_much_are_told_of(tmp_path, picture, side, said):
    for i in range(3):
        picture.save(tmp_path / f"{i}.png")
    logger("studio")  # set up before its output is caught
    with structlog.testing.capture_logs() as logs:
        warn_of_loss(tmp_path, side, "rows")
    assert len(logs) == bool(said)
    for words in said:
        assert words in logs[0]["event"]

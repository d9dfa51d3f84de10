"""Single pictures: every kind of file an artist's disk holds, made with Pillow and read back."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from tests.studio.data.conftest import painted

from medici.errors import WrongUse
from medici.studio.data.picture import BUILT_WITH, Reading, Unusable, by_area, decode, load


def as_bytes(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def pixels_of(image):
    return np.asarray(image.convert("RGBA"))


def exact_mean(pixels, side):
    """The definition, in fractions, by weights of overlap."""
    m = len(pixels)
    overlap = np.array(
        [
            [
                max(
                    Fraction(0),
                    min(Fraction((k + 1) * m, side), i + 1) - max(Fraction(k * m, side), i),
                )
                for i in range(m)
            ]
            for k in range(side)
        ],
        dtype=object,
    )
    alpha = pixels[..., 3].astype(object)
    weight = overlap @ alpha @ overlap.T
    planes = [
        np.vectorize(lambda t, w: t / w if w else Fraction(0))(
            overlap @ (pixels[..., c].astype(object) * alpha) @ overlap.T, weight
        )
        for c in range(3)
    ]
    planes.append(weight / Fraction(m, side) ** 2)
    return np.stack([np.vectorize(lambda v: int(v + Fraction(1, 2)))(p) for p in planes], -1)


@given(st.integers(2, 5), st.integers(0, 17), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_averaging_by_area_is_exact(side, more, seed):
    m = side + more
    pixels = np.random.default_rng(seed).integers(0, 256, (m, m, 4), dtype=np.uint8)
    pixels[..., 3] *= np.random.default_rng(seed + 1).integers(0, 2, (m, m), dtype=np.uint8)
    assert (by_area(pixels, side) == exact_mean(pixels, side)).all()


@pytest.mark.parametrize("side", [16, 24, 100, 1024])
def test_any_side_from_16_to_1024(side):
    found, _ = decode(as_bytes(painted(1, 50).resize((1024, 1024))), Reading(side))
    assert found.shape == (side, side, 4)
    assert (found[..., 3] == 255).all()


@pytest.mark.parametrize("side", [15, 1025, -1])
def test_other_sides_are_refused(side):
    with pytest.raises(WrongUse, match="between 16 and 1024"):
        Reading(side)


def test_a_picture_that_fits_is_kept_to_the_pixel():
    image = painted(2, 48)
    found, converted = decode(as_bytes(image), Reading(48))
    assert (found == pixels_of(image)).all()
    assert converted == ()


def test_alpha_is_made_hard_and_hidden_colours_are_forgotten():
    pixels = np.full((16, 16, 4), 200, np.uint8)
    pixels[:, :8, 3] = 127
    pixels[:, 8:, 3] = 128
    found, _ = decode(as_bytes(Image.fromarray(pixels)), Reading())
    assert (found[:, :8] == 0).all()
    assert (found[:, 8:] == [200, 200, 200, 255]).all()


def test_a_ground_replaces_transparency_by_mixing():
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, 8:] = [200, 0, 0, 128]
    found, _ = decode(as_bytes(Image.fromarray(pixels)), Reading(ground=(0, 0, 100)))
    assert (found[:, :8] == [0, 0, 100, 255]).all()
    assert (found[:, 8:] == [100, 0, 50, 255]).all()


def test_cmyk_becomes_rgb():
    image = painted(3).convert("CMYK")
    found, converted = decode(as_bytes(image, "TIFF"), Reading(48))
    assert converted == ("cmyk",)
    assert (found == pixels_of(image.convert("RGB"))).all()


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_16_bit_grey_is_rounded_where_asked_for(form):
    deep = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    data = as_bytes(Image.fromarray(deep), form)
    found, converted = decode(data, Reading(deep=True))
    assert converted == ("16-bit",)
    assert (found[..., 0].ravel() == np.round(deep.ravel() / 257)).all()
    with pytest.raises(Unusable, match="finer than 8 bits"):
        decode(data, Reading())


def test_32_bit_samples_are_refused():
    data = as_bytes(Image.fromarray(np.ones((16, 16), np.float32)), "TIFF")
    with pytest.raises(Unusable, match="32-bit") as caught:
        decode(data, Reading(deep=True))
    assert caught.value.reason == "too-deep"


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_camera_held_sideways_is_turned_upright(orientation):
    image = painted(4, 32)
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned, converted = decode(as_bytes(image, "PNG", exif=exif), Reading(32))
    upright = {
        2: np.fliplr,
        3: lambda p: np.rot90(p, 2),
        4: np.flipud,
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, -1),
        7: lambda p: np.rot90(p.transpose(1, 0, 2), 2),
        8: np.rot90,
    }[orientation]
    assert converted == ("orientation",)
    assert (turned == upright(pixels_of(image))).all()


def test_colours_of_a_profile_become_srgb():
    image = painted(5).convert("RGB")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kept, converted = decode(as_bytes(image, icc_profile=srgb), Reading(48))
    assert converted == ()
    assert (kept == pixels_of(image)).all()
    # Lab's profile does not fit RGB pixels; an honest reader passes it over and says so.
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for wrong in (lab, b"no profile at all"):
        kept, converted = decode(as_bytes(image, icc_profile=wrong), Reading(48))
        assert converted == ("icc-ignored",)
        assert (kept == pixels_of(image)).all()


def swapped_profile():
    """An RGB profile whose red and blue primaries are exchanged, made from sRGB's own."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    text = profile.index("sRGB".encode("utf-16-be"))
    profile[text : text + 8] = "mine".encode("utf-16-be")
    return bytes(profile)


def test_a_profile_of_its_own_changes_the_colours_and_keeps_alpha():
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[4:, :] = [250, 20, 20, 255]
    data = as_bytes(Image.fromarray(pixels), icc_profile=swapped_profile())
    found, converted = decode(data, Reading())
    assert converted == ("icc",)
    assert (found[:4] == 0).all()
    red, _, blue = found[8, 8, :3].astype(int)
    assert blue > 200 > 60 > red


def test_the_first_frame_of_an_animation_where_asked_for():
    frames = [painted(i, 32) for i in range(3)]
    for form in ("GIF", "PNG", "WEBP"):
        options = {"lossless": True} if form == "WEBP" else {}
        data = as_bytes(frames[0], form, save_all=True, append_images=frames[1:], **options)
        with pytest.raises(Unusable, match="is animated") as caught:
            decode(data, Reading(32))
        assert BUILT_WITH[caught.value.reason] == "--first-frame"
        found, converted = decode(data, Reading(32, first_frame=True))
        assert converted == ("first-frame",)
        assert np.abs(found.astype(int) - pixels_of(frames[0])).mean() < 6


def test_a_phones_second_view_is_no_animation():
    views = [painted(i, 32) for i in range(2)]
    data = as_bytes(views[0], "MPO", save_all=True, append_images=views[1:])
    assert decode(data, Reading(32))[1] == ()


def test_cropping_and_padding():
    image = Image.new("RGB", (48, 32), "red")
    image.paste("blue", (8, 0, 40, 32))
    data = as_bytes(image)
    with pytest.raises(Unusable, match="48×32, not square"):
        decode(data, Reading(16))
    centre, _ = decode(data, Reading(32, "centre"))
    assert (centre == [0, 0, 255, 255]).all()
    padded, _ = decode(data, Reading(48, "pad"))
    assert (padded[:8] == 0).all()
    assert (padded[-8:] == 0).all()
    assert (padded[8:40] == pixels_of(image)).all()
    with pytest.raises(WrongUse, match="none of none, centre, pad"):
        Reading(crop="middle")


def claiming(width, height):
    """A PNG that claims a size and holds nothing."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [9000, 12000, 30000])
def test_bombs_are_refused_before_they_go_off(side):
    with pytest.raises(Unusable, match=r"bomb|longest side") as caught:
        decode(claiming(side, side), Reading())
    assert caught.value.reason == "too-large"
    wide = as_bytes(Image.new("1", (9000, 20)))
    with pytest.raises(Unusable, match="longest side may be 8192"):
        decode(wide, Reading(crop="centre"))


def test_a_file_too_large_for_a_picture_is_not_even_read(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate((256 << 20) + 1)  # sparse: takes no room
    with pytest.raises(Unusable, match="larger than 256 MiB"):
        load(path)


@pytest.mark.parametrize("cut", [1, 8, 30, 60, 200])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
def test_cut_files_are_refused(form, cut):
    data = as_bytes(painted(6).convert("RGB"), form)
    with pytest.raises(Unusable, match="cannot be read as a picture") as caught:
        decode(data[:cut], Reading(48))
    assert caught.value.reason == "unreadable"


@given(st.integers(0, 2**32 - 1), st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "GIF"]))
@settings(max_examples=60, deadline=None)
def test_damaged_files_never_break_out(seed, form):
    """Whatever bytes are hit, the answer is a sample or a plain refusal."""
    random = np.random.default_rng(seed)
    data = bytearray(as_bytes(painted(7).convert("RGB"), form))
    for at in random.integers(0, len(data), 8):
        data[at] = random.integers(0, 256)
    try:
        found, _ = decode(bytes(data), Reading(16, "centre", first_frame=True, deep=True))
    except Unusable:
        return
    assert found.shape == (16, 16, 4)


def test_only_formats_of_pictures_are_opened():
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 16\n%%EndComments\nshowpage\n"
    with pytest.raises(Unusable, match="cannot be read as a picture"):
        decode(postscript, Reading())

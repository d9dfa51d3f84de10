import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from medici.errors import UnreadableFile
from medici.studio.making import opening


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def bomb(side):
    """A PNG of a few hundred bytes that says it is enormous."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")


def test_what_people_hand_in_becomes_rgba(tmp_path):
    Image.new("CMYK", (3, 2), (0, 0, 0, 0)).save(tmp_path / "a.jpg")
    Image.new("I;16", (3, 2), 65535).save(tmp_path / "b.png")
    Image.new("P", (3, 2)).save(tmp_path / "c.png")
    for name in ("a.jpg", "b.png", "c.png"):
        pixels = opening.open_pixels(tmp_path / name, "logo")
        assert pixels.shape == (2, 3, 4)
        assert pixels.dtype == np.uint8


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is no picture"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "is no picture"),
        (bomb(9000), "is 9000×9000 pixels"),
        # By Pillow's own limit, or by ours where another room has lifted Pillow's.
        (bomb(60000), "is no picture|is 60000×60000 pixels"),
        (bomb(100), "is no picture"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, data, said):
    path = tmp_path / "mark.png"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=rf"logo .*mark\.png ({said})"):
        opening.open_pixels(path, "logo")


def test_files_that_are_too_large_or_not_there_are_named(tmp_path):
    with pytest.raises(UnreadableFile, match=r"mask .*none\.png cannot be read"):
        opening.open_pixels(tmp_path / "none.png", "mask")
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate((32 << 20) + 1)
    with pytest.raises(UnreadableFile, match=r"huge\.png is larger than 32 MiB"):
        opening.open_pixels(tmp_path / "huge.png", "mask")
    with pytest.raises(UnreadableFile):
        opening.open_pixels(tmp_path, "mask")

"""Strangers' files: whatever they are made of, the verifier answers and lives."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.provenance.world import art, encoded, png_of

from medici.content import picture_digest
from medici.errors import UnreadableFile
from medici.provenance import examine as room
from medici.provenance.examine import examine, examine_here


def bomb(width, height):
    """A small PNG that unpacks to width × height grey pixels."""
    packer = zlib.compressobj(9)
    line = b"\0" * (width + 1)
    data = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return png_of([(b"IHDR", head), (b"IDAT", data), (b"IEND", b"")])


def test_a_path_and_its_bytes_are_the_same(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(encoded(art(1), "PNG"))
    assert examine(file) == examine(file.read_bytes()) == examine_here(file.read_bytes())
    assert examine(file).work == picture_digest(art(1))


def test_an_image_bomb_is_refused_before_it_is_unpacked():
    file = bomb(20_000, 20_000)
    assert len(file) < 1 << 20
    with pytest.raises(UnreadableFile, match="20000×20000"):
        examine(file)


def test_a_child_that_eats_memory_is_stopped(monkeypatch):
    monkeypatch.setattr(room, "MEMORY_BYTES", 1 << 30)
    code = (
        "from medici.provenance import examiner as e\n"
        "print(repr(e.limit(1 << 30, 5)))\n"
        "try: b = bytearray(2 << 30)\n"
        "except MemoryError: print('stopped')\n"
        "try: open('/tmp/medici-must-not-write', 'w').write('x' * 10_000)\n"
        "except OSError: print('wrote nothing')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if sys.platform == "linux":
        assert done.stdout.splitlines() == ["''", "stopped", "wrote nothing"]
    else:
        assert "does not enforce" in done.stdout


def test_a_child_that_spins_is_stopped():
    code = "from medici.provenance import examiner as e\ne.limit(1 << 31, 1)\nwhile True: pass\n"
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode != 0


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"hello",
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 100,
        encoded(art(1), "PNG")[:2000],
        encoded(art(1), "JPEG")[:500],
    ],
)
def test_what_is_no_picture_is_unreadable(file):
    with pytest.raises(UnreadableFile):
        examine(file)


def test_a_missing_file_and_a_folder_are_unreadable(tmp_path):
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(UnreadableFile):
            examine(path)


def test_a_file_beyond_the_limit_is_not_read(tmp_path):
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(room.MAX_FILE_BYTES + 1)
    with pytest.raises(UnreadableFile, match="larger than"):
        examine(huge)


def test_a_module_beside_the_file_is_never_run(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('run')")
    (tmp_path / "a.png").write_bytes(encoded(art(1), "PNG"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert examine(tmp_path / "a.png").work == picture_digest(art(1))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_way_to_store_a_picture_is_decoded(mode):
    image = Image.fromarray(art(1))
    image = image.convert("L").convert("I").convert(mode) if mode == "I;16" else image.convert(mode)
    out = io.BytesIO()
    image.save(out, "PNG")
    found = examine_here(out.getvalue())
    assert len(found.query.prints) == 8
    if mode in ("RGB", "RGBA"):
        assert found.work == picture_digest(art(1))


def test_an_srgb_profile_changes_nothing_and_another_is_told():
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert examine_here(encoded(art(1), "PNG", icc_profile=srgb)).display == ()
    assert examine_here(encoded(art(1), "PNG", icc_profile=lab)).display
    assert examine_here(encoded(art(1), "PNG", icc_profile=b"junk")).display


base = encoded(art(3, scale=4), "PNG")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_damage_is_answered_or_refused_and_nothing_else(data):
    file = bytearray(base)
    for _ in range(data.draw(st.integers(1, 6))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = examine_here(bytes(file))
    except UnreadableFile:
        return
    assert len(found.work) == 64


def test_nothing_heavy_is_imported_to_verify():
    """The whole verify path of the parent: no array library, no decoder, no wallet, no torch."""
    code = (
        "import sys, medici.provenance.verify, medici.provenance.bundle\n"
        "heavy = {'torch', 'web3', 'scipy', 'eth_account', 'pydantic', 'numpy', 'PIL', 'c2pa',"
        " 'cryptography', 'asn1crypto'}\n"
        "print(sorted(heavy & {m.split('.')[0] for m in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_child_imports_no_training_library_and_no_wallet():
    code = (
        "import sys, io\n"
        "from medici.provenance.examiner import answer\n"
        "answer(sys.stdin.buffer.read(), [])\n"
        "heavy = {'torch', 'web3', 'scipy', 'eth_account', 'pydantic'}\n"
        "print(sorted(heavy & {m.split('.')[0] for m in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=encoded(art(1), "PNG"), capture_output=True, check=True
    )
    assert done.stdout.strip() == b"[]"


def test_a_one_pixel_picture_is_a_picture():
    pixel = np.array([[[1, 2, 3, 255]]], np.uint8)
    assert examine_here(encoded(pixel, "PNG")).work == picture_digest(pixel)

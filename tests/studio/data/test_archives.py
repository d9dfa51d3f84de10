"""Archives: read in place, and refused when they mean harm."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import pytest

from medici.errors import BadData
from medici.studio.data.archives import archive
from medici.studio.data.picture import Unusable
from medici.studio.data.sources import open_source

FILES = {"one.png": b"1", "deep/two.jpg": b"22", "readme.txt": b"hello", "__MACOSX/._one.png": b""}


def zipped(path, files, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path


def tarred(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as made:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return path


def everything(source):
    return {item.name: item.read() for item in source.items}


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.zip", zipped),
        ("a.tar", lambda p, f: tarred(p, f, "w")),
        ("a.tar.gz", tarred),
        ("a.tgz", tarred),
        ("a.tar.bz2", lambda p, f: tarred(p, f, "w:bz2")),
        ("a.tar.xz", lambda p, f: tarred(p, f, "w:xz")),
    ],
)
def test_pictures_of_an_archive_are_read_in_place(tmp_path, name, pack):
    path = pack(tmp_path / name, FILES)
    source = open_source(str(path))
    assert everything(source) == {"one.png": b"1", "deep/two.jpg": b"22"}
    assert source.name == name
    assert dict(source.passed_over) == {"not-a-picture": 1, "hidden": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_what_stands_beside_the_pictures_counts(tmp_path, pack):
    files = {"a/p.png": b"1", "a/source.json": b'{"licence": "MIT"}'}
    path = pack(tmp_path / ("a.zip" if pack is zipped else "a.tgz"), files)
    assert [item.about for item in archive(path).items] == [{"licence": "MIT"}]


@pytest.mark.parametrize(
    "name", ["../evil.png", "/etc/evil.png", "a/../../evil.png", "C:\\evil.png"]
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_paths_that_lead_out_are_refused(tmp_path, pack, name):
    path = pack(tmp_path / ("a.zip" if pack is zipped else "a.tgz"), {"fine.png": b"1", name: b"2"})
    with pytest.raises(BadData, match="leads out of the archive") as caught:
        archive(path)
    assert str(path) in caught.value.message


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_bombs_are_refused(tmp_path, pack):
    flat = {f"{i}.bmp": bytes(20 << 20) for i in range(4)}
    path = pack(tmp_path / ("bomb.zip" if pack is zipped else "bomb.tgz"), flat)
    with pytest.raises(BadData, match="decompression bomb"):
        archive(path)


def test_json_beside_a_picture_speaks_for_it_as_in_webdataset(tmp_path):
    one = b'{"licence": "MIT", "caption": "a star", "__key__": "a"}'
    files = {"a.jpg": b"1", "a.json": one, "b.jpg": b"2", "b.json": b"[]", "c.json": b"{"}
    source = archive(tarred(tmp_path / "a.tar", files, "w"))
    assert [(item.name, item.about) for item in source.items] == [
        ("a.jpg", {"licence": "MIT", "attributes": {"caption": "a star"}}),
        ("b.jpg", {}),
    ]
    assert source.passed_over == {"not-a-picture": 2}


def test_links_and_devices_in_a_tar_are_no_pictures(tmp_path):
    path = tmp_path / "links.tar"
    with tarfile.open(path, "w") as made:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("link.png")
            info.type, info.linkname = kind, "/etc/passwd"
            made.addfile(info)
    assert everything(archive(path)) == {}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_cut_archives_are_named(tmp_path, pack):
    path = pack(
        tmp_path / ("cut.zip" if pack is zipped else "cut.tgz"), {"a.png": bytes(range(256)) * 40}
    )
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(BadData, match=r"cut\.\w+ cannot be read"):
        everything(archive(path))


def test_a_damaged_member_is_one_bad_file(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a.png": bytes(range(256)), "b.png": b"fine"})
    data = bytearray(path.read_bytes())
    data[45] ^= 0xFF
    path.write_bytes(data)
    items = archive(path).items
    with pytest.raises(Unusable, match="cannot be unpacked"):
        next(items).read()
    assert next(items).read() == b"fine"


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "a.rar").write_bytes(b"Rar!")
    with pytest.raises(BadData, match="neither a folder nor an archive"):
        open_source(str(tmp_path / "a.rar"))
    (tmp_path / "a.zip").write_bytes(b"not zipped")
    with pytest.raises(BadData, match=r"a\.zip cannot be read"):
        open_source(str(tmp_path / "a.zip"))
    with pytest.raises(BadData, match="nothing at"):
        open_source(str(tmp_path / "nowhere"))


def lengths_of_headers(path):
    with tarfile.open(path) as opened:
        return [member.offset for member in opened]


@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
def test_a_tar_that_is_cut_or_damaged_between_members_is_no_smaller_set(tmp_path, suffix):
    whole = tarred(tmp_path / "whole.tar", {f"{i}.png": b"x" * 700 for i in range(5)}, "w")
    third = lengths_of_headers(whole)[2]
    data = whole.read_bytes()
    for spoiled in (data[:third], data[: third + 100], data[:third] + b"\1" + data[third + 1 :]):
        path = tmp_path / f"cut.{suffix}"
        path.write_bytes(gzip.compress(spoiled) if suffix.endswith("gz") else spoiled)
        with pytest.raises(BadData, match=rf"cut\.{suffix} is cut or damaged.*{third:,}"):
            archive(path)
    assert len(everything(archive(whole))) == 5


def test_names_in_a_tar_that_are_not_utf_8_are_written_with_escapes(tmp_path):
    path = tarred(tmp_path / "a.tar", {"caf\udce9.png": b"1", "caf\udce9.json": b"{}"}, "w")
    assert everything(archive(path)) == {"caf\\xe9.png": b"1"}

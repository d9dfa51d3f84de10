"""Folders as sources."""

from __future__ import annotations

import os

from medici.studio.data.sources import folder, open_source


def test_a_folder_is_read_with_its_subfolders_in_order(tmp_path):
    for name in ("b.png", "a.PNG", "deep/er/c.svg", ".hidden.png", ".git/x.png", "notes.txt"):
        path = tmp_path / "art" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    source = open_source(str(tmp_path / "art"))
    items = list(source.items)
    assert [item.name for item in items] == ["a.PNG", "b.png", "deep/er/c.svg"]
    assert [item.read() for item in items] == [b"a.PNG", b"b.png", b"deep/er/c.svg"]
    assert items[2].place == f"{tmp_path}/art/deep/er/c.svg"
    assert items[2].about == {"attributes": {"label": "er"}}
    assert source.name == "art"
    assert dict(source.passed_over) == {"hidden": 2, "not-a-picture": 1}


def test_a_part_of_a_folder_keeps_what_is_said_above_it(tmp_path):
    for name in ("icons/outline/a.svg", "icons/filled/a.svg", "outline.svg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<svg/>")
    (tmp_path / "package.json").write_text('{"license": "MIT"}')
    items = list(folder(tmp_path, "set", "icons/outline").items)
    assert [item.name for item in items] == ["icons/outline/a.svg"]
    assert items[0].about["licence"] == "MIT"


def test_names_that_are_not_utf_8_are_written_with_escapes(tmp_path):
    place = tmp_path / os.fsdecode(b"k\xfcche")
    place.mkdir()
    (place / os.fsdecode(b"caf\xe9.png")).write_bytes(b"1")
    items = list(open_source(str(tmp_path)).items)
    assert [(item.name, item.read()) for item in items] == [("k\\xfcche/caf\\xe9.png", b"1")]
    assert items[0].about == {"attributes": {"label": "k\\xfcche"}}
    assert open_source(str(place)).name == "k\\xfcche"


def test_a_table_of_somebody_else_does_not_make_a_folder_a_set_in_shards(tmp_path):
    (tmp_path / "index.npy").write_bytes(b"theirs")
    (tmp_path / "a.png").write_bytes(b"1")
    assert [item.name for item in open_source(str(tmp_path)).items] == ["a.png"]

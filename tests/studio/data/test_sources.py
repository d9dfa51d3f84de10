"""Folders as sources."""

from __future__ import annotations

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

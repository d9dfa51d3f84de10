"""Art from packages: whatever is installed, or what ``npm pack`` gave."""

from __future__ import annotations

import json
from importlib import metadata

import pytest
from tests.studio.data.test_archives import everything, tarred

from medici.errors import BadData, MissingPart
from medici.studio.data.sources import open_source


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A project that has an icon package of its own."""
    package = tmp_path / "project" / "node_modules" / "@art" / "icons"
    (package / "svg" / "outline").mkdir(parents=True)
    about = {
        "name": "@art/icons",
        "version": "1.2.3",
        "license": "MIT",
        "author": "Ann <a@a.example>",
    }
    (package / "package.json").write_text(json.dumps(about))
    (package / "svg" / "outline" / "star.svg").write_text("<svg/>")
    (package / "logo.png").write_bytes(b"png")
    (tmp_path / "project" / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "project" / "deeper")


@pytest.mark.usefixtures("installed")
def test_an_installed_npm_package_is_found_from_below():
    source = open_source("npm:@art/icons")
    assert source.name == "npm:@art/icons@1.2.3"
    items = list(source.items)
    assert [item.name for item in items] == ["logo.png", "svg/outline/star.svg"]
    assert items[1].about == {
        "licence": "MIT",
        "author": "Ann",
        "attributes": {"label": "outline"},
    }


@pytest.mark.usefixtures("installed")
def test_a_part_of_a_package_can_be_named():
    assert list(everything(open_source("npm:@art/icons/svg"))) == ["svg/outline/star.svg"]


@pytest.mark.usefixtures("installed")
def test_a_package_that_is_not_there_says_how_to_get_it():
    with pytest.raises(MissingPart, match="no npm package @art/paint") as caught:
        open_source("npm:@art/paint/x")
    assert caught.value.hint == "npm install @art/paint"
    with pytest.raises(MissingPart, match="no Python package 'no-such-art'"):
        open_source("pypi:no-such-art")
    with pytest.raises(BadData, match=r"nothing at missing\.tgz"):
        open_source("npm:missing.tgz")


def test_the_file_that_npm_pack_gives(tmp_path):
    about = b'{"name": "art", "version": "2.0.0", "license": "ISC"}'
    files = {"package/package.json": about, "package/star.svg": b"<svg/>"}
    path = tarred(tmp_path / "art-2.0.0.tgz", files)
    source = open_source(f"npm:{path}")
    item = next(source.items)
    assert source.name == "npm:art-2.0.0.tgz"
    assert item.about["licence"] == "ISC"
    assert item.read() == b"<svg/>"


def test_pictures_of_an_installed_python_package(tmp_path, monkeypatch):
    place = tmp_path / "site"
    (place / "pyart" / "pictures").mkdir(parents=True)
    (place / "pyart" / "pictures" / "a.png").write_bytes(b"a")
    (place / "secret.png").write_bytes(b"secret")
    info = place / "pyart-3.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: pyart\nVersion: 3.0\nLicense-Expression: CC0-1.0\n"
        "Author-email: Ann <ann@a.example>\n"
    )
    (info / "RECORD").write_text("pyart/pictures/a.png,,\nother/../../secret.png,,\n")
    monkeypatch.syspath_prepend(str(place))
    assert metadata.version("pyart") == "3.0"
    source = open_source("pypi:pyart")
    (item,) = source.items
    assert (source.name, item.name, item.read()) == ("pypi:pyart@3.0", "pyart/pictures/a.png", b"a")
    assert item.about["licence"] == "CC0-1.0"
    assert item.about["author"] == "Ann"
    assert list(open_source("pypi:pyart/elsewhere").items) == []

"""Hugging Face data sets on disk, in the three forms that they come in; no network."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from tests.studio.data.conftest import painted

from medici.errors import BadData, MissingPart
from medici.studio.data.picture import Reading, Unusable, decode
from medici.studio.data.sources import open_source

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def as_png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def rows():
    """Nine pictures with a class, an author each, and a column of no use."""
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "kind": datasets.ClassLabel(names=["day", "night"]),
            "author": datasets.Value("string"),
            "vector": datasets.List(datasets.Value("float32")),
        }
    )
    return datasets.Dataset.from_dict(
        {
            "image": [{"bytes": as_png(painted(i)), "path": f"{i}.png"} for i in range(9)],
            "kind": [i % 2 for i in range(9)],
            "author": [f"artist {i}" for i in range(9)],
            "vector": [[0.5]] * 9,
        },
        features=features,
    )


def check(source):
    items = list(source.items)
    assert len(items) == 9
    assert items[3].about == {"author": "artist 3", "attributes": {"kind": "night"}}
    assert (decode(items[3].read(), Reading(48))[0][..., :3] == np.asarray(painted(3))).all()
    return items


def test_parquet_files_are_recognised(rows, tmp_path):
    (tmp_path / "set").mkdir()
    rows.to_parquet(tmp_path / "set" / "train-00000.parquet")
    for name in (str(tmp_path / "set"), f"hf:{tmp_path}/set", f"hf:{tmp_path}/set:train"):
        source = open_source(name)
        items = check(source)
        assert source.name.startswith("hf:set")
    assert "row 3 (3.png)" in items[3].place


def test_a_saved_set_is_recognised(rows, tmp_path):
    rows.save_to_disk(tmp_path / "saved")
    check(open_source(str(tmp_path / "saved")))


def test_splits_must_be_chosen(rows, tmp_path):
    both = datasets.DatasetDict({"train": rows, "test": rows})
    both.save_to_disk(tmp_path / "both")
    with pytest.raises(BadData, match="several splits: train, test") as caught:
        open_source(str(tmp_path / "both"))
    assert caught.value.hint.endswith(":train")
    with pytest.raises(BadData, match="no split 'night'"):
        open_source(f"hf:{tmp_path}/both:night")
    check(open_source(f"hf:{tmp_path}/both:test"))


def test_sets_without_pictures_or_with_damage_are_named(rows, tmp_path):
    rows.remove_columns("image").save_to_disk(tmp_path / "words")
    with pytest.raises(BadData, match="no column of pictures"):
        open_source(str(tmp_path / "words"))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "a.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(BadData, match="torn cannot be read"):
        list(open_source(str(tmp_path / "torn")).items)


def test_a_strangers_set_cannot_name_files_of_this_machine(tmp_path):
    from medici.studio.data.huggingface import _bytes_of

    (tmp_path / "secret.png").write_bytes(b"secret")
    cell = {"bytes": None, "path": str(tmp_path / "secret.png")}
    with pytest.raises(Unusable, match="outside of its data set"):
        _bytes_of(cell, local=False)()
    assert _bytes_of(cell, local=True)() == b"secret"


def test_what_cannot_be_had_says_so():
    with pytest.raises(MissingPart, match="cannot be had"):
        open_source("hf:nobody/nothing-at-all:train")


def test_without_the_library_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingPart, match="not installed") as caught:
        open_source("hf:anything")
    assert caught.value.hint == "pip install 'medici[data]'"

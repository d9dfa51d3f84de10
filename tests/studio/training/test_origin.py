"""A model that began as another names it, and stands under both licences."""

from __future__ import annotations

import json

import pytest

from medici.errors import BadWeights, WrongUse
from medici.records import Digest, ModelId, ModelRecord
from medici.studio.training.origin import (
    note_parent,
    same_data,
    sizes_of,
    snapshot_of,
    with_parent,
)


def record(number, licence, **training):
    digest = Digest(f"{number:064x}")
    return ModelRecord(
        ModelId(digest), f"model {number}", "exact/2", digest, digest, licence, training
    )


def folder(path, told):
    (path / "run").mkdir(parents=True)
    (path / "record.json").write_text(json.dumps(told.as_json()))
    return path


def test_the_record_names_every_ancestor_and_joins_the_licences(tmp_path):
    first = record(1, "CC-BY-4.0 AND MIT", data={"title": "Ink", "authors": ["Ada"]})
    parent = folder(tmp_path / "first", first)
    second = folder(tmp_path / "second", record(2, "MIT"))
    note_parent(second / "run", parent)
    told = with_parent(record(2, "MIT"), second / "run")
    assert told.data_licence == "CC-BY-4.0 AND MIT"
    assert told.training["start_from"] == {
        "model": first.id,
        "name": "model 1",
        "weights_sha256": first.weights_sha256,
        "data_root": first.data_root,
        "data_licence": "CC-BY-4.0 AND MIT",
        "data": {"title": "Ink", "authors": ["Ada"]},
    }
    (second / "record.json").write_text(json.dumps(told.as_json()))
    third = folder(tmp_path / "third", record(3, "CC0-1.0"))
    note_parent(third / "run", second)
    last = with_parent(record(3, "CC0-1.0"), third / "run")
    assert last.data_licence == "CC-BY-4.0 AND CC0-1.0 AND MIT"
    assert last.training["start_from"]["start_from"] == told.training["start_from"]


@pytest.mark.parametrize(
    ("own", "parent", "both"),
    [
        ("MIT", "MIT", "MIT"),
        ("MIT", "MIT OR CC0-1.0", "MIT AND (MIT OR CC0-1.0)"),
        ("MIT AND (MIT OR CC0-1.0)", "MIT OR CC0-1.0", "MIT AND (MIT OR CC0-1.0)"),
        ("ISC", "(MIT AND ISC) OR CC0-1.0", "((MIT AND ISC) OR CC0-1.0) AND ISC"),
        ("", "CC-BY-NC-4.0", "CC-BY-NC-4.0"),
    ],
)
def test_licences_that_both_hold(tmp_path, own, parent, both):
    note_parent(tmp_path, folder(tmp_path / "parent", record(1, parent)))
    assert with_parent(record(2, own), tmp_path).data_licence == both


def test_a_model_that_began_as_nothing_keeps_its_record(tmp_path):
    alone = record(1, "MIT")
    assert with_parent(alone, tmp_path) is alone


def test_an_unpublished_parent_is_named_by_its_folder(tmp_path):
    half = tmp_path / "half" / "run"
    half.mkdir(parents=True)
    parent = folder(tmp_path / "parent", record(1, "CC-BY-NC-4.0"))
    same_data(half, Digest("5" * 64), resume=False)
    note_parent(half, parent)
    (half / "snapshot.safetensors").touch()
    for asked in (half, half.parent):
        note_parent(tmp_path, asked)
        told = with_parent(record(2, "MIT"), tmp_path)
        begun = told.training["start_from"]
        assert (begun["name"], begun["data_root"]) == (asked.name, "5" * 64)
        assert begun["start_from"]["model"] == record(1, "").id
        assert told.data_licence == "CC-BY-NC-4.0 AND MIT AND not stated"


def test_the_run_of_a_published_model_has_its_record(tmp_path):
    parent = folder(tmp_path / "parent", record(1, "CC-BY-NC-4.0"))
    note_parent(tmp_path, parent / "run")
    assert with_parent(record(2, "MIT"), tmp_path).data_licence == "CC-BY-NC-4.0 AND MIT"


def test_what_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "parent.json").write_text("[]")
    with pytest.raises(BadWeights, match="what the run began as"):
        with_parent(record(1, "MIT"), tmp_path)
    odd = folder(tmp_path / "odd", record(1, "MIT", recipe=[1]))
    with pytest.raises(BadWeights, match="what it is made of"):
        sizes_of(odd, {"width"})


def test_sizes_are_taken_wherever_a_family_keeps_them(tmp_path):
    shape = {"width": 8, "looks": 2}
    inside = folder(tmp_path / "inside", record(1, "MIT", recipe={"rate": 1.0, "shape": shape}))
    beside = folder(tmp_path / "beside", record(1, "MIT", recipe={"rate": 1.0}, shape=shape))
    flat = folder(tmp_path / "flat", record(1, "MIT", recipe={"rate": 1.0, **shape}))
    for parent in (inside, beside, flat):
        assert sizes_of(parent, {"width", "depth"}) == {"width": 8}
    assert sizes_of(tmp_path, {"width"}) == {}


def test_a_run_is_found_in_a_model_or_as_it_is(tmp_path):
    with pytest.raises(WrongUse, match="no training run"):
        snapshot_of(tmp_path)
    (tmp_path / "snapshot.safetensors").touch()
    assert snapshot_of(tmp_path) == tmp_path / "snapshot.safetensors"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "snapshot.safetensors").touch()
    assert snapshot_of(tmp_path) == tmp_path / "run" / "snapshot.safetensors"

"""A model that began as another names it, and stands under both licences."""

from __future__ import annotations

import json

import pytest

from medici.errors import BadWeights, WrongUse
from medici.records import Digest, ModelId, ModelRecord
from medici.studio.training.origin import note_origin, same_data, with_parent
from medici.studio.training.starting import sizes_of, snapshot_of

ROOT = Digest("5" * 64)


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
    note_origin(second / "run", record(2, "").data_root, parent)
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
    note_origin(third / "run", ROOT, second)
    last = with_parent(record(3, "CC0-1.0"), third / "run")
    assert last.data_licence == "CC-BY-4.0 AND CC0-1.0 AND MIT"
    assert last.training["start_from"]["start_from"] == told.training["start_from"]


@pytest.mark.parametrize(
    ("own", "parent", "both"),
    [
        ("MIT", "MIT", "MIT"),
        ("MIT", "MIT OR CC0-1.0", "MIT AND (MIT OR CC0-1.0)"),
        ("MIT AND (MIT OR CC0-1.0)", "MIT OR CC0-1.0", "MIT AND (MIT OR CC0-1.0)"),
        ("ISC", "(MIT AND ISC) OR CC0-1.0", "ISC AND ((MIT AND ISC) OR CC0-1.0)"),
        ("", "CC-BY-NC-4.0", "CC-BY-NC-4.0 AND not stated"),
        ("CC0-1.0", "", "CC0-1.0 AND not stated"),
    ],
)
def test_licences_that_both_hold(tmp_path, own, parent, both):
    note_origin(tmp_path, ROOT, folder(tmp_path / "parent", record(1, parent)))
    assert with_parent(record(2, own), tmp_path).data_licence == both


def test_a_model_that_began_as_nothing_keeps_its_record(tmp_path):
    alone = record(1, "MIT")
    assert with_parent(alone, tmp_path) is alone


def test_an_unpublished_parent_is_named_by_its_folder(tmp_path):
    half = tmp_path / "half" / "run"
    half.mkdir(parents=True)
    parent = folder(tmp_path / "parent", record(1, "CC-BY-NC-4.0"))
    note_origin(half, ROOT, parent)
    (half / "snapshot.safetensors").touch()
    for asked in (half, half.parent):
        note_origin(tmp_path, ROOT, asked)
        told = with_parent(record(2, "MIT"), tmp_path)
        begun = told.training["start_from"]
        assert (begun["name"], begun["data_root"]) == (asked.name, ROOT)
        assert begun["start_from"]["model"] == record(1, "").id
        assert told.data_licence == "CC-BY-NC-4.0 AND MIT AND not stated"


def test_the_run_of_a_published_model_has_its_record(tmp_path):
    parent = folder(tmp_path / "parent", record(1, "CC-BY-NC-4.0"))
    note_origin(tmp_path, ROOT, parent / "run")
    assert with_parent(record(2, "MIT"), tmp_path).data_licence == "CC-BY-NC-4.0 AND MIT"


def test_what_cannot_be_read_is_refused(tmp_path):
    for odd in ("[]", "no", '{"start_from": 3}', '{"start_from": {"start_from": [1]}}'):
        (tmp_path / "data.json").write_text(odd)
        with pytest.raises(BadWeights, match="does not say"):
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


def test_what_an_ancestor_hides_is_found_before_anything_is_trained(tmp_path):
    odd = folder(tmp_path / "odd", record(1, "MIT", start_from="nobody"))
    with pytest.raises(BadWeights, match="does not say what it began as"):
        note_origin(tmp_path, ROOT, odd)
    long = folder(tmp_path / "long", record(1, "MIT", data={"title": "a" * 300_000}))
    with pytest.raises(BadWeights, match="told of in"):
        note_origin(tmp_path, ROOT, long)
    chain: dict[str, object] = {"data_licence": "CC-BY-NC-4.0"}
    for _ in range(30):
        chain = {"start_from": chain}
    deep = folder(tmp_path / "deep", record(1, "MIT", **chain))
    with pytest.raises(BadWeights, match="31 ancestors"):
        note_origin(tmp_path, ROOT, deep)
    assert not (tmp_path / "data.json").exists()


def test_a_newer_run_in_a_published_folder_is_heard_too(tmp_path):
    nc = folder(tmp_path / "nc", record(1, "CC-BY-NC-4.0"))
    out = folder(tmp_path / "out", record(2, "CC0-1.0"))
    note_origin(out / "run", record(2, "").data_root, nc)
    note_origin(tmp_path, ROOT, out)
    told = with_parent(record(3, "MIT"), tmp_path)
    assert told.data_licence == "CC-BY-NC-4.0 AND CC0-1.0 AND MIT"
    note_origin(out / "run", ROOT)
    note_origin(tmp_path, ROOT, out)
    assert with_parent(record(3, "MIT"), tmp_path).data_licence == "MIT AND not stated"


def test_a_run_goes_on_with_what_it_began_with(tmp_path):
    with pytest.raises(WrongUse, match="does not say in data"):
        same_data(tmp_path, ROOT)
    note_origin(tmp_path, ROOT)
    same_data(tmp_path, ROOT)
    with pytest.raises(WrongUse, match="other data"):
        same_data(tmp_path, Digest("6" * 64))
    # A run that begins anew forgets what another began as.
    note_origin(tmp_path, ROOT, folder(tmp_path / "parent", record(1, "MIT")))
    note_origin(tmp_path, ROOT)
    alone = record(2, "MIT")
    assert with_parent(alone, tmp_path) is alone

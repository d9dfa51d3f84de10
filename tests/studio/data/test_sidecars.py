"""What is said beside pictures: the nearest word counts, and nothing is made up."""

from __future__ import annotations

import json

import pytest

from medici.errors import BadData
from medici.studio.data.sidecars import Sidecars


def beside(**files):
    found = Sidecars()
    for name, text in files.items():
        path = name.replace("__", "/").replace("_", ".", 1)
        found.add(path, text.encode(), path)
    return found


def test_a_table_gives_credits_and_attributes():
    found = beside(metadata_csv="file_name,license,artist,hat\na.png,MIT,Ann,red\nb.png,,,\n")
    assert found.about("a.png") == {"licence": "MIT", "author": "Ann", "attributes": {"hat": "red"}}
    assert found.about("b.png") == {}
    assert found.about("unknown.png") == {}


def test_json_lines_do_too_and_keep_numbers():
    found = beside(metadata_jsonl='{"file_name": "x/a.png", "owner": "Ann", "age": 7}\n\n')
    assert found.about("x/a.png") == {"owner": "Ann", "attributes": {"age": 7, "label": "x"}}


def test_a_source_speaks_for_all_and_for_each():
    source = {
        "licence": "CC0-1.0",
        "authors": ["Ann", "Bob"],
        "samples": [{"file": "a.png", "author": "Cy", "seed": "7", "attributes": {"hat": "yes"}}],
    }
    found = beside(source_json=json.dumps(source))
    assert found.about("a.png") == {
        "licence": "CC0-1.0",
        "author": "Cy",
        "seed": "7",
        "attributes": {"hat": "yes"},
    }
    assert found.about("b.png") == {"licence": "CC0-1.0", "author": "Ann, Bob"}


def test_what_stands_nearer_counts_more():
    found = Sidecars()
    found.add("source.json", b'{"licence": "MIT", "owner": "Ann"}', "")
    found.add("deep/source.json", b'{"licence": "CC0-1.0"}', "")
    assert found.about("deep/a.png") == {"licence": "CC0-1.0", "owner": "Ann"}
    assert found.about("a.png") == {"licence": "MIT", "owner": "Ann"}


def test_a_folder_of_a_class_labels_its_pictures():
    assert beside().about("cats/a.png") == {"attributes": {"label": "cats"}}
    assert beside().about("a.png") == {}


def test_a_package_states_its_licence_unless_it_only_points_to_one():
    stated = beside(package_json='{"license": "MIT", "author": {"name": "Ann"}}')
    assert stated.about("i.svg") == {"licence": "MIT", "author": "Ann"}
    old = beside(package_json='{"license": {"type": "ISC"}, "author": "Bob <b@b.example>"}')
    assert old.about("i.svg") == {"licence": "ISC", "author": "Bob"}
    for vague in ("SEE LICENSE IN here.txt", "BSD", "UNLICENSED", "other"):
        found = beside(package_json=json.dumps({"license": vague}))
        assert found.about("i.svg") == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("source.json", b"{"),
        ("source.json", b"[]"),
        ("source.json", b'{"samples": [{"hat": 1}]}'),
        ("metadata.csv", b"name,hat\na.png,red\n"),
        ("metadata.jsonl", b'{"file_name": \n'),
        ("package.json", b"\xff\xff"),
    ],
)
def test_broken_ones_are_named(name, text):
    with pytest.raises(BadData, match=f"here/{name} cannot be understood"):
        Sidecars().add(name, text, f"here/{name}")


@pytest.mark.parametrize(
    "sample", ['{"file": "a.png", "attributes": 7}', '{"file": "a.png", "licence": []}']
)
def test_a_source_that_says_nonsense_of_a_sample_is_named(sample):
    with pytest.raises(BadData, match=r"source\.json cannot be understood: \w+ of a\.png must be"):
        beside(source_json=f'{{"samples": [{sample}]}}')


def test_numbers_that_are_none_are_no_attributes():
    found = beside(metadata_jsonl='{"file_name": "a.png", "attributes": {"a": NaN, "b": 2}}')
    assert found.about("a.png") == {"attributes": {"b": 2}}

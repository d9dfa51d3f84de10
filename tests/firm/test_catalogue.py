import json

import pytest

from medici.errors import StateFromOtherVersion, WrongUse
from medici.firm.catalogue import Catalogue, Entry
from medici.records import WorkId

A, B = WorkId("aa" * 32), WorkId("ab" * 32)


def entry(work, **changes):
    return Entry(
        id=work, title=f"Portrait {work[:2]}", file="out/a.png", round=1, scores={}, generation={}
    ).with_(**changes)


def test_entries_survive_writing_and_are_listed_by_round(tmp_path):
    catalogue = Catalogue(tmp_path)
    later = catalogue.put(entry(A, round=2, scores={"quality": 0.5}))
    first = catalogue.put(entry(B, round=1))
    assert list(catalogue) == [first, later]
    assert catalogue.get(A) == later
    assert catalogue.get("00" * 32) is None


def test_a_work_is_found_by_the_start_of_its_id_or_by_its_title(tmp_path):
    catalogue = Catalogue(tmp_path)
    a, _ = catalogue.put(entry(A)), catalogue.put(entry(B))
    assert catalogue.find("aaa") == a
    assert catalogue.find("0xAAAA") == a
    assert catalogue.find("portrait aa") == a
    with pytest.raises(WrongUse, match="2 works"):
        catalogue.find("a")
    with pytest.raises(WrongUse, match="no work"):
        catalogue.find("")


def test_stages_follow_what_is_there():
    assert entry(A).stage == "generated"
    assert entry(A, certified="b").stage == "certified"
    assert entry(A, certified="b", anchor={"root": "c"}).stage == "anchored"
    with pytest.raises(WrongUse, match="not certified"):
        _ = entry(A).attested
    with pytest.raises(WrongUse, match="not anchored"):
        _ = entry(A).proof


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"schema": "medici/work/9"}), "{}"])
def test_an_entry_of_another_version_is_told_and_kept(tmp_path, text):
    path = tmp_path / f"{A}.json"
    path.write_text(text)
    with pytest.raises(StateFromOtherVersion):
        list(Catalogue(tmp_path))
    assert path.read_text() == text


def test_an_entry_of_the_first_schema_is_read(tmp_path):
    """It knew pictures only, and had no covers."""
    catalogue = Catalogue(tmp_path)
    kept = catalogue.put(entry(A))
    path = tmp_path / f"{A}.json"
    data = json.loads(path.read_text())
    assert data.pop("cover") == ""
    path.write_text(json.dumps(data | {"schema": "medici/work/1"}))
    assert catalogue.get(A) == kept

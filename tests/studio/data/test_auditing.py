"""Auditing: every reason not to publish is found, and a clean set passes."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from tests.studio.data.conftest import painted

from medici.studio.data.auditing import audit
from medici.studio.data.build import Credits, Plan, build
from medici.studio.data.picture import Reading

FULL = Credits("CC-BY-4.0", "Ann", "Ann", "by contract")


def codes(told, level=None):
    return {f["code"] for f in told["findings"] if level in (None, f["level"])}


@pytest.fixture
def many(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(60):
        painted(i, 32).save(folder / f"{i}.png")
    return folder


def test_a_fully_credited_set_passes(many, tmp_path):
    for shards in (False, True):
        out = tmp_path / f"set {shards}"
        plan = Plan(Reading(32), FULL, splits={"judge": 0.2}, shards=shards)
        build([str(many)], out, plan)
        told = audit(out)
        assert told["publishable"]
        assert codes(told) <= {"few", "near-duplicates", "near-leak"}
        assert told["count"] == told["compared"] == 60


def test_everything_unstated_is_missed(many):
    told = audit(many)
    assert not told["publishable"]
    assert codes(told, "must") == {"no-licence", "no-author", "no-consent"}
    assert "no-owner" in codes(told, "should")
    missing = next(f for f in told["findings"] if f["code"] == "no-licence")
    assert missing["count"] == 60
    assert "no licence stated for 60 of 60 pictures" in missing["message"]


@pytest.mark.parametrize(
    ("licence", "code", "publishable"),
    [
        ("CC-BY-NC-4.0", "licence-no-commercial", False),
        ("CC-BY-ND-4.0", "licence-no-derivatives", False),
        ("BUSL-1.1", "licence-restricted", False),
        ("CC-BY-SA-4.0", "licence-share-alike", True),
        ("LicenseRef-commission", "licence-own", True),
    ],
)
def test_licences_are_judged(many, tmp_path, licence, code, publishable):
    build([str(many)], tmp_path / "set", Plan(Reading(32), Credits(licence, "A", "A", "yes")))
    told = audit(tmp_path / "set")
    assert code in codes(told)
    assert told["publishable"] is publishable


def test_a_licence_that_nobody_knows_is_named(many):
    said = {"licence": "do what you like", "authors": ["A"], "consent": "yes", "owner": "A"}
    (many / "source.json").write_text(json.dumps(said))
    told = audit(many)
    assert codes(told, "must") == {"licence-unknown"}


def test_leaks_between_splits_are_found(many, tmp_path):
    build([str(many)], tmp_path / "set", Plan(Reading(32), FULL, splits={"judge": 0.2}))
    train, judge = tmp_path / "set" / "train", tmp_path / "set" / "judge"
    stolen = next(train.glob("*.png"))
    shutil.copy(stolen, judge / "0.png")
    told = audit(tmp_path / "set")
    assert {"leak", "changed"} <= codes(told, "must")
    leak = next(f for f in told["findings"] if f["code"] == "leak")
    assert leak["message"] == "in both train and judge: 1 of 13"
    assert leak["files"] == [str(judge / "0.png")]


def test_near_leaks_are_found(tmp_path):
    random = np.random.default_rng(1)
    for split in ("train", "judge"):
        (tmp_path / split).mkdir()
    for i in range(20):
        pixels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "train" / f"{i}.png")
        pixels[0, 0] ^= 255
        Image.fromarray(pixels).save(tmp_path / "judge" / f"{i}.png")
    assert "near-leak" in codes(audit(tmp_path), "must")


def test_changed_pictures_and_credits_are_found(many, tmp_path):
    out = tmp_path / "set"
    build([str(many)], out, Plan(Reading(32), FULL))
    source = json.loads((out / "source.json").read_text())
    source["samples"][3]["owner"] = "Mallory"
    (out / "source.json").write_text(json.dumps(source))
    assert codes(audit(out), "must") == {"changed-credits"}
    path = sorted(out.glob("*.png"))[5]
    image = Image.open(path).convert("RGB")
    image.putpixel((0, 0), (1, 2, 3))
    image.save(path)
    assert codes(audit(out), "must") == {"changed"}


def test_copies_imbalance_and_few_pictures_are_told(tmp_path):
    rows = ["file_name,hat,shoe"]
    for i in range(24):
        painted(i, 16).save(tmp_path / f"{i}.png")
        rows.append(f"{i}.png,{'no' if i else 'yes'},{i}")
    shutil.copy(tmp_path / "3.png", tmp_path / "copy.png")
    source = {
        "licence": "MIT",
        "authors": ["A"],
        "owner": "A",
        "consent": "yes",
        "samples": [
            {"file": f"{i}.png", "attributes": {"hat": "no" if i else "yes", "number": i}}
            for i in range(24)
        ],
    }
    (tmp_path / "source.json").write_text(json.dumps(source))
    told = audit(tmp_path)
    assert told["publishable"]
    assert {"few", "copies", "imbalance"} <= codes(told, "should")
    said = next(f["message"] for f in told["findings"] if f["code"] == "imbalance")
    assert said == "hat: no 23 times, yes 1 times"


def test_bad_files_and_tiny_sets_cannot_be_published(tmp_path):
    painted(1).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"")
    assert {"bad-pictures", "too-few"} <= codes(audit(tmp_path), "must")

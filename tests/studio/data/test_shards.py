"""Shards: the same samples as the folder, read in place, and nothing damaged goes unnoticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile

import numpy as np
import pytest
from tests.studio.data.conftest import painted

from medici.errors import BadData
from medici.studio.data import shards as shards_module
from medici.studio.data.build import Credits, Plan, build
from medici.studio.data.folder import read_folder
from medici.studio.data.picture import Reading
from medici.studio.data.sampling import batch, some
from medici.studio.data.shards import INDEX, ShardSet, open_set

CREDITS = Credits("MIT", "Ann", "Ann", "by contract")


@pytest.fixture
def both(tmp_path, monkeypatch):
    """The same 30 pictures as files and as four shards."""
    monkeypatch.setattr(shards_module, "SHARD_SAMPLES", 8)
    monkeypatch.setattr(shards_module, "_WINDOW_SAMPLES", 16)
    source = tmp_path / "source"
    source.mkdir()
    for i in range(30):
        painted(i, 20).save(source / f"{i}.png")
    build([str(source)], tmp_path / "files", Plan(Reading(20), CREDITS))
    build([str(source)], tmp_path / "shards", Plan(Reading(20), CREDITS, shards=True))
    return read_folder(tmp_path / "files", 20), tmp_path / "shards"


def test_shards_hold_what_the_folder_holds(both):
    files, place = both
    with open_set(place, 20) as found:
        assert isinstance(found, ShardSet)
        assert (len(found), found.side, found.root) == (30, 20, files.root)
        assert (found.licence, found.transparent) == (files.licence, files.transparent)
        assert found.source["authors"] == ["Ann"]
        assert (found.take(np.arange(30)) == files.pixels).all()
        assert tuple(found.digests()) == files.digests
        assert [s["owner"] for s in found.samples()] == ["Ann"] * 30
        assert len(list(found.attributes())) == 30
        assert found.manifest["credits_root"] == files.manifest()["credits_root"]
        found.verify()


def test_a_portion_in_memory_knows_whose_it_is(both):
    files, place = both
    data = open_set(place, 20)
    part = data.portion(12)
    assert len(part) == 12
    assert set(part.digests) <= set(files.digests)
    assert part.owners() == {"Ann": 12}
    whole = data.portion(1000)
    assert (whole.names, whole.root) == (files.names, data.root)


def test_attributes_can_be_gone_through_again_and_again(tmp_path):
    for i in range(9):
        (tmp_path / "art" / f"kind {i % 2}").mkdir(parents=True, exist_ok=True)
        painted(i, 16).save(tmp_path / "art" / f"kind {i % 2}" / f"{i}.png")
    build([str(tmp_path / "art")], tmp_path / "set", Plan(Reading(16), shards=True))
    found = open_set(tmp_path / "set").attributes()
    assert len(found) == 9
    for _ in range(2):
        assert sorted(row["label"] for row in found) == ["kind 0"] * 5 + ["kind 1"] * 4


def test_a_set_of_one_window_is_drawn_like_the_folder(both, monkeypatch):
    files, place = both
    monkeypatch.setattr(shards_module, "_WINDOW_SAMPLES", 16384)
    for step in (0, 1, 5):
        assert (batch(open_set(place, 20), step, 8, 3) == batch(files, step, 8, 3)).all()


def test_what_is_not_a_plain_folder_says_what_it_is(both, tmp_path):
    with pytest.raises(BadData) as caught:
        read_folder(both[1], 20)
    assert "it holds shards" in caught.value.hint
    plan = Plan(Reading(20), splits={"judge": 0.4})
    build([str(tmp_path / "source")], tmp_path / "split", plan)
    with pytest.raises(BadData) as caught:
        read_folder(tmp_path / "split", 20)
    assert "give one of them, judge, train" in caught.value.hint


def test_a_set_whose_splits_are_sharded_is_no_empty_source(both, tmp_path):
    plan = Plan(Reading(20), splits={"judge": 0.4}, shards=True)
    build([str(tmp_path / "source")], tmp_path / "split", plan)
    with pytest.raises(BadData, match="holds sets in shards: judge, train") as caught:
        build([str(tmp_path / "split"), str(both[1])], tmp_path / "again", Plan(Reading(20)))
    assert str(tmp_path / "split" / "judge") in caught.value.hint
    assert not (tmp_path / "again").exists()
    build([str(tmp_path / "split" / "judge")], tmp_path / "again", Plan(Reading(20)))
    assert len(read_folder(tmp_path / "again", 20)) == 12


def test_any_choice_in_any_order_with_repeats(both):
    files, place = both
    chosen = np.array([29, 3, 3, 17, 0])
    assert (open_set(place, 20).take(chosen) == files.pixels[chosen]).all()


def test_an_epoch_visits_every_sample_once_and_stays_in_a_window(both):
    files, place = both
    data = open_set(place, 20)
    drawn = np.concatenate([data.order(step, 10, 4) for step in range(3)])
    assert sorted(drawn) == list(range(30))
    assert (np.diff(drawn // 16) != 0).sum() == 1
    assert (batch(data, 2, 10, 4) == files.pixels[drawn[20:]]).all()
    assert len(some(data, 100)) == 30


def test_the_order_is_the_same_in_another_process(both):
    _, place = both
    code = (
        "import sys, hashlib; from medici.studio.data.shards import open_set; "
        "from medici.studio.data.sampling import batch; "
        "print(hashlib.sha256(batch(open_set(sys.argv[1], 20), 7, 9, 3).tobytes()).hexdigest())"
    )
    command = [sys.executable, "-c", code, str(place)]
    said = [
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]


def test_a_shard_is_a_webdataset_that_tar_reads(both):
    _, place = both
    names = []
    for shard in sorted(place.glob("*.tar")):
        with tarfile.open(shard) as tar:
            names += tar.getnames()
            first = json.loads(tar.extractfile(tar.getmembers()[1]).read())
            assert first["licence"] == "MIT"
    pairs = list(zip(names[::2], names[1::2], strict=True))
    assert len(pairs) == 30
    assert all(a.removesuffix(".png") == b.removesuffix(".json") for a, b in pairs)
    assert names == sorted(names, key=lambda n: (n.split(".")[0], n.endswith(".json")))


def test_a_set_can_be_built_from_a_set(both, tmp_path):
    files, place = both
    for i, source in enumerate((tmp_path / "files", place)):
        told = build([str(source)], tmp_path / f"again {i}", Plan(Reading(20)))
        again = read_folder(tmp_path / f"again {i}", 20)
        assert (told["left_out"], again.root) == ({}, files.root)
        assert again.credits() == files.credits()


def test_the_same_pictures_make_the_same_shards(both, tmp_path):
    _, place = both
    build([str(tmp_path / "source")], tmp_path / "again", Plan(Reading(20), CREDITS, shards=True))
    for name in ("00000.tar", "00003.tar", INDEX):
        assert (tmp_path / "again" / name).read_bytes() == (place / name).read_bytes()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda p: (p / "00001.tar").unlink(), r"00001\.tar is missing"),
        (lambda p: os.truncate(p / "00001.tar", 2000), r"00001\.tar has 2,000 of its"),
        (lambda p: (p / INDEX).unlink(), r"index\.npy cannot be read"),
        (lambda p: os.truncate(p / INDEX, 300), r"index\.npy cannot be read"),
        (lambda p: np.save(p / INDEX, np.zeros((3, 5), "<i8")), "does not fit"),
        (lambda p: (p / "manifest.json").write_text("{"), "is not JSON"),
        (
            lambda p: (p / "manifest.json").write_text('{"shards": []}'),
            "does not describe a data set",
        ),
    ],
)
def test_sets_that_do_not_fit_together_are_named(both, damage, words):
    damage(both[1])
    with pytest.raises(BadData, match=words):
        open_set(both[1], 20)


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: (p / "00003.tar").unlink(),
        lambda p: os.truncate(p / "00003.tar", 5120),
        lambda p: (p / "manifest.json").unlink(),
        lambda p: [shard.unlink() for shard in p.glob("*.tar")],
    ],
)
def test_a_set_is_not_built_from_a_part_of_another(both, tmp_path, damage):
    damage(both[1])
    with pytest.raises(
        BadData, match=r"0000\d\.tar (is missing|has 5,120 of)|manifest\.json does not describe"
    ):
        build([str(both[1])], tmp_path / "again", Plan(Reading(20)))


@pytest.mark.parametrize("change", [(2, -8), (2, 1 << 40), (1, -1), (1, 1 << 62), (4, 0), (0, 9)])
def test_numbers_of_the_index_that_lead_nowhere_are_named(both, change):
    column, value = change
    index = np.load(both[1] / INDEX)
    index[3, column] = value
    np.save(both[1] / INDEX, index)
    with pytest.raises(BadData, match=r"index\.npy names"):
        [*open_set(both[1], 20).samples(), open_set(both[1], 20).take(np.arange(30))]


def test_an_index_of_another_kind_is_named(both):
    for made in (b"PK\3\4 zipped", b"\x93NUMPY\1\0\6\0{'a':(", b"", bytes(64)):
        (both[1] / INDEX).write_bytes(made)
        with pytest.raises(BadData, match=r"index\.npy cannot be read"):
            open_set(both[1], 20)


@pytest.mark.parametrize("said", [b"[]", b'{"digest": 3}', b'{"digest": "a", "attributes": 7}'])
def test_what_is_said_of_a_sample_has_its_form(both, said):
    index = np.load(both[1] / INDEX)
    shard, _, _, offset, size = index[0].tolist()
    with (both[1] / f"{shard:05d}.tar").open("r+b") as file:
        file.seek(offset)
        file.write(said.ljust(size))
    with pytest.raises(BadData, match=r"00000\.tar is damaged"):
        open_set(both[1], 20).about(0)


def test_a_pickle_is_never_an_index(both):
    np.save(both[1] / INDEX, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(BadData, match="cannot be read"):
        open_set(both[1], 20)


def test_a_damaged_sample_names_its_shard(both):
    _, place = both
    data = bytearray((place / "00002.tar").read_bytes())
    data[512 + 40] ^= 0xFF
    (place / "00002.tar").write_bytes(data)
    with pytest.raises(BadData, match=r"00002\.tar is damaged"):
        open_set(place, 20).take(np.arange(30))


def test_changed_pixels_change_the_root(both):
    _, place = both
    index = np.load(place / INDEX)
    index[[4, 6]] = index[[6, 4]]
    np.save(place / INDEX, index)
    with pytest.raises(BadData, match="the root differs"):
        open_set(place, 20).verify()


def test_another_side_than_the_shards_is_refused(both):
    with pytest.raises(BadData, match="hold pictures of 20 pixels, not 64"):
        open_set(both[1], 64)


def test_a_folder_of_pictures_opens_as_before(pictures):
    assert (open_set(pictures).pixels == read_folder(pictures).pixels).all()


def test_few_files_stay_open_however_many_shards(both, monkeypatch):
    monkeypatch.setattr(shards_module, "_OPEN_FILES", 2)
    data = open_set(both[1], 20)
    data.take(np.arange(30))
    assert len(data._open) == 2
    data.close()
    assert (data.take(np.array([1])) == both[0].pixels[1]).all()


READ = """
import resource, sys
from pathlib import Path
from medici.studio.data.sampling import batch
from medici.studio.data.shards import ShardSet
data = ShardSet(Path(sys.argv[1]))
batch(data, 0, 64, 0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for step in range(1, len(data) // 64 + 1):
    batch(data, step, 64, 0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, len(data) * 64 * 64 * 4 // 1024)
"""


def test_an_epoch_takes_no_memory(tmp_path):
    """1,500 samples of 16 KiB: 24 MB if they were kept, next to nothing as they are read."""
    from medici.studio.data.spool import Spool, as_png
    from medici.studio.data.writing import describe, write

    random = np.random.default_rng(0)
    with Spool(tmp_path / ".set.building", {}) as spool:
        for i in range(1500):
            pixels = np.full((64, 64, 4), 255, np.uint8)
            pixels[:4, :, :3] = random.integers(0, 256, (4, 64, 3))
            digest = spool.put(i.to_bytes(32, "big"), pixels, ())
            spool.add(digest, f"{i}", i.to_bytes(32, "big"), {})
        assert as_png(pixels)
        write(spool, tmp_path / "set", describe(spool, "t", [], {}), 64, shards=True, replace=False)
    command = [sys.executable, "-c", READ, str(tmp_path / "set")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    grown, whole = map(int, done.stdout.split())
    assert grown < whole / 3

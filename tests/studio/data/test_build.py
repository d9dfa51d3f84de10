"""Building: the same pictures give the same root, and nothing is ever half written."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tests.studio.data.conftest import painted
from tests.studio.data.test_archives import tarred, zipped

from medici.errors import BadData, Interrupted, MediciError, WrongUse
from medici.studio.data.build import Credits, Plan, build
from medici.studio.data.folder import read_folder
from medici.studio.data.picture import Reading
from medici.studio.data.shards import ShardSet, open_set

ADDRESS = "0x" + "ab" * 20
PLAN = Plan(Reading(32), Credits("cc-by-4.0", "Ann", ADDRESS, "by contract"))


def without(folder, *kept):
    return sorted(p.name for p in folder.iterdir() if p.name not in kept)


def test_a_folder_becomes_a_set_that_training_reads(paintings, tmp_path):
    told = build([str(paintings)], tmp_path / "set", PLAN)
    data = read_folder(tmp_path / "set", 32)
    assert told["count"] == len(data) == 20
    assert told["root"] == data.root
    assert told["licence"] == data.licence == "CC-BY-4.0"
    assert data.manifest() == json.loads((tmp_path / "set" / "manifest.json").read_text())
    first = next(s for s in data.samples() if s["original"] == "paintings/no 0.png")
    assert first["author"] == "Ann"
    assert first["consent"] == "by contract"
    assert data.owners() == {first["owner"]: 20}
    assert first["owner"].lower() == ADDRESS.lower()
    assert without(tmp_path, "set") == ["paintings"]


def test_names_order_and_packing_do_not_matter(paintings, tmp_path):
    files = {p.name: p.read_bytes() for p in paintings.iterdir()}
    other = tmp_path / "other"
    other.mkdir()
    for i, data in enumerate(reversed(files.values())):
        (other / f"{i}.png").write_bytes(data)
    sources = [
        [paintings],
        [other],
        [zipped(tmp_path / "a.zip", files)],
        [tarred(tmp_path / "a.tgz", files)],
        [other, paintings],
    ]
    told = [build(list(map(str, s)), tmp_path / f"{i}", PLAN) for i, s in enumerate(sources)]
    assert len({t["root"] for t in told}) == 1
    assert told[-1]["left_out"] == {"copy": 20}
    shards = build(
        [str(paintings)], tmp_path / "shards", Plan(PLAN.reading, PLAN.credits, shards=True)
    )
    assert shards["root"] == told[0]["root"]


def test_the_same_command_again_changes_nothing(paintings, tmp_path):
    out = tmp_path / "set"
    build([str(paintings)], out, PLAN)
    before = {p: p.stat().st_mtime_ns for p in out.iterdir()}
    assert build([str(paintings)], out, PLAN)["unchanged"]
    assert {p: p.stat().st_mtime_ns for p in out.iterdir()} == before


def test_another_set_is_only_replaced_when_asked(paintings, tmp_path):
    out = tmp_path / "set"
    build([str(paintings)], out, PLAN)
    painted(77).save(paintings / "new.png")
    with pytest.raises(WrongUse, match="holds another data set"):
        build([str(paintings)], out, PLAN)
    assert len(read_folder(out, 32)) == 20
    replaced = Plan(PLAN.reading, PLAN.credits, replace=True)
    assert build([str(paintings)], out, replaced)["count"] == 21
    assert len(read_folder(out, 32)) == 21
    assert without(tmp_path, "set") == ["paintings"]


@pytest.mark.parametrize("splits", [{}, {"judge": 0.4}])
def test_replacing_a_set_never_takes_what_is_not_its_own(paintings, tmp_path, splits):
    out = tmp_path / "set"
    plan = Plan(PLAN.reading, PLAN.credits, splits=splits, replace=True)
    build([str(paintings)], out, plan)
    place = out / "judge" if splits else out
    (place / "thesis.tex").write_text("years of work")
    painted(77).save(paintings / "new.png")
    with pytest.raises(WrongUse, match=r"thesis\.tex is no part of the data set"):
        build([str(paintings)], out, plan)
    assert (place / "thesis.tex").exists()
    (place / "thesis.tex").unlink()
    assert build([str(paintings)], out, plan)["count"] == 21


def test_what_only_looks_like_a_set_is_never_touched(paintings, tmp_path):
    app = tmp_path / "app"
    app.mkdir()
    (app / "manifest.json").write_text('{"name": "my web app"}')
    with pytest.raises(WrongUse, match="no data set of ours"):
        build([str(paintings)], app, Plan(PLAN.reading, PLAN.credits, replace=True))
    assert len(list(app.iterdir())) == 1


def test_what_is_no_set_is_never_touched(paintings, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    with pytest.raises(WrongUse, match="no data set of ours"):
        build([str(paintings)], tmp_path / "thesis", PLAN)
    with pytest.raises(WrongUse, match="is a file"):
        build([str(paintings)], tmp_path / "thesis" / "thesis.tex", PLAN)
    with pytest.raises(WrongUse, match="which is read from"):
        build([str(paintings)], paintings / "set", PLAN)
    assert len(list(paintings.iterdir())) == 20


def spoil(folder):
    """Every kind of bad file, beside the good ones."""
    (folder / "b zero.png").write_bytes(b"")
    (folder / "b text.jpg").write_bytes(b"not a picture at all")
    (folder / "b cut.png").write_bytes((folder / "no 1.png").read_bytes()[:100])
    Image.new("RGB", (64, 32)).save(folder / "b wide.png")
    Image.new("RGB", (8, 8)).save(folder / "b small.png")
    Image.new("1", (8200, 8200)).save(folder / "b huge.png")
    frames = [painted(i) for i in range(3)]
    frames[0].save(folder / "b moving.gif", save_all=True, append_images=frames[1:])


def test_bad_files_stop_a_build_and_are_all_named(paintings, tmp_path):
    spoil(paintings)
    with pytest.raises(BadData, match="7 files cannot be used") as caught:
        build([str(paintings)], tmp_path / "set", PLAN)
    for words in (
        "b zero.png is empty",
        "b text.jpg cannot be read as a picture",
        "b cut.png cannot be read as a picture",
        "b wide.png is 64×32, not square",
        "b small.png is 8×8; at least 32×32",
        "b huge.png is 8200×8200; the longest side may be 8192",
        "b moving.gif is animated",
    ):
        assert f"{paintings}/{words}" in caught.value.message
    assert caught.value.hint == (
        "mend or remove them, give --crop centre or --crop pad, give --first-frame, "
        "give a smaller --side, or leave them out with --skip-bad"
    )
    assert not (tmp_path / "set").exists()


def test_a_build_stops_after_ten_bad_files(paintings, tmp_path):
    for i in range(30):
        (paintings / f"bad {i}.png").write_bytes(b"")
    with pytest.raises(BadData, match="at least 10 files") as caught:
        build([str(paintings)], tmp_path / "set", PLAN)
    assert caught.value.message.count("is empty") == 10
    assert caught.value.hint == "mend or remove them, or leave them out with --skip-bad"


def test_bad_files_are_left_out_and_listed_when_asked(paintings, tmp_path):
    spoil(paintings)
    painted(60).convert("CMYK").save(paintings / "print.tif")
    Image.fromarray(np.arange(2304, dtype=np.uint16).reshape(48, 48) * 28).save(
        paintings / "scan.png"
    )
    (paintings / "copy.png").write_bytes((paintings / "no 5.png").read_bytes())
    (paintings / "notes.txt").write_text("hello")
    plan = Plan(Reading(32, deep=True), PLAN.credits, skip_bad=True)
    told = build([str(paintings)], tmp_path / "set", plan)
    assert told["count"] == 22
    assert told["left_out"] == {
        "animated": 1,
        "copy": 1,
        "empty": 1,
        "not-a-picture": 1,
        "not-square": 1,
        "too-large": 1,
        "too-small": 1,
        "unreadable": 2,
    }
    assert told["converted"] == {"16-bit": 1, "cmyk": 1}
    assert len(told["bad_files"]) == 7
    assert told["copies"] == [{"file": f"{paintings}/no 5.png", "copy_of": "paintings/copy.png"}]


def test_a_mistyped_source_leaves_nothing_behind(paintings, tmp_path):
    for sources in (["nowhere"], [str(paintings), "npm:@no/such-thing"], ["pypi:no-such-thing"]):
        with pytest.raises(MediciError):
            build(sources, tmp_path / "set", PLAN)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadData, match="would hold 0"):
        build([str(tmp_path / "empty")], tmp_path / "set", PLAN)
    assert without(tmp_path) == ["empty", "paintings"]


def test_small_uniform_and_empty_sets_are_refused(tmp_path):
    folder = tmp_path / "few"
    folder.mkdir()
    with pytest.raises(BadData, match="would hold 0 pictures"):
        build([str(folder)], tmp_path / "set", PLAN)
    painted(0).save(folder / "one.png")
    with pytest.raises(BadData, match="would hold 1 pictures; at least 8"):
        build([str(folder)], tmp_path / "set", PLAN)
    for i in range(20):
        shutil.copy(folder / "one.png", folder / f"{i}.png")
    with pytest.raises(BadData, match="all 21 pictures are the same"):
        build([str(folder)], tmp_path / "set", PLAN)
    assert not (tmp_path / "set").exists()


def test_fifty_pictures_can_be_split(tmp_path):
    folder = tmp_path / "fifty"
    folder.mkdir()
    for i in range(50):
        painted(i, 32).save(folder / f"{i}.png")
    plan = Plan(Reading(32), splits={"tune": 0.2, "judge": 0.2})
    told = build([str(folder)], tmp_path / "set", plan)
    parts = {name: read_folder(tmp_path / "set" / name, 32) for name in ("train", "tune", "judge")}
    assert {name: len(p) for name, p in parts.items()} == {"train": 30, "tune": 10, "judge": 10}
    assert {n: s["root"] for n, s in told["splits"].items()} == {
        n: p.root for n, p in parts.items()
    }
    assert len({d for p in parts.values() for d in p.digests}) == 50
    with pytest.raises(BadData, match="split tune would hold 5 pictures"):
        build([str(folder)], tmp_path / "other", Plan(Reading(32), splits={"tune": 0.1}))


def test_a_growing_set_keeps_its_splits(tmp_path):
    folder = tmp_path / "grows"
    folder.mkdir()
    plan = Plan(Reading(16), splits={"judge": 0.25}, replace=True)
    held = []
    for count in (80, 88):
        for i in range(count):
            painted(i, 16).save(folder / f"{i}.png")
        build([str(folder)], tmp_path / "set", plan)
        held.append(set(read_folder(tmp_path / "set" / "judge", 16).digests))
    assert len(held[0] - held[1]) <= 4


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        ({"train": 0.1}, "cannot be called 'train'"),
        ({"../x": 0.1}, "cannot be called"),
        ({"tune": 1.5}, "has share 1.5"),
        ({"tune": 0.5, "judge": 0.5}, "leave nothing to train on"),
    ],
)
def test_splits_that_make_no_sense(splits, words):
    with pytest.raises(WrongUse, match=words):
        Plan(splits=splits)


def test_what_pictures_say_of_themselves_wins_and_is_checked(paintings, tmp_path):
    rows = ["file_name,licence,author,owner,hat"]
    rows += ["no 1.png,mit,Bob,Bob,red", "no 2.png,,,,blue"]
    (paintings / "metadata.csv").write_text("\n".join(rows))
    build([str(paintings)], tmp_path / "set", PLAN)
    data = read_folder(tmp_path / "set", 32)
    said = {s["original"]: s for s in data.samples()}
    assert said["paintings/no 1.png"]["licence"] == "MIT"
    assert said["paintings/no 1.png"]["owner"] == "Bob"
    assert said["paintings/no 2.png"]["licence"] == "CC-BY-4.0"
    assert said["paintings/no 2.png"]["attributes"] == {"hat": "blue"}
    assert data.licence == "CC-BY-4.0 AND MIT"
    assert data.source["authors"] == ["Ann", "Bob"]
    rows.append("no 3.png,whatever,,,")
    (paintings / "metadata.csv").write_text("\n".join(rows))
    with pytest.raises(BadData, match=r"no 3\.png: 'whatever' is no licence that SPDX lists"):
        build([str(paintings)], tmp_path / "other", PLAN)


def test_a_set_without_licence_for_all_states_none(paintings, tmp_path):
    (paintings / "metadata.csv").write_text("file_name,licence\nno 1.png,MIT\n")
    assert build([str(paintings)], tmp_path / "set", Plan(Reading(32)))["licence"] == "not stated"
    assert read_folder(tmp_path / "set", 32).licence == "not stated"


@pytest.mark.parametrize(
    "credit",
    [Credits(licence="mine"), Credits(owner="0x12"), Credits(owner="0x" + "aB" * 20 + "0")],
)
def test_wrong_credits_are_refused_before_anything_is_read(credit, tmp_path):
    with pytest.raises(WrongUse):
        build(["nowhere"], tmp_path / "set", Plan(credits=credit))


def test_drawings_and_pictures_go_together(paintings, tmp_path):
    pytest.importorskip("resvg_py")
    red = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M1 1h2v2H1z"/></svg>'
    (paintings / "icon.svg").write_text(red)
    assert build([str(paintings)], tmp_path / "set", PLAN)["count"] == 21
    assert read_folder(tmp_path / "set", 32).transparent


def test_nothing_of_the_original_file_leaks_into_the_sample(paintings, tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    painted(90).save(paintings / "private.jpg", exif=exif, comment=b"for Bob only")
    build([str(paintings)], tmp_path / "set", PLAN)
    for path in (tmp_path / "set").glob("*.png"):
        assert b"taken at home" not in path.read_bytes()
        with Image.open(path) as image:
            assert not image.info
            assert not image.getexif()


def test_an_interrupted_build_goes_on_where_it_stopped(paintings, tmp_path):
    done = []

    def stop(count):
        done.append(count)
        if count == 12:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="stopped after 12 files"):
        build([str(paintings)], tmp_path / "set", PLAN, stop)
    assert without(tmp_path) == [".set.building", "paintings"]
    first = next(p for p in sorted(paintings.iterdir()))
    before = first.read_bytes()
    told = build([str(paintings)], tmp_path / "set", PLAN)
    assert told["count"] == 20
    assert first.read_bytes() == before
    assert without(tmp_path) == ["paintings", "set"]


def test_other_settings_after_an_interruption_start_anew(paintings, tmp_path):
    def stop(count):
        if count == 12:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        build([str(paintings)], tmp_path / "set", PLAN, stop)
    build([str(paintings)], tmp_path / "set", Plan(Reading(48), PLAN.credits))
    assert read_folder(tmp_path / "set", 48).side == 48
    straight = build([str(paintings)], tmp_path / "straight", Plan(Reading(48), PLAN.credits))
    assert straight["root"] == read_folder(tmp_path / "set", 48).root


def test_a_torn_spool_is_made_again(paintings, tmp_path):
    (tmp_path / ".set.building").mkdir()
    (tmp_path / ".set.building" / "spool.sqlite").write_bytes(b"torn by a power cut" * 100)
    assert build([str(paintings)], tmp_path / "set", PLAN)["count"] == 20


CHILD = """
import sys, resource
from pathlib import Path
from medici.errors import MediciError
from medici.studio.data.build import Plan, build
from medici.studio.data.picture import Reading
if len(sys.argv) > 3:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    build([sys.argv[1]], Path(sys.argv[2]), Plan(Reading(32)), lambda n: print(n, flush=True))
except MediciError as error:
    print(error.code, error.message)
"""


def test_a_killed_build_leaves_no_half_set_and_goes_on(paintings, tmp_path):
    command = [sys.executable, "-c", CHILD, str(paintings), str(tmp_path / "set")]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if line.strip() == "15":
            child.send_signal(signal.SIGKILL)
            break
    child.wait()
    child.stdout.close()
    assert not (tmp_path / "set").exists()
    build([str(paintings)], tmp_path / "set", Plan(Reading(32)))
    straight = build([str(paintings)], tmp_path / "straight", Plan(Reading(32)))
    assert straight["root"] == read_folder(tmp_path / "set", 32).root


def test_a_full_disk_is_named_and_nothing_half_written(paintings, tmp_path):
    """A limit on the size of files stands in for the disk: both fail in the same system call."""
    command = [sys.executable, "-c", CHILD, str(paintings), str(tmp_path / "set"), "20000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert "disk-full no room to write" in done.stdout, done
    assert not (tmp_path / "set").exists()
    assert build([str(paintings)], tmp_path / "set", Plan(Reading(32)))["count"] == 20


def test_two_builds_of_one_set_do_not_mix(paintings, tmp_path):
    def second(count):
        if count == 3:
            with pytest.raises(WrongUse, match="another build is writing"):
                build([str(paintings)], tmp_path / "set", PLAN)

    assert build([str(paintings)], tmp_path / "set", PLAN, second)["count"] == 20


def test_shards_in_splits(paintings, tmp_path):
    plan = Plan(Reading(32), splits={"judge": 0.4}, shards=True)
    told = build([str(paintings)], tmp_path / "set", plan)
    judge = open_set(tmp_path / "set" / "judge", 32)
    assert isinstance(judge, ShardSet)
    assert (len(judge), judge.root) == (8, told["splits"]["judge"]["root"])
    judge.verify()

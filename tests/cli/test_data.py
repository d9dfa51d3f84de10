"""The data room from the command line, as an artist uses it."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from PIL import Image
from tests.program import run

from medici.studio.data.picture import SCORES
from medici.studio.music.reading import MIDI, NOTATION


@pytest.fixture
def art(tmp_path):
    folder = tmp_path / "art"
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(60):
        Image.fromarray(random.integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(
            folder / f"{i}.png"
        )
    return folder


def test_from_a_folder_to_a_set_that_may_be_published(art, tmp_path):
    out = tmp_path / "set"
    words = ["data", "build", art, "--out", out, "--side", 32, "--crop", "centre", "--json"]
    credit = ["--licence", "cc-by-4.0", "--author", "Ann", "--owner", "Ann", "--consent", "mine"]
    said = run(*words, *credit, "--split", "tune=0.15,judge=0.15")
    assert said.code == 0, said.err
    assert said.json["count"] == 60
    assert {n: s["count"] for n, s in said.json["splits"].items()} == {
        "judge": 9,
        "train": 42,
        "tune": 9,
    }
    looked = run("data", "inspect", out, "--sheet", tmp_path / "sheet.png", "--json").json
    assert looked["count"] == 60
    with Image.open(tmp_path / "sheet.png") as page:
        assert page.width > 1000
    audited = run("data", "audit", out, "--json")
    assert (audited.code, audited.json["publishable"]) == (0, True)
    again = run(*words, *credit, "--split", "tune=0.15,judge=0.15")
    assert again.json["unchanged"]
    assert again.json["root"] == said.json["root"]


def test_names_that_are_not_utf_8_reach_the_set_and_the_answer(art, tmp_path):
    (art / "3.png").rename(art / os.fsdecode(b"caf\xe9.png"))
    (art / os.fsdecode(b"bad\xe9.png")).write_bytes(b"")
    words = ["data", "build", art, "--out", tmp_path / "set", "--crop", "pad", "--skip-bad"]
    words += ["--side", "32"]
    said = run(*words, "--json")
    assert said.json["bad_files"][0]["file"] == f"{art}/bad\\xe9.png"
    originals = (tmp_path / "set" / "source.json").read_text()
    assert json.dumps("art/caf\\xe9.png") in originals
    looked = run("data", "inspect", art, "--json").json["parts"][0]["bad"]
    assert f"{art}/bad\udce9.png" in [entry["file"] for entry in looked]
    assert run("data", "inspect", art).code == 0


def test_scores_are_sent_where_they_are_trained(tmp_path):
    assert {*MIDI, *NOTATION} - {".xml"} == SCORES
    for i in range(9):
        (tmp_path / "songs").mkdir(exist_ok=True)
        (tmp_path / "songs" / f"{i}.MID").write_bytes(b"MThd")
    said = run("data", "build", tmp_path / "songs", "--out", tmp_path / "set", "--json")
    assert said.code == 2
    assert said.json["error"]["hint"].startswith("left out: 9 score; scores need no building")
    assert "--family music" in run("data", "inspect", tmp_path / "songs").err
    words = ["train", tmp_path / "songs", "--out", tmp_path / "model", "--steps", "1"]
    assert "--family music" in run(*words).err


def test_people_get_sentences(art, tmp_path):
    (art / "zero.png").write_bytes(b"")
    out = tmp_path / "set"
    words = [
        "data",
        "build",
        art,
        "--out",
        out,
        "--side",
        32,
        "--crop",
        "pad",
        "--ground",
        "#ffcc00",
    ]
    stopped = run(*words)
    assert stopped.code == 2
    assert "zero.png is empty" in stopped.err
    assert "--skip-bad" in stopped.err
    assert not out.exists()
    said = run(*words, "--skip-bad", "--shards")
    assert said.code == 0, said.err
    assert "60 pictures of 32 pixels" in said.out
    assert "left out: 1 empty" in said.out
    assert "60 pictures" in run("data", "inspect", out).out
    audited = run("data", "audit", out)
    assert audited.code == 1
    assert "no licence stated" in audited.out
    assert "not publishable" in audited.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--side", "8"], "wrong-use"),
        (["--crop", "middle"], "wrong-use"),
        (["--licence", "all mine"], "wrong-use"),
        (["--split", "tune"], "wrong-use"),
        (["--split", "tune=2"], "wrong-use"),
        (["--ground", "reddish"], "wrong-use"),
        (["--side", "64"], "bad-data"),
    ],
)
def test_wrong_use_is_explained_and_leaves_nothing(art, tmp_path, words, code):
    said = run("data", "build", art, "--out", tmp_path / "set", *words, "--json")
    assert said.code == 2
    assert said.json["error"]["code"] == code
    assert said.json["error"]["hint"]
    assert not (tmp_path / "set").exists()


def test_inspecting_nothing_says_so(tmp_path):
    said = run("data", "inspect", tmp_path / "nowhere", "--json")
    assert json.loads(said.out)["error"]["code"] == "bad-data"

"""A firm of music from `init` to a sold work, and what becomes of copies of it."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from tests.program import run
from tests.provenance.sounding import played
from tests.provenance.world import spliced, tune

from medici.content import encode_wav
from medici.firm.house import Firm
from medici.records import Audio, Cid

SMALL = {
    "MEDICI_ROUND__CANDIDATES": "6",
    "MEDICI_ROUND__VETTED": "3",
    "MEDICI_ROUND__AUCTIONED": "1",
}


@pytest.fixture(scope="module")
def choir(tmp_path_factory):
    """A firm that ran one round, its chain up, and the ids of its works by the order of making."""
    folder = tmp_path_factory.mktemp("choir") / "cappella"
    assert run("init", folder, "--template", "chorales", "--name", "Cappella").code == 0
    up = run("up", "--firm", folder, "--json")
    assert up.code == 0, up
    ran = run("run", "--rounds", 1, "--seed", 1, "--firm", folder, "--json", env=SMALL)
    assert ran.code == 0, ran
    yield folder, ran.json["rounds"][0]
    run("down", "--firm", folder)


def verdict(file, folder, *words):
    said = run("verify", file, *words, "--firm", folder, "--json")
    assert said.code in (0, 1), said
    assert (said.code == 0) == (said.json["verdict"] == "authentic")
    return said.json


def heard(file):
    with wave.open(str(file)) as opened:
        samples = np.frombuffer(opened.readframes(opened.getnframes()), "<i2")
        return Audio(samples.reshape(-1, opened.getnchannels()), opened.getframerate())


def test_a_round_of_music_is_proven_sold_and_made_again(choir):
    folder, done = choir
    assert done["vetted"] == 3
    sale = done["sales"][0]
    assert sale["outcome"] == "sold"
    entries = list(Firm.open(folder).catalogue)
    assert len(entries) == 3
    assert all(entry.title.startswith("Chorale 1000000") for entry in entries)
    entry = next(entry for entry in entries if entry.id == sale["work"])
    file = folder / entry.file
    assert file.suffix == ".wav"
    said = verdict(file, folder, "--rerun")
    assert (said["verdict"], said["medium"]) == ("authentic", "sound")
    assert (said["found_by"], said["credentials"]) == ("credentials", "trusted")
    assert (said["signature"], said["rerun"]) == ("ok", "identical")
    assert said["first_mint"] is True
    assert [event["event"] for event in said["custody"]][:3] == ["created", "anchored", "minted"]


def test_the_token_shows_the_roll_and_plays_the_sound(choir):
    folder, done = choir
    firm = Firm.open(folder)
    entry = firm.catalogue.find(done["works"][0])
    words = json.loads(firm.store.get(Cid(entry.metadata)))
    assert words["image"] == f"ipfs://{entry.cover}"
    assert words["animation_url"] == f"ipfs://{entry.certified}"
    assert firm.store.get(Cid(entry.cover)).startswith(b"\x89PNG")
    assert firm.store.get(Cid(entry.certified)).startswith(b"RIFF")


def test_copies_lead_back_to_their_work_and_strangers_to_none(choir, tmp_path):
    folder, done = choir
    firm = Firm.open(folder)
    files = [folder / firm.catalogue.find(work).file for work in done["works"]]
    audio, work = heard(files[0]), done["works"][0]
    copies = {
        "stripped.wav": (encode_wav(audio), "authentic", "content-digest"),
        "again.flac": (played(audio, "flac"), "authentic", "content-digest"),
        "copy.mp3": (played(audio, "mp3"), "derived", "fingerprint"),
        "copy.m4a": (played(audio, "aac"), "derived", "fingerprint"),
        "softer.wav": (
            encode_wav(Audio(audio.samples[44_100:-44_100] // 2, audio.rate)),
            "derived",
            "fingerprint",
        ),
    }
    for name, (data, *expected) in copies.items():
        path = tmp_path / name
        path.write_bytes(data)
        said = verdict(path, folder)
        assert [said["verdict"], said["found_by"]] == expected, name
        assert said["work"] == work
    stranger = tmp_path / "stranger.wav"
    stranger.write_bytes(encode_wav(tune(5)))
    assert verdict(stranger, folder)["verdict"] == "unknown"
    stranger.write_bytes(spliced(files[0].read_bytes(), encode_wav(tune(5))))
    assert verdict(stranger, folder)["verdict"] == "forged"
    text = tmp_path / "text.wav"
    text.write_bytes(b"RIFF\0\0\0\0WAVEI am no sound")
    assert run("verify", text, "--firm", folder, "--json").code == 2


def test_a_bundle_proves_music_without_a_chain(choir, tmp_path):
    folder, done = choir
    bundle = tmp_path / "cappella.json"
    assert run("bundle", bundle, "--firm", folder).code == 0
    entry = Firm.open(folder).catalogue.find(done["works"][1])
    file = Path(folder / entry.file)
    said = run("verify", file, "--bundle", bundle, "--json", cwd=tmp_path).json
    assert (said["verdict"], said["work"]) == ("authentic", entry.id)
    (tmp_path / "copy.mp3").write_bytes(played(heard(file), "mp3"))
    said = run("verify", tmp_path / "copy.mp3", "--bundle", bundle, "--json", cwd=tmp_path).json
    assert (said["verdict"], said["work"]) == ("derived", entry.id)


def test_music_made_by_hand_is_certified_and_anchored(choir):
    folder, _ = choir
    made = run("generate", "--seed", 5, "--style", "timbre=organ", "--firm", folder, "--json")
    assert made.code == 0, made
    file = made.json["works"][0]["file"]
    assert run("certify", file, "--firm", folder).code == 0
    assert run("anchor", "--firm", folder).code == 0
    assert verdict(file, folder)["verdict"] == "authentic"

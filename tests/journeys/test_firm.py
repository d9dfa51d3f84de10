"""From `init` to paid shareholders by hand, and what each mistake on the way is told."""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.program import run


@pytest.fixture
def generated(running):
    made = run("generate", "-n", 2, "--seed", 41, "--firm", running, "--json")
    assert made.code == 0, made
    return running, made.json["works"]


@pytest.fixture
def certified(generated):
    firm, works = generated
    done = run("certify", *[w["file"] for w in works], "--firm", firm, "--json")
    assert done.code == 0, done
    return firm, works


@pytest.fixture
def anchored(certified):
    firm, works = certified
    done = run("anchor", "--firm", firm, "--json")
    assert done.code == 0, done
    assert done.json["count"] == 2
    return firm, works


def verdict(file, *words, **options):
    said = run("verify", file, *words, "--json", **options)
    assert said.code in (0, 1), said
    assert (said.code == 0) == (said.json["verdict"] == "authentic")
    return said.json


def test_the_same_seed_gives_the_same_work_in_every_process(generated, tmp_path):
    _, works = generated
    again = run("generate", "-n", 2, "--seed", 41, "--json", cwd=tmp_path).json["works"]
    assert [w["id"] for w in again] == [w["id"] for w in works]
    other = run("generate", "--seed", 43, "--json", cwd=tmp_path).json["works"]
    assert other[0]["id"] not in {w["id"] for w in works}


def test_a_work_goes_from_seed_to_paid_shareholders(anchored):
    firm, works = anchored
    work, file = works[0]["id"], works[0]["file"]
    said = verdict(file, "--rerun", "--firm", firm)
    assert said["verdict"] == "authentic"
    assert said["work"] == work
    assert said["signature"] == "ok"
    assert said["credentials"] == "trusted"
    assert said["rerun"] == "identical"
    assert said["anchored_at"]
    assert said["model"]["authorised"] is True

    lot = run("auction", "start", work[:12], "--reserve", "50", "--firm", firm, "--json")
    assert lot.code == 0, lot
    assert lot.json["minted"] is False
    low = run("auction", "bid", work, "49", "--as", "collector-1", "-y", "--firm", firm, "--json")
    assert low.code == 4
    assert "49.00 is below the minimum 50.00" in low.json["error"]["message"]
    first = run("auction", "bid", work, "50", "--as", "collector-1", "-y", "--firm", firm, "--json")
    assert first.json["next_minimum"] == "52.50"
    tried = run(
        "auction", "bid", work, "60", "--as", "collector-2", "--dry-run", "--firm", firm, "--json"
    )
    assert (tried.json["function"], tried.json["gas"]) == ("bid", None)
    assert tried.json["after"]["function"] == "approve"
    tried = run(
        "auction", "bid", work, "60", "--as", "collector-1", "--dry-run", "--firm", firm, "--json"
    )
    assert tried.json["gas"] > 0
    rich = run(
        "auction", "bid", work, "9999", "--as", "collector-2", "-y", "--firm", firm, "--json"
    )
    assert rich.code == 4
    assert rich.json["error"]["code"] == "no-funds"
    bid = run("auction", "bid", work, "60", "--as", "collector-2", "-y", "--firm", firm, "--json")
    assert bid.code == 0, bid
    early = run("auction", "settle", work, "--firm", firm, "--json")
    assert early.code == 4
    settled = run("auction", "settle", work, "--wait", "--firm", firm, "--json")
    assert settled.json["outcome"] == "sold"
    assert settled.json["price"] == "60.00"
    assert settled.json["buyer"] == bid.json["bidder"]
    again = run("auction", "settle", work, "--firm", firm, "--json")
    assert again.code == 2

    assert verdict(file, "--firm", firm)["custody"][-1]["event"] == "minted"
    owed = {
        a["name"]: a["owed"] for a in run("earnings", "--firm", firm, "--json").json["accounts"]
    }
    assert owed == owed | {"artist": "30.00", "treasury": "12.00", "shareholders": "18.00"}
    assert run("claim", "-y", "--firm", firm, "--json").json["amount"] == "30.00"
    assert run("claim", "-y", "--firm", firm, "--json").json["amount"] == "0.00"
    paid = run("dividends", "--pay", "-y", "--firm", firm, "--json").json
    assert paid["shared"] == "18.00"
    assert all(holder["owed"] == "0.00" for holder in paid["holders"])
    books = run("earnings", "--firm", firm, "--json").json
    assert books["balanced"]
    assert books["received"] == "60.00"

    second = run("mint", works[1]["id"], "--firm", firm, "--json")
    assert second.code == 0, second
    assert second.json["token"].endswith(works[1]["id"])


def test_a_certified_work_is_minted_without_an_anchor(certified):
    firm, works = certified
    done = run("mint", works[0]["id"], "--firm", firm, "--json")
    assert done.code == 0, done
    assert verdict(works[0]["file"], "--firm", firm)["verdict"] == "authentic"


def test_files_that_are_not_what_they_claim(anchored, tmp_path):
    firm, works = anchored
    file = works[0]["file"]
    image = Image.open(file).convert("RGBA")

    stripped = tmp_path / "stripped.png"
    image.save(stripped)
    said = verdict(stripped, "--firm", firm)
    assert (said["verdict"], said["found_by"]) == ("authentic", "content-digest")
    assert said["credentials"] == "missing"

    copy = tmp_path / "copy.jpg"
    image.convert("RGB").resize((300, 300)).save(copy, quality=60)
    said = verdict(copy, "--firm", firm)
    assert (said["verdict"], said["found_by"]) == ("derived", "fingerprint")
    assert said["work"] == works[0]["id"]

    data = bytearray(Path(file).read_bytes())
    place = data.index(b"IDAT") + 40
    data[place] ^= 0xFF
    broken = tmp_path / "broken.png"
    broken.write_bytes(data)
    assert run("verify", broken, "--firm", firm, "--json").code in (1, 2)

    tampered = tmp_path / "tampered.png"
    pixels = np.asarray(image).copy()
    pixels[200:220, 200:220] = (255, 0, 0, 255)
    Image.fromarray(pixels).save(tampered)
    assert verdict(tampered, "--firm", firm)["verdict"] in ("derived", "altered")

    noise = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(noise)
    said = verdict(noise, "--firm", firm)
    assert (said["verdict"], said["work"]) == ("unknown", None)

    text = tmp_path / "text.png"
    text.write_text("I am no picture")
    refused = run("verify", text, "--firm", firm, "--json")
    assert refused.code == 2
    assert refused.json["error"]["code"] == "unreadable-file"


def test_verification_without_a_chain_and_without_a_firm(anchored, tmp_path):
    firm, works = anchored
    file = tmp_path / "found.png"
    shutil.copy(works[0]["file"], file)
    nothing = verdict(file, cwd=tmp_path)
    assert nothing["verdict"] == "unknown"

    node = run("status", "--firm", firm, "--json").json["chain"]["url"]
    stranger = verdict(file, "--rpc", node, cwd=tmp_path)
    assert stranger["verdict"] == "authentic"
    assert any("only the file names" in note for note in stranger["notes"])

    bundle = tmp_path / "firm.json"
    assert run("bundle", bundle, "--firm", firm).code == 0
    assert run("down", "--firm", firm).code == 0
    assert verdict(file, "--bundle", bundle, cwd=tmp_path)["verdict"] == "authentic"
    bundle.write_text(bundle.read_text().replace("Bottega", "Botteghe"))
    forged = run("verify", file, "--bundle", bundle, "--json", cwd=tmp_path)
    assert forged.code == 2


def test_a_revoked_model_signs_nothing_more(anchored):
    firm, _ = anchored
    more = run("generate", "--seed", 77, "--firm", firm, "--json").json["works"][0]
    assert run("certify", more["file"], "--firm", firm).code == 0
    assert run("model", "revoke", "key stolen", "-y", "--firm", firm).code == 0
    refused = run("anchor", "--firm", firm, "--json")
    assert refused.code == 4
    assert "not authorised" in refused.json["error"]["message"]
    assert run("mint", more["id"], "--firm", firm, "--json").code == 4
    assert verdict(more["file"], "--firm", firm)["verdict"] == "revoked"


def test_files_that_were_not_generated_here_are_not_certified(running, tmp_path):
    stranger = tmp_path / "stranger.png"
    Image.new("RGB", (32, 32), "red").save(stranger)
    refused = run("certify", stranger, "--firm", running, "--json")
    assert refused.code == 2
    assert "not generated here" in refused.json["error"]["message"]


def test_a_wrong_password_opens_nothing(firm):
    wrong = {"MEDICI_PASSWORD": "wrong"}
    for command in ("run", "up"):
        refused = run(command, "--firm", firm, "--json", env=wrong)
        assert refused.code == 3
        assert refused.json["error"]["code"] == "wrong-password"
        assert run("status", "--firm", firm, "--json").json["chain"]["up"] is False
    assert run("status", "--firm", firm).code == 0


def test_without_anvil_it_says_how_to_get_it(firm, tmp_path):
    refused = run("up", "--firm", firm, "--json", env={"MEDICI_ANVIL": str(tmp_path / "none")})
    assert refused.code == 3
    assert refused.json["error"]["code"] == "no-node"
    assert refused.json["error"]["hint"]


def test_a_port_that_is_taken(firm):
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        refused = run("up", "--port", port, "--firm", firm, "--json")
    assert refused.code == 3
    assert refused.json["error"]["code"] == "port-taken"


def test_state_of_another_version_is_left_alone(firm):
    path = firm / ".medici" / "journal.sqlite"
    with sqlite3.connect(path) as journal:
        journal.execute("PRAGMA user_version = 99")
    journal.close()
    refused = run("run", "--firm", firm, "--json")
    assert refused.code == 2
    assert refused.json["error"]["code"] == "state-from-other-version"


def test_commands_that_need_the_chain_say_so(firm):
    for words in (("anchor",), ("earnings",), ("mint", "x")):
        refused = run(*words, "--firm", firm, "--json")
        assert refused.code == 3
        assert refused.json["error"]["code"] == "no-node"
    status = run("status", "--firm", firm, "--json").json
    assert status["chain"]["up"] is False


def test_the_doctor_finds_a_healthy_firm(running):
    said = run("doctor", "--firm", running, "--json")
    assert said.code == 0, said
    assert said.json["ok"]
    names = {check["name"] for check in said.json["checks"]}
    assert {"firm", "model", "chain", "anvil"} <= names


@pytest.mark.parametrize("words", [("status",), ("run",), ("verify",)])
def test_json_mode_gives_one_object_even_for_mistakes(tmp_path, words):
    said = run(*words, "--json", cwd=tmp_path)
    assert said.code == 2
    assert set(json.loads(said.out)["error"]) == {"code", "message", "hint"}

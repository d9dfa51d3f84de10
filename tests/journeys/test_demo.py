"""An empty folder becomes a firm that has sold works and paid its shareholders."""

from decimal import Decimal

import pytest
from tests.program import run


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "firm"
    done = run("demo", "--dir", folder, "--seed", 3, "--rounds", 2, "--json", timeout=600)
    assert done.code == 0, done
    return folder, done.json


def test_it_says_what_was_promised(played):
    _, said = played
    assert {"firm", "rounds", "money", "works", "checks", "seconds"} <= set(said)
    assert said["firm"]["chain_id"] == 31337
    assert {"Works", "Market", "Revenue", "Shares", "Anchors", "ModelRegistry"} <= set(
        said["firm"]["contracts"]
    )
    assert all(said["checks"].values())
    assert set(said["checks"]) == {
        "every_file_verifies",
        "received_equals_paid_plus_owed",
        "rerun_matches",
    }
    assert {"total", "generate", "certify", "chain"} <= set(said["seconds"])
    assert "collectors" in said["simulated"]
    for number, each in enumerate(said["rounds"], 1):
        assert each["round"] == number
        assert (each["candidates"], each["vetted"]) == (64, 8)
        assert each["style_version"] == 1
        assert each["buyers"] == "simulated"
        assert len(each["minted"]) >= 1
        assert all(sale["kind"] == "auction" for sale in each["sales"])


def test_the_money_adds_up_to_the_last_unit(played):
    _, said = played
    money = {name: Decimal(value) for name, value in said["money"].items()}
    assert money["received"] == money["paid_out"] + money["owed"]
    sold = [s for each in said["rounds"] for s in each["sales"] if s["outcome"] == "sold"]
    assert money["received"] == sum(Decimal(sale["price"]) for sale in sold)
    resold = [sale for sale in sold if sale["sale"] == "resale"]
    assert money["royalties_resale"] == sum(Decimal(sale["royalty"]) for sale in resold)
    assert money["dividends"] > 0
    assert resold


def test_every_work_has_its_file_and_sold_ones_an_owner(played):
    folder, said = played
    minted = {work for each in said["rounds"] for work in each["minted"]}
    assert len({work["id"] for work in said["works"]}) == len(said["works"]) == 16
    for work in said["works"]:
        assert (folder / work["file"]).is_file()
        assert (work["owner"] is not None) == (work["id"] in minted)


def test_files_verify_after_the_chain_was_stopped(played):
    folder, said = played
    file = folder / said["works"][0]["file"]
    answer = run("verify", file, "--rerun", "--json", cwd=folder)
    assert answer.code == 0, answer
    assert answer.json["verdict"] == "authentic"
    assert answer.json["rerun"] == "identical"
    assert any("bundle" in note for note in answer.json["notes"])


def test_the_same_seed_gives_the_same_works_and_prices(played):
    folder, said = played
    again = run("demo", "--dir", folder, "--seed", 3, "--rounds", 2, "--json", timeout=600).json
    assert [work["id"] for work in again["works"]] == [work["id"] for work in said["works"]]
    assert [work["title"] for work in again["works"]] == [work["title"] for work in said["works"]]
    assert again["money"] == said["money"]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    refused = run("demo", "--dir", tmp_path, "--json")
    assert refused.code == 2
    assert (tmp_path / "diary.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]

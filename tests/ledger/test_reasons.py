from __future__ import annotations

import pytest

from medici.errors import ChainRefused, NodeRefused, NoFunds
from medici.ledger.abi import known_errors
from medici.ledger.reasons import explain, explain_node, placeholders
from medici.ledger.sentences import SENTENCES

OURS = {entry.signature: entry for entry in known_errors().values()}
SOLIDITYS = {"Error(string)", "Panic(uint256)"}


def test_every_contract_error_has_a_sentence_and_no_sentence_lacks_its_error() -> None:
    assert set(SENTENCES) == set(OURS) - SOLIDITYS


@pytest.mark.parametrize("signature", sorted(SENTENCES))
def test_sentences_name_only_what_the_error_holds(signature: str) -> None:
    names = {part["name"] for part in OURS[signature].inputs}
    known = SENTENCES[signature]
    assert placeholders(known.text) | placeholders(known.hint) <= names
    assert not known.text.endswith(".")


@pytest.mark.parametrize("signature", sorted(SENTENCES))
def test_every_error_is_explained_from_its_bytes(signature: str) -> None:
    entry = OURS[signature]
    samples = {"address": "0x" + "11" * 20, "string": "royalty", "bool": True, "bytes": b"\1"}
    values = [
        samples.get(part["type"], b"\2" * 32 if part["type"] == "bytes32" else 3)
        for part in entry.inputs
    ]
    found = explain(entry.selector + entry.encode(values), "Market.bid")
    assert found.reason == entry.name
    assert "{" not in found.message
    assert isinstance(found, NoFunds) == SENTENCES[signature].funds


def test_money_and_times_are_written_for_people() -> None:
    low = OURS["BidTooLow(uint256,uint256,uint256)"]
    found = explain(low.selector + low.encode([1, 90_000_000, 105_500_000]), "Market.bid")
    assert found.message == "bid 90.00 is below the minimum 105.50"
    assert found.hint == "bid 105.50 or more"
    ended = OURS["Ended(uint256,uint256)"]
    found = explain(ended.selector + ended.encode([7, 1_700_000_000]), "Market.bid")
    assert found.message == "bidding on auction 7 ended at 2023-11-14 22:13:20 UTC"


def test_a_damaged_error_is_still_a_refusal() -> None:
    selector = OURS["BidTooLow(uint256,uint256,uint256)"].selector
    assert explain(selector + b"\1\2", "Market.bid").message == (
        "Market.bid was refused with a damaged BidTooLow"
    )


def test_what_nodes_say_of_themselves() -> None:
    poor = explain_node(NodeRefused("insufficient funds for gas * price + value"), "Market.bid")
    assert isinstance(poor, NoFunds)
    other = explain_node(NodeRefused("block gas limit exceeded"), "Market.bid")
    assert type(other) is ChainRefused
    assert "block gas limit exceeded" in other.message

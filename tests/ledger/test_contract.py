from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.probe import Probe

from medici.errors import ChainRefused, NodeRefused, NotDeployed, WrongUse
from medici.ledger import clients
from medici.ledger.abi import CONTRACTS, artifact, decode, encode
from medici.ledger.accounts import Key
from medici.ledger.calls import plain
from medici.ledger.clients import structs
from medici.ledger.contract import Contract
from medici.ledger.rpc import Rpc
from medici.records import Address, Digest

if TYPE_CHECKING:
    from tests.ledger.firm import SmallFirm

    from medici.ledger.sender import Sender

words = st.binary(min_size=32, max_size=32).map(lambda raw: Digest(raw.hex()))
addresses = st.binary(min_size=20, max_size=20).map(Address.from_raw)


@given(
    numbers=st.lists(st.integers(0, 2**256 - 1)),
    word=words,
    account=addresses,
    text=st.text(),
    data=st.binary(),
)
def test_our_values_go_to_the_wire_and_back(
    numbers: list[int], word: Digest, account: Address, text: str, data: bytes
) -> None:
    kinds = ["uint256[]", "bytes32", "address", "string", "bytes"]
    there = encode(kinds, [numbers, word, account, text, data])
    back = decode([{"type": kind} for kind in kinds], there)
    assert back == (numbers, word, account, text, data)
    assert [type(value) for value in back[1:3]] == [Digest, Address]


@pytest.mark.parametrize("wrong", [["1"], [-1], [2**256], [], [1, 2]])
def test_what_does_not_fit_is_wrong_use(wrong: list[object]) -> None:
    with pytest.raises(WrongUse):
        encode(["uint256"], wrong)


@given(st.binary(max_size=200))
def test_foreign_bytes_never_raise_anything_else(data: bytes) -> None:
    parameters = [{"type": "string"}, {"type": "uint256[]"}]
    with contextlib.suppress(WrongUse):
        decode(parameters, data)


def test_every_contract_ships_and_has_a_client() -> None:
    assert sorted(CONTRACTS) == clients.__all__
    for name in CONTRACTS:
        compiled = artifact(name)
        assert len(compiled.bytecode) > 1000
        client = getattr(clients, name)
        assert issubclass(client, Contract)
        methods = [n for n, value in vars(client).items() if callable(value)]
        assert len(methods) == len(compiled.of_kind("function"))
    with pytest.raises(WrongUse):
        artifact("Mystery")


def test_structs_come_back_by_name(firm: SmallFirm) -> None:
    firm.mint("one")
    found = firm.contracts.works.provenance_of(firm.attest("one").token_id)
    assert isinstance(found, structs.Provenance)
    assert found.metadata_digest == firm.attest("one").metadata_digest
    assert not found.burnt


def test_reading_what_reverts_or_is_not_there(firm: SmallFirm, rpc: Rpc) -> None:
    with pytest.raises(ChainRefused, match="not minted, or was burnt"):
        firm.contracts.works.owner_of(5)
    with pytest.raises(NotDeployed, match="no Works stands"):
        clients.Works(rpc, Key.generate().address).owner_of(5)


def test_past_events_are_filtered_and_read_in_pieces(
    rpc: Rpc, sender: Sender, artist: Key, probe: Probe
) -> None:
    for number in range(5):
        sender.send(f"add/{number}", artist, probe.add(f"note {number}"))

    class Narrow(Rpc):
        """A provider that answers for two blocks at most."""

        def call(self, method: str, *params: object) -> object:
            if method == "eth_getLogs":
                (question,) = params
                assert isinstance(question, dict)
                if int(question["toBlock"], 16) - int(question["fromBlock"], 16) > 1:
                    raise NodeRefused("block range is too wide")
            return super().call(method, *params)

    with Narrow(rpc.url) as narrow:
        for reading in (probe, Probe(narrow, probe.address)):
            notes = [event.arguments["note"] for event in reading.past_events("Counted")]
            assert notes == [f"note {number}" for number in range(5)]
    (third,) = probe.past_events("Counted", count=3)
    assert third.arguments == {"by": artist.address, "count": 3, "note": "note 2"}
    assert not list(probe.past_events("Counted", by=Key.generate().address))
    with pytest.raises(WrongUse):
        list(probe.past_events("Counted", note="note 1"))
    with pytest.raises(WrongUse):
        list(probe.past_events("Nothing"))


def test_a_prepared_call_is_json_for_any_wallet(firm: SmallFirm) -> None:
    call = firm.contracts.market.bid(3, 2**80)
    said = call.as_json()
    assert said["to"] == firm.contracts.market.address
    assert said["arguments"] == {"lot": 3, "amount": str(2**80)}
    assert said["data"].startswith("0x598647f8")


def test_decoded_values_as_plain_json() -> None:
    point = structs.Recipient(Digest("1" * 64), 5)
    assert plain([point, b"\1", True, 2**60, "x"]) == [
        {"account": "1" * 64, "bps": 5}, "0x01", True, str(2**60), "x",
    ]  # fmt: skip

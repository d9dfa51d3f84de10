from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.ledger.probe import PROBE, QUICK, Probe, nonce

from medici.errors import ChainRefused, KeyReused, NoFunds, NoNode, StillPending
from medici.ledger.accounts import Key
from medici.ledger.calls import Call
from medici.ledger.journal import Journal
from medici.ledger.node import Node, chain_time, fund
from medici.ledger.recovery import recover
from medici.ledger.rpc import Rpc
from medici.ledger.sender import Sender

if TYPE_CHECKING:
    from pathlib import Path


def test_a_call_is_done_and_its_receipt_tells_what_happened(
    sender: Sender, artist: Key, probe: Probe
) -> None:
    receipt = sender.send("first", artist, probe.add("hello", value=5))
    assert receipt.succeeded
    assert probe.count == 1
    assert probe.event(receipt, "Counted") == {"by": artist.address, "count": 1, "note": "hello"}
    assert receipt.time == chain_time(probe.rpc)


def test_the_same_key_never_makes_a_second_transaction(
    sender: Sender, artist: Key, probe: Probe, rpc: Rpc
) -> None:
    first = sender.send("once", artist, probe.add())
    before = nonce(rpc, artist.address)
    assert sender.send("once", artist, probe.add()) == first
    assert sender.post("once", artist, probe.add()) == first.hash
    assert sender.receipt("once") == first
    assert nonce(rpc, artist.address) == before
    assert probe.count == 1


def test_a_key_stands_for_one_call_only(sender: Sender, artist: Key, probe: Probe) -> None:
    sender.send("once", artist, probe.add("a"))
    with pytest.raises(KeyReused, match="already stands for another call"):
        sender.send("once", artist, probe.add("b"))


def test_a_refused_call_costs_nothing_and_leaves_no_gap(
    sender: Sender, artist: Key, probe: Probe, rpc: Rpc
) -> None:
    before = nonce(rpc, artist.address), rpc.call("eth_getBalance", artist.address, "latest")
    with pytest.raises(ChainRefused, match=r"bid 90\.00 is below the minimum 105\.00") as caught:
        sender.send("bid", artist, probe.prepare("bid", 90_000_000))
    assert caught.value.reason == "BidTooLow"
    assert caught.value.arguments["minimum"] == 105_000_000
    after = nonce(rpc, artist.address), rpc.call("eth_getBalance", artist.address, "latest")
    assert before == after
    assert sender.receipt("bid") is None
    assert sender.send("next", artist, probe.add()).succeeded


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("unknown", "error this version does not know"),
        ("silent", "gave no reason"),
        ("fault", "stopped on a fault in the contract: a division by zero"),
    ],
)
def test_refusals_of_every_form_are_sentences(
    sender: Sender, artist: Key, probe: Probe, function: str, sentence: str
) -> None:
    arguments = [0] if function == "fault" else []
    with pytest.raises(ChainRefused, match=sentence):
        sender.send("x", artist, probe.prepare(function, *arguments))


def test_a_text_reason_is_passed_on(sender: Sender, artist: Key, probe: Probe) -> None:
    sender.send("shut", artist, probe.prepare("shutDown", True))
    with pytest.raises(ChainRefused, match=r"Probe\.add was refused: the probe is shut"):
        sender.send("x", artist, probe.add())


def test_dry_run_shows_meaning_and_gas_and_sends_nothing(
    sender: Sender, artist: Key, probe: Probe, rpc: Rpc
) -> None:
    before = nonce(rpc, artist.address)
    shown = sender.dry_run(artist.address, probe.add("hi")).as_json()
    assert shown["contract"] == "Probe"
    assert shown["function"] == "add"
    assert shown["arguments"] == {"note": "hi"}
    assert 40_000 < shown["gas"] < 120_000
    assert nonce(rpc, artist.address) == before
    with pytest.raises(ChainRefused):
        sender.dry_run(artist.address, probe.prepare("bid", 1))


def test_who_cannot_pay_gas_is_told_so(sender: Sender, probe: Probe) -> None:
    with pytest.raises(NoFunds, match="chain's coin"):
        sender.send("poor", Key.generate(), probe.add())


def test_a_race_lost_on_the_chain_is_a_refusal_with_its_reason(
    rpc: Rpc, sender: Sender, artist: Key, probe: Probe, journal: Journal
) -> None:
    collector = Key.generate()
    fund(rpc, [collector.address])
    call = probe.prepare("addAt", 0)

    def overtake(where: str) -> None:
        if where == "prepared":  # after the simulation said yes
            sender.send("first", artist, call)

    slow = Sender(rpc, journal, 31337, patience=QUICK, checkpoint=overtake)
    with pytest.raises(ChainRefused, match=r"bid 0\.00 is below .* was reverted") as caught:
        slow.send("second", collector, call)
    assert caught.value.reason == "BidTooLow"
    with pytest.raises(ChainRefused, match="was reverted"):  # and so it stays
        sender.send("second", collector, call)
    assert nonce(rpc, collector.address) == 1
    assert probe.count == 1


def test_a_stuck_transaction_is_replaced_by_a_dearer_one(
    rpc: Rpc, journal: Journal, artist: Key, sender: Sender, probe: Probe
) -> None:
    rpc.call("evm_setAutomine", False)
    first = sender.post("slow", artist, probe.add())

    def mine() -> None:
        time.sleep(1.2)
        with Rpc(rpc.url) as other:
            other.call("evm_mine")

    thread = threading.Thread(target=mine)
    thread.start()
    receipt = sender.send("slow", artist, probe.add())
    thread.join()
    assert receipt.hash != first
    intent = journal.find(31337, "slow")
    assert intent is not None
    attempts = journal.attempts(intent)
    assert len({attempt.nonce for attempt in attempts}) == 1
    fees = [attempt.max_fee for attempt in attempts]
    assert all(later * 10 >= earlier * 11 for earlier, later in itertools.pairwise(fees))
    rpc.call("evm_mine")
    assert probe.count == 1


def test_what_is_not_mined_in_time_is_pending_and_resumes(
    rpc: Rpc, sender: Sender, artist: Key, probe: Probe, journal: Journal
) -> None:
    rpc.call("evm_setAutomine", False)
    hasty = Sender(rpc, journal, 31337, patience=replace(QUICK, give_up=0.2))
    with pytest.raises(StillPending, match="not confirmed"):
        hasty.send("later", artist, probe.add())
    rpc.call("evm_mine")
    assert sender.send("later", artist, probe.add()).succeeded
    assert probe.count == 1


def test_confirmations_are_waited_for(
    rpc: Rpc, journal: Journal, artist: Key, probe: Probe
) -> None:
    careful = Sender(rpc, journal, 31337, confirmations=3, patience=QUICK)

    def mine() -> None:
        with Rpc(rpc.url) as other:
            for _ in range(2):
                time.sleep(0.15)
                other.call("evm_mine")

    thread = threading.Thread(target=mine)
    thread.start()
    receipt = careful.send("deep", artist, probe.add())
    thread.join()
    assert int(rpc.call("eth_blockNumber"), 16) >= receipt.block + 2


def test_a_foreign_transaction_with_our_key_costs_a_nonce_not_a_work(
    rpc: Rpc, sender: Sender, artist: Key, probe: Probe, journal: Journal
) -> None:
    """Somebody signs with the same key elsewhere while ours waits in the journal."""

    class Dies(Exception):
        pass

    def die(where: str) -> None:
        if where == "journaled":
            raise Dies

    dying = Sender(rpc, journal, 31337, patience=QUICK, checkpoint=die)
    with pytest.raises(Dies):
        dying.send("ours", artist, probe.add("ours"))
    taken = nonce(rpc, artist.address)
    foreign = artist.sign_transaction(
        {
            "type": 2, "chainId": 31337, "nonce": taken, "to": artist.address, "value": 0,
            "data": b"", "gas": 21_000, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9,
        }
    )  # fmt: skip
    rpc.call("eth_sendRawTransaction", "0x" + foreign.hex())
    assert sender.send("ours", artist, probe.add("ours")).succeeded
    assert probe.count == 1
    assert nonce(rpc, artist.address) == taken + 2


def test_two_senders_of_one_account_share_its_nonces(
    rpc: Rpc, artist: Key, probe: Probe, journal: Journal
) -> None:
    failures: list[BaseException] = []

    def work(who: int) -> None:
        other = Journal(journal.path, time.time)
        try:
            with Rpc(rpc.url) as client:
                mine = Sender(client, other, 31337, patience=QUICK)
                for number in range(10):
                    mine.send(f"{who}/{number}", artist, probe.add())
        except BaseException as error:
            failures.append(error)
        finally:
            other.close()

    threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert probe.count == 40
    assert journal.check() == []


def test_a_chain_that_lost_its_last_blocks_is_brought_back(
    rpc: Rpc, sender: Sender, artist: Key, probe: Probe, journal: Journal
) -> None:
    snapshot = rpc.call("evm_snapshot")
    rpc.call("evm_setNextBlockTimestamp", int(time.time()) + 10_000)
    receipts = [sender.send(f"lost/{n}", artist, probe.add(str(n))) for n in range(3)]
    assert rpc.call("evm_revert", snapshot)
    assert probe.count == 0
    recovery = recover(rpc, journal, 31337)
    assert recovery.replayed == ("lost/0", "lost/1", "lost/2")
    assert recovery.differing == ()
    assert probe.count == 3
    for number, receipt in enumerate(receipts):
        again = sender.send(f"lost/{number}", artist, probe.add(str(number)))
        assert (again.hash, again.time) == (receipt.hash, receipt.time)
    assert recover(rpc, journal, 31337).replayed == ()


def test_a_lost_block_that_nobody_recorded_is_played_before_what_builds_on_it(
    rpc: Rpc, sender: Sender, artist: Key, probe: Probe, journal: Journal
) -> None:
    class Dies(Exception):
        pass

    def die(where: str) -> None:
        if where == "received":
            raise Dies

    snapshot = rpc.call("evm_snapshot")
    with pytest.raises(Dies):
        Sender(rpc, journal, 31337, checkpoint=die).send("unheard", artist, probe.add("unheard"))
    sender.send("after", artist, probe.add("after"))
    assert rpc.call("evm_revert", snapshot)
    assert recover(rpc, journal, 31337).replayed == ("after",)
    assert sender.send("unheard", artist, probe.add("unheard")).succeeded
    notes = [event.arguments["note"] for event in probe.past_events("Counted")]
    assert notes == ["unheard", "after"]


def test_a_sender_that_outlives_its_chain_brings_it_back_by_itself(
    rpc: Rpc, sender: Sender, artist: Key, probe: Probe
) -> None:
    snapshot = rpc.call("evm_snapshot")
    sender.send("lost", artist, probe.add("lost"))
    assert rpc.call("evm_revert", snapshot)
    assert sender.send("next", artist, probe.add("next")).succeeded
    notes = [event.arguments["note"] for event in probe.past_events("Counted")]
    assert notes == ["lost", "next"]


def test_a_chain_killed_and_begun_anew_is_played_from_the_journal(tmp_path: Path) -> None:
    key, journal = Key.generate(), Journal(tmp_path / "journal.sqlite", time.time)
    chain = Node(tmp_path / "chain", save_every=3600)
    with chain.tied() as running, Rpc(running.url, attempts=1) as client:
        fund(client, [key.address])
        sender = Sender(client, journal, 31337, patience=QUICK)
        created = sender.send("probe", key, Call(None, PROBE.bytecode)).created
        assert created is not None
        opened = Probe(client, created).read("openedAt")
        sender.send("add", key, Probe(client, created).add())
        os.kill(running.anvil, signal.SIGKILL)
        chain._wait_until_gone()
        with pytest.raises(NoNode):
            sender.send("after", key, Probe(client, created).add())
    assert not (tmp_path / "chain" / "state.json").exists()
    with chain.tied() as running, Rpc(running.url) as client:
        assert recover(client, journal, 31337).replayed == ("probe", "add")
        probe = Probe(client, created)
        assert probe.count == 1
        assert probe.read("openedAt") == opened
        sender = Sender(client, journal, 31337, patience=QUICK)
        assert sender.send("after", key, probe.add()).succeeded
        assert probe.count == 2
    journal.close()

"""``kill -9`` at every boundary and at random instants: nothing doubled, nothing lost, no gap."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.ledger.probe import PROBE, QUICK, Probe, nonce

from medici.ledger.accounts import Key
from medici.ledger.calls import Call
from medici.ledger.journal import Journal
from medici.ledger.node import Node, fund
from medici.ledger.recovery import recover
from medici.ledger.rpc import Rpc
from medici.ledger.sender import Sender

CRASHING = str(Path(__file__).with_name("crashing.py"))
BOUNDARIES = ("prepared", "journaled", "broadcast", "received", "recorded")
WANTED = 4


class Victim:
    """A firm's sending process on a chain of its own test."""

    def __init__(self, rpc: Rpc, folder: Path) -> None:
        self.rpc, self.folder = rpc, folder
        self.secret = os.urandom(32)
        self.key = Key(self.secret)
        fund(rpc, [self.key.address])
        with self.opened() as journal:
            created = self.sender(journal).send("probe", self.key, Call(None, PROBE.bytecode))
        assert created.created is not None
        self.probe = Probe(rpc, created.created)

    def opened(self) -> Journal:
        return Journal(self.folder / "journal.sqlite", time.time)

    def sender(self, journal: Journal) -> Sender:
        return Sender(self.rpc, journal, 31337, patience=QUICK)

    def start(self, *where: str, count: int = WANTED) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                sys.executable, CRASHING, self.rpc.url, str(self.folder), self.secret.hex(),
                self.probe.address, str(count), *where,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def whole(self, count: int = WANTED) -> None:
        """Finish what was begun, and look whether each call happened exactly once."""
        with self.start(count=count) as process:
            assert process.wait(60) == 0
        assert self.probe.count == count
        assert nonce(self.rpc, self.key.address) == count + 1
        pool = self.rpc.call("txpool_status")
        assert int(pool["pending"], 16) + int(pool["queued"], 16) == 0
        with self.opened() as journal:
            assert journal.pending(31337) == []
            assert journal.check() == []
            receipts = [self.sender(journal).receipt(f"crash/{n}") for n in range(count)]
        notes = [self.probe.event(r, "Counted")["note"] for r in receipts if r is not None]
        assert notes == [str(n) for n in range(count)]


@pytest.fixture
def victim(rpc: Rpc, tmp_path: Path) -> Victim:
    return Victim(rpc, tmp_path)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_killed_at_a_boundary(victim: Victim, boundary: str) -> None:
    with victim.start(boundary, "3") as process:
        assert process.wait(60) == -signal.SIGKILL
    victim.whole()


def test_killed_again_and_again_at_every_boundary(victim: Victim) -> None:
    for boundary in BOUNDARIES:
        with victim.start(boundary, "1", count=12) as process:
            assert process.wait(60) == -signal.SIGKILL
    victim.whole(12)


def test_killed_at_twenty_random_instants(victim: Victim) -> None:
    dice = random.Random(1737)
    count, killed = 60, 0
    for _ in range(20):
        with victim.start(count=count) as process:
            assert process.stdout is not None
            process.stdout.readline()  # started
            time.sleep(dice.uniform(0.0, 0.12))
            if process.poll() is None:
                process.kill()
                killed += 1
    assert killed >= 10
    victim.whole(count)


def test_what_a_killed_process_left_behind_blocks_nobody(victim: Victim) -> None:
    """Signed and journaled but never broadcast, and its owner never comes back."""
    with victim.start("journaled", "1") as process:
        assert process.wait(60) == -signal.SIGKILL
    assert nonce(victim.rpc, victim.key.address) == 1
    with victim.opened() as journal:
        sender = victim.sender(journal)
        assert sender.send("another", victim.key, victim.probe.add("another")).succeeded
    assert victim.probe.count == 2  # the one left behind was sent first


def test_chain_and_sender_killed_together(tmp_path: Path) -> None:
    """Power cut: anvil and the sending process die at once, the last save is old."""
    node = Node(tmp_path / "chain", save_every=0.2)
    with node.tied() as running, Rpc(running.url) as rpc:
        victim = Victim(rpc, tmp_path)
        with victim.start(count=200) as process:
            assert process.stdout is not None
            while "9" not in process.stdout.readline():
                pass
            os.kill(running.anvil, signal.SIGKILL)
            process.kill()
        node._wait_until_gone()
    with node.tied() as running, Rpc(running.url) as rpc:
        victim.rpc, victim.probe = rpc, Probe(rpc, victim.probe.address)
        with victim.opened() as journal:
            known = len(journal.mined(31337))
            recover(rpc, journal, 31337)
            assert known - 1 <= victim.probe.count <= known
        victim.whole(30)

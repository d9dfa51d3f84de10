"""One real chain for all tests of the room; each test sees it fresh."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.ledger.firm import SmallFirm
from tests.ledger.probe import PROBE, QUICK, Probe

from medici.ledger.accounts import Key
from medici.ledger.calls import Call
from medici.ledger.journal import Journal
from medici.ledger.node import Node, RunningNode, fund
from medici.ledger.rpc import Rpc
from medici.ledger.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    with Node(tmp_path_factory.mktemp("chain")).tied() as running:
        yield running


@pytest.fixture
def rpc(node: RunningNode) -> Iterator[Rpc]:
    """The chain, put back afterwards to what it was."""
    with Rpc(node.url, timeout=20) as client:
        snapshot = client.call("evm_snapshot")
        yield client
        client.call("evm_setAutomine", True)
        assert client.call("evm_revert", snapshot)


@pytest.fixture
def artist(rpc: Rpc) -> Key:
    key = Key.generate()
    fund(rpc, [key.address])
    return key


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite", time.time)
    yield journal
    journal.close()


@pytest.fixture
def sender(rpc: Rpc, journal: Journal) -> Sender:
    return Sender(rpc, journal, 31337, patience=QUICK)


@pytest.fixture
def probe(rpc: Rpc, sender: Sender, artist: Key) -> Probe:
    created = sender.send("probe", artist, Call(None, PROBE.bytecode)).created
    assert created is not None
    return Probe(rpc, created)


@pytest.fixture
def firm(rpc: Rpc, sender: Sender, artist: Key, tmp_path: Path) -> SmallFirm:
    return SmallFirm.founded(rpc, sender, artist, tmp_path)

"""A test contract that counts and refuses (`Probe.sol`), and small questions to the chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from medici.ledger.abi import Artifact, read_artifact
from medici.ledger.contract import Contract
from medici.ledger.sender import Patience

if TYPE_CHECKING:
    from medici.ledger.calls import Call
    from medici.ledger.rpc import Rpc
    from medici.records import Address

HERE = Path(__file__).parent
PROBE = read_artifact(json.loads((HERE / "probe.json").read_bytes()))
QUICK = Patience(rebroadcast=0.2, stuck=0.5, foreign=0.3, give_up=5)


class Probe(Contract):
    """The test contract."""

    name = "Probe"

    @property
    def artifact(self) -> Artifact:
        return PROBE

    @property
    def count(self) -> int:
        return int(self.read("count"))

    def add(self, note: str = "", value: int = 0) -> Call:
        return self.prepare("add", note, value=value)


def nonce(rpc: Rpc, account: Address) -> int:
    return int(rpc.call("eth_getTransactionCount", account, "latest"), 16)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

"""How fast the ledger room is: sending, starting, importing.

    python benchmarks/ledger.py [--quick] [--json]

Rates are compared within one run on one chain: the sender (simulates, journals to disk, signs,
sends, awaits and records the receipt) against handing ready-signed bytes to the node and nothing
else. Starts are the best of several, so that neighbours on the machine count as little as may be.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from medici.ledger.accounts import Key, Keyring
from medici.ledger.calls import Call
from medici.ledger.journal import Journal
from medici.ledger.node import Node, fund
from medici.ledger.rpc import Rpc
from medici.ledger.sender import Sender

READING = """
import sys
from medici.ledger.reader import Reader
from medici.ledger.rpc import Rpc
rpc = Rpc(sys.argv[1])
rpc.call("eth_chainId")
"""
SENDING = "import medici.ledger.sender, medici.ledger.clients, eth_account, eth_abi"
WEB3 = "import web3"


def row(
    name: str,
    value: float,
    unit: str,
    better: str,
    peer: float | None = None,
    bar: float | None = None,
) -> dict[str, Any]:
    holds = bar is None or (value <= bar if better == "lower" else value >= bar)
    return {
        "name": name, "value": round(value, 4), "unit": unit,
        "peer": None if peer is None else round(peer, 4), "bar": bar, "better": better,
        "holds": holds,
    }  # fmt: skip


def cold(code: str, *arguments: str, times: int) -> float:
    """Seconds of a whole fresh process, the best of several."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, *arguments], check=True)
        taken.append(time.perf_counter() - started)
    return min(taken)


def rates(rpc: Rpc, folder: Path, count: int) -> tuple[float, float]:
    """Transactions a second: by the sender, and raw; interleaved in blocks of a tenth."""
    key, raw_key = Key.generate(), Key.generate()
    fund(rpc, [key.address, raw_key.address])
    call = Call(key.address, b"", 1)
    ready = [
        raw_key.sign_transaction(
            {
                "type": 2, "chainId": 31337, "nonce": nonce, "to": key.address, "value": 1,
                "data": b"", "gas": 21_000, "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9,
            }
        )
        for nonce in range(count)
    ]  # fmt: skip
    ours = raw = 0.0
    with Journal(folder / "journal.sqlite", time.time) as journal:
        sender = Sender(rpc, journal, 31337)
        sender.send("first", key, call)
        step = max(1, count // 10)
        for start in range(0, count, step):
            part = range(start, min(count, start + step))
            started = time.perf_counter()
            for number in part:
                sender.send(f"bench/{number}", key, call)
            ours += time.perf_counter() - started
            started = time.perf_counter()
            for number in part:
                rpc.call("eth_sendRawTransaction", "0x" + ready[number].hex())
            raw += time.perf_counter() - started
    return count / ours, count / raw


def measure(quick: bool) -> list[dict[str, Any]]:
    times, count = (3, 100) if quick else (9, 1000)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        starts, stops = [], []
        for number in range(times):
            node = Node(folder / f"chain{number}")
            started = time.perf_counter()
            node.up()
            starts.append(time.perf_counter() - started)
            started = time.perf_counter()
            node.down()
            stops.append(time.perf_counter() - started)
        rows.append(row("node start", min(starts), "s", "lower", bar=1.0))
        rows.append(row("node stop, state saved", min(stops), "s", "lower", bar=1.0))
        with Node(folder / "chain").tied() as running, Rpc(running.url) as rpc:
            ours, raw = rates(rpc, folder, count)
            rows.append(row("send, journaled and confirmed", ours, "tx/s", "higher", peer=raw))
            rows.append(row("send against raw", ours / raw, "ratio", "higher"))
            # web3.py is no part of the package: it is measured where somebody has it.
            web3 = cold(WEB3, times=times) if importlib.util.find_spec("web3") else None
            reading = cold(READING, running.url, times=times)
            rows.append(row("cold process that asks the chain", reading, "s", "lower", web3, 1.0))
            rows.append(
                row("cold import for sending", cold(SENDING, times=times), "s", "lower", web3)
            )
        for cost in ("light", "standard"):
            Keyring(folder / cost, lambda: "password", cost=cost).create("artist")
            started = time.perf_counter()
            Keyring(folder / cost, lambda: "password").unlock("artist")
            rows.append(row(f"unlock a key, {cost}", time.perf_counter() - started, "s", "lower"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = measure(arguments.quick)
    if arguments.json:
        print(json.dumps({"benchmark": "ledger", "rows": rows}))
    else:
        for each in rows:
            peer = "" if each["peer"] is None else f"   peer {each['peer']}"
            print(f"{each['name']:<36} {each['value']:>10} {each['unit']}{peer}")


if __name__ == "__main__":
    main()

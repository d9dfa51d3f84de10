"""A process that sends and may be killed at any instant; run by `test_crash.py`.

    python crashing.py URL FOLDER SECRET PROBE COUNT [BOUNDARY NUMBER]

Sends COUNT calls of `Probe.add` under the keys ``crash/0…``, whatever was sent before. With
BOUNDARY it ends itself by SIGKILL the NUMBER-th time that boundary is crossed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from medici.ledger.accounts import Key
from medici.ledger.journal import Journal
from medici.ledger.recovery import recover
from medici.ledger.rpc import Rpc
from medici.ledger.sender import Sender
from medici.records import Address

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.ledger.probe import QUICK, Probe


def main(arguments: list[str]) -> None:
    url, folder, secret, probe, count, *where = arguments
    crossed = 0

    def checkpoint(name: str) -> None:
        nonlocal crossed
        if where and name == where[0]:
            crossed += 1
            if crossed == int(where[1]):
                os.kill(os.getpid(), signal.SIGKILL)

    journal = Journal(Path(folder) / "journal.sqlite", time.time)
    with Rpc(url) as rpc:
        recover(rpc, journal, 31337)
        sender = Sender(rpc, journal, 31337, patience=QUICK, checkpoint=checkpoint)
        contract = Probe(rpc, Address(probe))
        print("ready", flush=True)
        for number in range(int(count)):
            sender.send(f"crash/{number}", Key(bytes.fromhex(secret)), contract.add(str(number)))
            print(number, flush=True)
    journal.close()


if __name__ == "__main__":
    main(sys.argv[1:])

"""Brings a chain that lost its last blocks back to where the journal says it was.

A local chain killed by force wakes up some seconds younger; a real one may drop a block. The
journal holds the signed bytes of everything the firm sent and, for each, the time of its block. On
a local chain they are played again in their old order at their old times, with the same outcome; on
a real one they are handed to the node again.
"""

from __future__ import annotations

import contextlib
import fcntl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.errors import NodeRefused
from medici.ledger.node import chain_time, fund, is_local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from medici.ledger.journal import Intent, Journal
    from medici.ledger.rpc import Rpc

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Recovery:
    """What had to be done.

    Attributes:
        replayed: keys of transactions that were handed to the chain again, in order.
        differing: of these, keys whose outcome is another than it was.
    """

    replayed: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


def lost(rpc: Rpc, journal: Journal, chain_id: int) -> list[Intent]:
    """Transactions that the journal knows as mined and the chain does not, in their old order.

    Cheap when nothing is lost: one request with one nonce an account.
    """
    nonces = journal.mined_nonces(chain_id)
    counts = rpc.batch([("eth_getTransactionCount", (a, "latest")) for a in nonces])
    if all(int(c, 16) > nonce for c, nonce in zip(counts, nonces.values(), strict=True)):
        return []
    mined = journal.mined(chain_id)
    missing = []
    for start in range(0, len(mined), _BATCH):
        part = mined[start : start + _BATCH]
        hashes = [_hash(intent) for intent in part]
        receipts = rpc.batch([("eth_getTransactionReceipt", (h,)) for h in hashes])
        missing += [i for i, receipt in zip(part, receipts, strict=True) if receipt is None]
    return missing


def recover(
    rpc: Rpc, journal: Journal, chain_id: int, clock: Callable[[], float] = time.time
) -> Recovery:
    """Put back what the chain lost; does nothing when it lost nothing.

    Call it when a firm is opened, before anything is read from the chain.

    Raises:
        NoNode: the node is gone again; call it again.
        NodeRefused: the node does not take back a transaction that it once held.
    """
    if not lost(rpc, journal, chain_id):
        return Recovery()
    with _one_at_a_time(journal):
        missing = lost(rpc, journal, chain_id)  # another process may have done it meanwhile
        if not is_local(rpc):
            return _hand_back(rpc, journal, missing)
        recovery = _replay(rpc, journal, chain_id, missing)
        rpc.call("anvil_setTime", max(int(clock()), chain_time(rpc)))
        return recovery


def _hand_back(rpc: Rpc, journal: Journal, missing: list[Intent]) -> Recovery:
    for intent in missing:
        _hand_over(rpc, _raw(journal, intent))
        journal.reopen(intent)
    return Recovery(tuple(intent.key for intent in missing))


def _replay(rpc: Rpc, journal: Journal, chain_id: int, missing: list[Intent]) -> Recovery:
    fund(rpc, sorted({intent.account for intent in missing}))
    differing = []
    for intent in missing:
        assert intent.block_time is not None
        assert intent.receipt is not None
        if intent.block_time >= chain_time(rpc):
            with contextlib.suppress(
                NodeRefused
            ):  # the clock has passed it: then as soon as may be
                rpc.call("evm_setNextBlockTimestamp", intent.block_time)
        for earlier in journal.pending(chain_id, intent.account):
            # Mined once, perhaps, and its sender killed before it heard: its nonce comes first.
            if earlier.nonce < intent.nonce:
                _hand_over(rpc, journal.attempts(earlier)[-1].raw)
        _hand_over(rpc, _raw(journal, intent))
        receipt = _awaited(rpc, _hash(intent))
        if receipt is None:  # its nonce is not yet due: what stood before it was not ours
            raise NodeRefused(
                f"{intent.label} ({intent.key}) cannot be played again: the chain lost "
                "transactions of its account that the journal does not hold"
            )
        block = rpc.call("eth_getBlockByHash", receipt["blockHash"], False)
        if receipt["status"] != intent.receipt["status"]:
            differing.append(intent.key)
        journal.record(intent, receipt, int(block["timestamp"], 16), intent.refusal)
    return Recovery(tuple(intent.key for intent in missing), tuple(differing))


@contextlib.contextmanager
def _one_at_a_time(journal: Journal) -> Iterator[None]:
    with journal.path.with_name(journal.path.name + ".recovery").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _awaited(rpc: Rpc, transaction: str, patience: float = 5.0) -> dict[str, Any] | None:
    """The receipt; a local chain has it some milliseconds after it took the transaction."""
    deadline = time.monotonic() + patience
    while True:
        receipt = rpc.call("eth_getTransactionReceipt", transaction)
        if receipt is not None or time.monotonic() > deadline:
            return dict(receipt) if receipt else None
        time.sleep(0.002)


def _hash(intent: Intent) -> str:
    assert intent.receipt is not None
    return str(intent.receipt["transactionHash"])


def _raw(journal: Journal, intent: Intent) -> bytes:
    mined = _hash(intent)
    return next(a.raw for a in journal.attempts(intent) if a.hash == mined)


def _hand_over(rpc: Rpc, raw: bytes) -> Any:
    try:
        return rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    except NodeRefused as error:
        said = error.message.lower()
        if not any(text in said for text in ("already", "known transaction", "nonce too low")):
            raise
    return None

"""Acts of governance: proposed to the timelock, executed when their time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth_hash.auto import keccak

from medici.errors import StillPending
from medici.ledger.node import advance_to, chain_time, is_local
from medici.records import ZERO_DIGEST, Digest

if TYPE_CHECKING:
    from medici.ledger.calls import Call, Receipt
    from medici.ledger.clients import TimelockController
    from medici.ledger.sender import Sender, Wallet


def govern(
    sender: Sender, timelock: TimelockController, key: str, proposer: Wallet, call: Call
) -> Receipt:
    """Have the timelock do a call; on a local chain its delay passes at once.

    Args:
        sender: writes.
        timelock: of the firm.
        key: idempotency key of the whole act.
        proposer: an account with the proposer's role.
        call: what the timelock shall do.

    Returns:
        The receipt of the execution.

    Raises:
        StillPending: the delay is not over; the same key goes on after it.
        ChainRefused: the proposer may not, or the call is refused.
    """
    assert call.to is not None
    salt = Digest.keccak(b"medici/timelock/" + keccak(key.encode()))
    what = (call.to, call.value, call.data, ZERO_DIGEST, salt)
    delay_key = f"{key}/schedule"
    scheduled = sender.receipt(delay_key)
    if scheduled is None:
        schedule = timelock.schedule(*what, timelock.get_min_delay())
        scheduled = sender.send(delay_key, proposer, schedule)
    ready = timelock.get_timestamp(timelock.hash_operation(*what))
    if sender.receipt(f"{key}/execute") is None and chain_time(timelock.rpc) < ready:
        if not is_local(timelock.rpc):
            raise StillPending(
                f"{call.label} is proposed and can be executed from second {ready} on",
                "run the same command again after that",
            )
        advance_to(timelock.rpc, ready)
    return sender.send(f"{key}/execute", proposer, timelock.execute(*what))

"""Dividends: the shareholders' part of the firm's income, shared out by the `Shares` contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.market import earnings
from medici.records import Address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from medici.ledger.accounts import Key
    from medici.ledger.chain import Chain
    from medici.records import Money


@dataclass(frozen=True, slots=True)
class Holding:
    """A shareholder.

    Attributes:
        shares: smallest units held.
        part: of the supply, 0 to 1.
        owed: dividends that can be claimed now.
    """

    holder: Address
    shares: int
    part: float
    owed: Money

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "holder": self.holder,
            "shares": str(self.shares),
            "part": round(self.part, 6),
            "owed": str(self.owed),
        }


def holdings(chain: Chain) -> list[Holding]:
    """Everybody who holds shares or is owed dividends, largest first."""
    shares = chain.contracts.shares
    supply = shares.total_supply()
    seen = {Address(e.arguments["to"]) for e in shares.past_events("Transfer")}
    found = [
        Holding(
            holder,
            held := shares.balance_of(holder),
            held / supply if supply else 0.0,
            chain.money(shares.owed_to(holder)),
        )
        for holder in seen
        if int(holder, 16)
    ]
    kept = [h for h in found if h.shares or h.owed.units]
    return sorted(kept, key=lambda h: (-h.shares, h.holder))


def distributed(chain: Chain) -> Money:
    """All that was ever shared out among the shareholders."""
    return chain.money(chain.contracts.shares.distributed())


def distribute(chain: Chain, key: str, by: Key) -> Money:
    """Draw the shareholders' income from `Revenue` and share it out; how much that was.

    Nothing to share out is no error: it gives zero.
    """
    shares = chain.contracts.shares
    earnings.withdraw(chain, key, by, [Address(shares.inbox())])
    waiting = chain.contracts.currency.balance_of(shares.inbox())
    done = chain.sender.receipt(f"{key}/distribute")
    if done is None and waiting == 0:
        return chain.money(0)
    receipt = chain.send(f"{key}/distribute", by, shares.distribute())
    return chain.money(int(shares.event(receipt, "DividendDistributed")["amount"]))


def claim(chain: Chain, key: str, by: Key, holders: Iterable[Address]) -> Money:
    """Pay these holders the dividends they are owed; how much that was."""
    shares = chain.contracts.shares
    total = 0
    for holder in holders:
        name = f"{key}/claim/{holder}"
        if chain.sender.receipt(name) is None and shares.owed_to(holder) == 0:
            continue
        receipt = chain.send(name, by, shares.claim_for(holder))
        total += int(chain.contracts.currency.event(receipt, "Transfer")["amount"])
    return chain.money(total)

"""What is owed to whom, and how they get it: the firm's `Revenue` contract, read and drawn from.

Every payment was credited in the transaction that made it; here recipients withdraw. Anybody may
start a withdrawal for somebody else: the money goes to the recipient alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from medici.ledger.accounts import Key
    from medici.ledger.chain import Chain
    from medici.records import Address, Digest, Money

PLAIN_CREDIT = 0
"""The split number that stands for an account's own credit: a seller's proceeds, a refund."""


@dataclass(frozen=True, slots=True)
class Books:
    """All money that ever went through `Revenue`, from its events, beside what it holds now.

    Attributes:
        received: paid to splits and credited to accounts.
        paid_out: withdrawn and spent.
        held: the contract's balance of the settlement token.
        royalties: of `received`, resale royalties.
        licences: of `received`, licence fees.
    """

    received: Money
    paid_out: Money
    held: Money
    royalties: Money
    licences: Money

    @property
    def owed(self) -> Money:
        """What recipients can still withdraw, dust included."""
        return self.received - self.paid_out

    @property
    def balanced(self) -> bool:
        """Whether received = paid out + owed, to the smallest unit, and the money is there."""
        return self.owed == self.held

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "received": str(self.received),
            "paid_out": str(self.paid_out),
            "owed": str(self.owed),
            "royalties_resale": str(self.royalties),
            "licences": str(self.licences),
        }


KINDS = (
    "gift",
    "primary",
    "resale",
    "foreign royalty",
    "licence",
    "usage",
    "shards",
    "pool fee",
    "buy-out",
    "refund",
)
"""Names of the contract's `Income` values, in their order."""


def books(chain: Chain) -> Books:
    """The firm's books, added up from the chain's events."""
    revenue = chain.contracts.revenue
    paid = [
        (KINDS[e.arguments["kind"]], e.arguments["amount"]) for e in revenue.past_events("Paid")
    ]
    credited = sum(e.arguments["amount"] for e in revenue.past_events("Credited"))
    # What leaves is told by the currency's own event, withdrawals and spent credit alike.
    sender: dict[str, Any] = {"from": revenue.address}
    out = sum(
        e.arguments["amount"] for e in chain.contracts.currency.past_events("Transfer", **sender)
    )
    return Books(
        received=chain.money(sum(amount for _, amount in paid) + credited),
        paid_out=chain.money(out),
        held=chain.money(chain.contracts.currency.balance_of(revenue.address)),
        royalties=chain.money(sum(a for kind, a in paid if kind in ("resale", "foreign royalty"))),
        licences=chain.money(sum(a for kind, a in paid if kind in ("licence", "usage"))),
    )


def split_number(chain: Chain, split: Digest) -> int:
    """The short number of a split; 0 when it does not exist on this chain yet."""
    return int(chain.contracts.revenue.split_index(split))


def owed(chain: Chain, account: Address) -> dict[int, Money]:
    """What an account can withdraw now, by split number; zeros are left out."""
    revenue = chain.contracts.revenue
    numbers = range(PLAIN_CREDIT, revenue.split_count() + 1)
    found = {number: chain.money(revenue.owed(number, account)) for number in numbers}
    return {number: money for number, money in found.items() if money.units}


def withdraw(chain: Chain, key: str, by: Key, accounts: Iterable[Address]) -> Money:
    """Pay these accounts all that they are owed; how much that was.

    Args:
        chain: the firm's chain.
        key: prefix of the idempotency keys, fresh for every occasion.
        by: who pays the gas.
        accounts: who is paid.
    """
    revenue = chain.contracts.revenue
    total = 0
    for account in accounts:
        for number in range(PLAIN_CREDIT, revenue.split_count() + 1):
            name = f"{key}/withdraw/{number}/{account}"
            done = chain.sender.receipt(name) is not None
            if done or revenue.owed(number, account):
                receipt = chain.send(name, by, revenue.withdraw_for(number, account))
                moved = chain.contracts.currency.events(receipt, "Transfer")
                total += sum(e.arguments["amount"] for e in moved)
    return chain.money(total)

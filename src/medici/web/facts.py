"""What the pages tell of the chain, read in one go into plain values.

A few log queries and reads; the index room will answer the same questions from tables one day.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from medici.governance import dividends
from medici.market import earnings
from medici.records import Address, Digest, Money, WorkId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medici.governance.dividends import Holding
    from medici.ledger.chain import Chain
    from medici.market.earnings import Books

NOBODY = "0x" + "0" * 40
Outcome = Literal["open", "sold", "unsold", "void", "cancelled"]


@dataclass(frozen=True, slots=True)
class Bid:
    """One bid."""

    bidder: Address
    amount: Money
    transaction: str


@dataclass(frozen=True, slots=True)
class Lot:
    """An auction from its opening to its end. Times are Unix seconds of blocks.

    Attributes:
        price: what the buyer paid; None unless sold.
        royalty: of a resale, what the work's split got.
        transaction: the one that ended it, else the one that opened it.
    """

    number: int
    work: WorkId
    seller: Address
    primary: bool
    reserve: Money
    ends: int
    bids: tuple[Bid, ...] = ()
    outcome: Outcome = "open"
    price: Money | None = None
    royalty: Money | None = None
    buyer: Address | None = None
    settled: int | None = None
    transaction: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """A split as the chain knows it: who gets how many basis points, and its income so far."""

    number: int
    id: Digest
    recipients: tuple[tuple[Address | Digest, int], ...]
    received: Money


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the pages show of the chain, as of one reading."""

    chain_id: int
    contracts: Mapping[str, Address]
    currency: Address
    symbol: str
    decimals: int
    owners: Mapping[WorkId, Address]
    lots: Mapping[WorkId, tuple[Lot, ...]]
    books: Books
    dividends: Money
    holdings: tuple[Holding, ...]
    splits: tuple[Split, ...]
    inbox: Address


class Reader:
    """Reads the facts; remembers block times, which never change."""

    def __init__(self) -> None:
        self._times: dict[int, int] = {}

    def read(self, chain: Chain) -> Facts:
        """All facts, now.

        Raises:
            NoNode, ChainRefused, NotDeployed: as the ledger says.
        """
        contracts = chain.contracts
        return Facts(
            chain_id=chain.chain_id,
            contracts=contracts.addresses(),
            currency=contracts.currency.address,
            symbol=contracts.currency.symbol(),
            decimals=chain.decimals,
            owners=_owners(chain),
            lots=self._lots(chain),
            books=earnings.books(chain),
            dividends=dividends.distributed(chain),
            holdings=tuple(dividends.holdings(chain)),
            splits=_splits(chain),
            inbox=Address(contracts.shares.inbox()),
        )

    def _lots(self, chain: Chain) -> dict[WorkId, tuple[Lot, ...]]:
        market, first = chain.contracts.market, chain.contracts.deployment.block
        bids: defaultdict[int, list[Bid]] = defaultdict(list)
        ends: dict[int, int] = {}
        for event in market.past_events("Bid", first):
            said = event.arguments
            amount = chain.money(said["amount"])
            bids[said["lot"]].append(Bid(Address(said["bidder"]), amount, event.log.transaction))
            ends[said["lot"]] = int(said["end"])
        closings = {
            int(event.arguments["lot"]): (outcome, event)
            for name, outcome in _OUTCOMES.items()
            for event in market.past_events(name, first)
        }
        lots: defaultdict[WorkId, list[Lot]] = defaultdict(list)
        for event in market.past_events("AuctionOpened", first):
            said = event.arguments
            number, work = int(said["lot"]), WorkId.from_int(int(said["tokenId"]))
            reserve, _, start, duration, *_ = said["terms"]
            primary = bool(said["primary"])
            begins = start or self._time(chain, event.log.block)
            closing: dict[str, Any] = {"transaction": event.log.transaction}
            if number in closings:
                outcome, end = closings[number]
                closing = self._closing(chain, outcome, end, primary)
            lots[work].append(
                Lot(
                    number=number,
                    work=work,
                    seller=Address(said["seller"]),
                    primary=primary,
                    reserve=chain.money(reserve),
                    ends=ends.get(number, begins + duration),
                    bids=tuple(bids[number]),
                    **closing,
                )
            )
        return {work: tuple(each) for work, each in lots.items()}

    def _closing(self, chain: Chain, outcome: Outcome, event: Any, primary: bool) -> dict[str, Any]:
        said = event.arguments
        closing = {
            "outcome": outcome,
            "settled": self._time(chain, event.log.block),
            "transaction": event.log.transaction,
        }
        if outcome == "sold":
            to_split, to_seller = int(said["toSplit"]), int(said["toSeller"])
            closing["price"] = chain.money(to_split + to_seller)
            closing["royalty"] = None if primary else chain.money(to_split)
            closing["buyer"] = Address(said["winner"])
        return closing

    def _time(self, chain: Chain, block: int) -> int:
        if block not in self._times:
            found = chain.rpc.call("eth_getBlockByNumber", hex(block), False)
            self._times[block] = int(found["timestamp"], 16)
        return self._times[block]


_OUTCOMES: dict[str, Outcome] = {
    "AuctionSettled": "sold",
    "AuctionUnsold": "unsold",
    "AuctionVoided": "void",
    "AuctionCancelled": "cancelled",
}


def _owners(chain: Chain) -> dict[WorkId, Address]:
    owners: dict[WorkId, Address] = {}
    for event in chain.contracts.works.past_events("Transfer", chain.contracts.deployment.block):
        said = list(event.arguments.values())  # from, to, id: standards differ in the last name
        owners[WorkId.from_int(int(said[2]))] = Address(said[1])
    return {work: owner for work, owner in owners.items() if owner != NOBODY}


def _splits(chain: Chain) -> tuple[Split, ...]:
    revenue, first = chain.contracts.revenue, chain.contracts.deployment.block
    income: defaultdict[int, int] = defaultdict(int)
    for event in revenue.past_events("Paid", first):
        income[event.arguments["split"]] += event.arguments["amount"]
    found = []
    for event in revenue.past_events("SplitCreated", first):
        said = event.arguments
        recipients = tuple((_account(word), int(bps)) for word, bps in said["recipients"])
        number = int(said["split"])
        found.append(
            Split(number, Digest(said["splitId"]), recipients, chain.money(income[number]))
        )
    return tuple(found)


def _account(word: Digest) -> Address | Digest:
    """An address, or (upper 12 bytes not zero) a parent work's split."""
    return word if any(word.raw[:12]) else Address.from_raw(word.raw)

"""English auctions of works, minted already or minted by the settlement itself.

Every function that sends takes an idempotency key: called again after a crash it finds what it had
done. Amounts are in smallest units of the settlement token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse
from medici.ledger.chain import attestation_struct
from medici.ledger.clients import structs
from medici.records import ZERO_DIGEST, Address, Attestation, Digest, Money, WorkId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medici.ledger.accounts import Key
    from medici.ledger.calls import Call, Receipt
    from medici.ledger.chain import Chain
    from medici.settings import AuctionSettings

NOBODY = Address("0x" + "0" * 40)


@dataclass(frozen=True, slots=True)
class LazyWork:
    """All it takes to mint a work from an anchored leaf.

    Attributes:
        attestation: the model's word on the work; its struct hash is the leaf.
        root: of the anchored batch.
        proof: from leaf to root.
    """

    attestation: Attestation
    root: Digest
    proof: tuple[Digest, ...]

    @property
    def as_struct(self) -> structs.LazyWork:
        """As the contract takes it."""
        parents = [parent.token_id for parent in self.attestation.parents]
        struct = attestation_struct(self.attestation)
        return structs.LazyWork(struct, parents, self.root, list(self.proof))


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as it stands on the chain; once closed its story is told by the events.

    Attributes:
        number: of the lot, from 1.
        end: Unix seconds; a late bid moves it.
        bidder: who leads, None before the first bid.
        highest: what they bid.
        primary: the whole price is income of the work, not only a royalty.
        lazy: the settlement mints the work.
    """

    number: int
    work: WorkId
    seller: Address
    start: int
    end: int
    reserve: Money
    bidder: Address | None
    highest: Money | None
    primary: bool
    lazy: bool

    @property
    def open(self) -> bool:
        """Not yet settled, voided or cancelled."""
        return self.seller != NOBODY

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "lot": self.number,
            "work": self.work,
            "seller": self.seller,
            "start": self.start,
            "end": self.end,
            "reserve": str(self.reserve),
            "bidder": self.bidder,
            "highest": str(self.highest) if self.highest else None,
            "kind": "primary" if self.primary else "resale",
            "minted": not self.lazy,
        }


@dataclass(frozen=True, slots=True)
class Sale:
    """How a lot ended.

    Attributes:
        outcome: ``sold``, ``unsold`` or ``void``.
        royalty: what the work's split got of a resale; zero for a primary sale.
    """

    lot: int
    work: WorkId
    outcome: str
    price: Money
    royalty: Money
    buyer: Address | None
    primary: bool
    transaction: str

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "lot": self.lot,
            "work": self.work,
            "outcome": self.outcome,
            "price": str(self.price),
            "royalty": str(self.royalty),
            "buyer": self.buyer,
            "kind": "auction",
            "sale": "primary" if self.primary else "resale",
            "tx": self.transaction,
        }


def terms(auction: AuctionSettings, decimals: int, reserve: Money | None = None) -> structs.Terms:
    """The conditions of an auction that begins now, from the firm's settings."""
    least = reserve or Money.parse(auction.reserve, decimals)
    return structs.Terms(
        reserve=least.units,
        secret_reserve=ZERO_DIGEST,
        start=0,
        duration=auction.duration,
        extension=auction.extension,
        raise_bps=auction.minimum_raise,
    )


def open_lazy_call(chain: Chain, work: LazyWork, conditions: structs.Terms) -> Call:
    """Offer a work that nobody minted yet."""
    return chain.contracts.market.open_lazy_auction(work.as_struct, conditions)


def open_call(chain: Chain, work: WorkId, conditions: structs.Terms) -> Call:
    """Offer a work that the sender owns."""
    return chain.contracts.market.open_auction(work.token_id, conditions)


def opened(chain: Chain, receipt: Receipt) -> int:
    """The number of the lot that a transaction opened."""
    return int(chain.contracts.market.event(receipt, "AuctionOpened")["lot"])


def approve_market(chain: Chain, key: str, seller: Key) -> None:
    """Let the market move (and for its creator mint) this account's works, once."""
    works, market = chain.contracts.works, chain.contracts.market
    if not works.is_approved_for_all(seller.address, market.address):
        chain.send(key, seller, works.set_approval_for_all(market.address, True))


def may_pay(chain: Chain, account: Address, amount: Money) -> bool:
    """Whether the market may pull this much from the account."""
    market = chain.contracts.market.address
    return chain.contracts.currency.allowance(account, market) >= amount.units


def allow_money(chain: Chain, key: str, bidder: Key) -> None:
    """Let the market pull this account's bids, once, without limit."""
    currency, market = chain.contracts.currency, chain.contracts.market
    if currency.allowance(bidder.address, market.address) < 2**255:
        chain.send(key, bidder, currency.approve(market.address, 2**256 - 1))


def lot(chain: Chain, number: int) -> Lot:
    """A lot as it stands.

    Raises:
        WrongUse: there is no lot of this number.
    """
    market = chain.contracts.market
    count = market.lot_count()
    if not 1 <= number <= count:
        raise WrongUse(f"there is no lot {number}", f"lots run from 1 to {count}")
    return _lot(chain, number, market.lot_of(number))


def lots(chain: Chain) -> list[Lot]:
    """All lots that are open."""
    market = chain.contracts.market
    found = (_lot(chain, n, market.lot_of(n)) for n in range(1, market.lot_count() + 1))
    return [each for each in found if each.open]


def lot_of_work(chain: Chain, work: WorkId) -> Lot:
    """The open lot of a work.

    Raises:
        WrongUse: it is not under the hammer.
    """
    number = chain.contracts.market.open_lot_of(work.token_id)
    if number == 0:
        raise WrongUse(f"work {work[:12]} is not under the hammer", "medici auction start WORK")
    return lot(chain, number)


def minimum_bid(chain: Chain, number: int) -> Money:
    """The lowest bid that counts now."""
    return chain.money(chain.contracts.market.minimum_bid(number))


def bid_call(chain: Chain, number: int, amount: Money) -> Call:
    """Bid this much in all."""
    return chain.contracts.market.bid(number, amount.units)


def settle(chain: Chain, key: str, by: Key, number: int) -> Sale:
    """End a lot: the work to the winner, the money to split and seller. Anybody may.

    Raises:
        ChainRefused: it is not over yet, or was settled before under another key.
    """
    return sale_of(chain, chain.send(key, by, settle_call(chain, number)))


def settle_call(chain: Chain, number: int) -> Call:
    """The call that ends a lot; for a lazily minted one, with what its opening announced."""
    market = chain.contracts.market
    for offered in market.past_events("LazyWorkOffered", lot=number):
        return market.settle_lazy(number, offered.arguments["work"])
    return market.settle(number)


def sale_of(chain: Chain, receipt: Receipt) -> Sale:
    """How a lot ended, from the transaction that ended it."""
    market = chain.contracts.market
    for outcome in ("AuctionSettled", "AuctionUnsold", "AuctionVoided"):
        for event in market.events(receipt, outcome):
            return _sale(chain, receipt, outcome, event.arguments)
    raise WrongUse("the transaction ended no auction")


def _sale(chain: Chain, receipt: Receipt, outcome: str, said: Any) -> Sale:
    number = int(said["lot"])
    (opening,) = chain.contracts.market.past_events("AuctionOpened", lot=number)
    primary = bool(opening.arguments["primary"])
    to_split = int(said.get("toSplit", 0))
    total = to_split + int(said.get("toSeller", 0))
    return Sale(
        lot=number,
        work=WorkId.from_int(int(said["tokenId"])),
        outcome={"AuctionSettled": "sold", "AuctionUnsold": "unsold"}.get(outcome, "void"),
        price=chain.money(total),
        royalty=chain.money(0 if primary else to_split),
        buyer=Address(said["winner"]) if "winner" in said else None,
        primary=primary,
        transaction=receipt.hash,
    )


def sales(chain: Chain) -> Sequence[Sale]:
    """Every lot that ended, in order of the chain."""
    market = chain.contracts.market
    found = []
    for outcome in ("AuctionSettled", "AuctionUnsold", "AuctionVoided"):
        for event in market.past_events(outcome):
            receipt = chain.receipt(event.log.transaction)
            found.append(((event.log.block, event.log.index), sale_of(chain, receipt)))
    return [sale for _, sale in sorted(found, key=lambda pair: pair[0])]


def _lot(chain: Chain, number: int, raw: Any) -> Lot:
    led = raw.bidder != NOBODY
    return Lot(
        number=number,
        work=WorkId.from_int(raw.token_id),
        seller=Address(raw.seller),
        start=raw.start,
        end=raw.end,
        reserve=chain.money(raw.reserve),
        bidder=Address(raw.bidder) if led else None,
        highest=chain.money(raw.highest) if led else None,
        primary=raw.primary,
        lazy=raw.lazy,
    )

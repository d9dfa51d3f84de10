"""What a person does by hand at the market: mint, auction, bid, settle, be paid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse
from medici.governance import dividends
from medici.ledger.chain import attestation_struct
from medici.market import auctions, earnings
from medici.records import Address, Money

if TYPE_CHECKING:
    from medici.firm.catalogue import Entry
    from medici.firm.house import Firm
    from medici.ledger.accounts import Key
    from medici.ledger.calls import Call
    from medici.ledger.chain import Chain

JSON = dict[str, Any]


def actor(firm: Firm, name: str) -> Key:
    """The key of a role of the firm's, or of a simulated collector.

    Raises:
        WrongUse: nobody has this name.
        NoKey, WrongPassword: the key is not there, or does not open.
    """
    people = firm.collectors()
    if name in people:
        return people[name]
    known = [*firm.keyring.roles(), *people]
    if name not in known:
        raise WrongUse(f"nobody here is called {name!r}", f"known: {', '.join(known)}")
    return firm.key(name)


def mint(
    firm: Firm, chain: Chain, work: str, to: str | None = None, *, dry_run: bool = False
) -> JSON:
    """Mint a work: by its anchored proof when it has one, else by the model's attestation.

    Raises:
        WrongUse: the work is unknown or not certified yet.
        ChainRefused: it is minted already, or its model is not authorised.
    """
    entry = firm.catalogue.find(work)
    artist = firm.key("artist")
    receiver = Address(to) if to else artist.address
    call = _mint_call(chain, entry, receiver)
    if dry_run:
        return chain.dry_run(artist, call)
    receipt = chain.send(f"mint/{entry.id}", artist, call)
    return {
        "work": entry.id,
        "token": chain.token_uri(entry.id),
        "owner": chain.owner_of(entry.id),
        "tx": receipt.hash,
    }


def _mint_call(chain: Chain, entry: Entry, receiver: Address) -> Call:
    works, attested = chain.contracts.works, entry.attested
    parents = [parent.token_id for parent in attested.parents]
    struct = attestation_struct(attested)
    if entry.anchor:
        root, proof = entry.proof
        return works.mint_lazily(struct, parents, root, list(proof), receiver)
    return works.mint(struct, parents, receiver, bytes.fromhex(entry.signature))


def start_auction(
    firm: Firm,
    chain: Chain,
    work: str,
    by: str = "artist",
    *,
    reserve: str | None = None,
    duration: int | None = None,
    dry_run: bool = False,
) -> JSON:
    """Put a work under the hammer: one that is minted, or an anchored one that is not.

    Raises:
        WrongUse: the work is unknown, or neither minted nor anchored.
        ChainRefused: it is in another auction, or not the seller's.
    """
    entry = firm.catalogue.find(work)
    seller = actor(firm, by)
    settings = firm.settings.auction
    if duration is not None:
        settings = replace(settings, duration=duration)
    least = Money.parse(reserve, chain.decimals) if reserve is not None else None
    conditions = auctions.terms(settings, chain.decimals, least)
    if chain.owner_of(entry.id) is None:
        lazy = auctions.LazyWork(entry.attested, *entry.proof)
        call = auctions.open_lazy_call(chain, lazy, conditions)
    else:
        call = auctions.open_call(chain, entry.id, conditions)
    if dry_run:
        return chain.dry_run(seller, call)
    occasion = f"auction/{entry.id}/{chain.contracts.market.lot_count()}"
    auctions.approve_market(chain, f"approve/{seller.address}", seller)
    receipt = chain.send(f"{occasion}/open", seller, call)
    return auctions.lot(chain, auctions.opened(chain, receipt)).as_json() | {"tx": receipt.hash}


def bid(
    firm: Firm, chain: Chain, work: str, amount: str, by: str, *, dry_run: bool = False
) -> JSON:
    """Bid on a work under the hammer.

    Raises:
        WrongUse: the work is not under the hammer.
        ChainRefused: the bid is too low or too late.
        NoFunds: the bidder cannot pay.
    """
    entry = firm.catalogue.find(work)
    lot = auctions.lot_of_work(chain, entry.id)
    bidder = actor(firm, by)
    money = Money.parse(amount, chain.decimals)
    call = auctions.bid_call(chain, lot.number, money)
    if dry_run:
        if auctions.may_pay(chain, bidder.address, money):
            return chain.dry_run(bidder, call)
        first = chain.contracts.currency.approve(chain.contracts.market.address, 2**256 - 1)
        # Without the allowance the bid itself cannot be simulated.
        return call.as_json() | {"from": bidder.address, "gas": None, "after": first.as_json()}
    auctions.allow_money(chain, f"allow/{bidder.address}", bidder)
    key = f"bid/{lot.number}/{bidder.address}/{money.units}"
    receipt = chain.send(key, bidder, call)
    return {
        "lot": lot.number,
        "work": entry.id,
        "bidder": bidder.address,
        "amount": str(money),
        "next_minimum": str(auctions.minimum_bid(chain, lot.number)),
        "tx": receipt.hash,
    }


def settle(
    firm: Firm, chain: Chain, work: str, *, wait: bool = False, dry_run: bool = False
) -> JSON:
    """End the auction of a work.

    Args:
        firm: whose catalogue names the work.
        chain: where the auction is.
        work: which.
        wait: until it is over; on a local chain its clock is moved.
        dry_run: only say what would be sent.

    Raises:
        WrongUse: the work is not under the hammer.
        ChainRefused: bidding is not over.
    """
    entry = firm.catalogue.find(work)
    lot = auctions.lot_of_work(chain, entry.id)
    artist = firm.key("artist")
    if wait and not dry_run:
        chain.wait_until(lot.end)
    if dry_run:
        return chain.dry_run(artist, auctions.settle_call(chain, lot.number))
    return auctions.settle(chain, f"settle/{lot.number}", artist, lot.number).as_json()


def claim(firm: Firm, chain: Chain, by: str, *, dry_run: bool = False) -> JSON:
    """Withdraw all that an account is owed.

    Raises:
        WrongUse: nobody has this name.
    """
    who = actor(firm, by)
    owed = earnings.owed(chain, who.address)
    total = Money(sum(money.units for money in owed.values()), chain.decimals)
    result = {"account": who.address, "name": by, "amount": str(total)}
    if dry_run or not owed:
        return result
    occasion = f"claim/{who.address}/{chain.nonce(who.address)}"
    paid = earnings.withdraw(chain, occasion, who, [who.address])
    return result | {"amount": str(paid)}


def pay_dividends(firm: Firm, chain: Chain) -> JSON:
    """Share out what came in for the shareholders and pay every holder."""
    artist = firm.key("artist")
    occasion = f"dividends/{chain.nonce(artist.address)}"
    shared = dividends.distribute(chain, occasion, artist)
    holders = [holding.holder for holding in dividends.holdings(chain)]
    paid = dividends.claim(chain, occasion, artist, holders)
    return {"shared": str(shared), "paid": str(paid)}

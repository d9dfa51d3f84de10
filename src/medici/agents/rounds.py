"""What happens in a round, step by step. Each step is safe to run again from any instant.

Idempotency keys of transactions all begin with ``round/<number>/``; works are known by their
content; so a step that was cut off finds what it had done and does the rest. `durable` remembers
which steps are over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from medici.agents import collectors
from medici.firm import making, titles
from medici.governance import dividends
from medici.market import auctions, earnings
from medici.provenance.record import rfc3339
from medici.records import Address, Money, WorkId
from medici.studio import choosing

if TYPE_CHECKING:
    from medici.firm.house import Firm
    from medici.ledger.chain import Chain
    from medici.studio.pictures.quality import Judgement

JSON = dict[str, Any]


SEEDS_APART = 10**9
"""Candidates of two firm seeds never meet below this many."""


def seeds(firm_seed: int, number: int, count: int) -> list[int]:
    """The generator seeds of a round's candidates: no two rounds of one firm seed share any.

    Args:
        firm_seed: of the run.
        number: of the round, from 1.
        count: candidates a round.
    """
    first = firm_seed * SEEDS_APART + (number - 1) * count
    return list(range(first, first + count))


def make(firm: Firm, number: int, seed: int) -> JSON:
    """Generate the candidates and keep the best and newest.

    Returns:
        ``candidates``, ``vetted`` and ``works``: for each kept one its seed, title and scores.
    """
    wanted = firm.settings.round
    candidate_seeds = seeds(seed, number, wanted.candidates)
    candidates = firm.render(candidate_seeds)
    earlier = [firm.rendering(entry) for entry in firm.catalogue if entry.round != number]
    judged = choosing.judge(firm.generator, candidates, earlier)
    kept = choosing.select(firm.generator, candidates, wanted.vetted, earlier)
    made = rfc3339(datetime.now(UTC))
    works = [
        {
            "seed": candidates[index].seed,
            "title": titles.title(candidates[index]),
            "scores": _scores(judged[index]),
            "created": made,
        }
        for index in kept
    ]
    return {"candidates": len(candidate_seeds), "vetted": len(works), "works": works}


def _scores(judged: Judgement) -> dict[str, float]:
    told = {"quality": judged.quality, "novelty": judged.novelty}
    return {name: round(value, 6) for name, value in told.items() if value is not None}


def certify(firm: Firm, chain: Chain, number: int, works: list[JSON]) -> list[str]:
    """Write the certified files; the works' ids, best first."""
    renderings = firm.render([work["seed"] for work in works])
    entries = [
        making.enter(
            firm,
            rendering,
            title=work["title"],
            created=datetime.fromisoformat(work["created"]),
            number=number,
            scores=work["scores"],
        )
        for rendering, work in zip(renderings, works, strict=True)
    ]
    return [entry.id for entry in making.certify(firm, chain, entries)]


def anchor(firm: Firm, chain: Chain, ids: list[str]) -> JSON:
    """Anchor the round's works in one transaction and write the proof into their files."""
    if not ids:
        return {"root": None}
    return making.anchor(firm, chain, [firm.catalogue.find(i) for i in ids])


def open_lots(firm: Firm, chain: Chain, number: int, ids: list[str]) -> list[int]:
    """Put the round's best works under the hammer."""
    conditions = auctions.terms(firm.settings.auction, chain.decimals)
    artist = firm.key("artist")
    auctions.approve_market(chain, f"round/{number}/approve/artist", artist)
    lots = []
    for work in ids[: firm.settings.round.auctioned]:
        entry = firm.catalogue.find(work)
        lazy = auctions.LazyWork(entry.attested, *entry.proof)
        call = auctions.open_lazy_call(chain, lazy, conditions)
        receipt = chain.send(f"round/{number}/open/{work}", artist, call)
        lots.append(auctions.opened(chain, receipt))
    return lots


def plan_resales(firm: Firm, chain: Chain, number: int, seed: int) -> list[JSON]:
    """Which works simulated collectors offer again this round, and who."""
    owners = {key.address: name for name, key in firm.collectors().items()}
    owned = {
        entry.id: owners[owner]
        for entry in firm.catalogue
        if (owner := chain.owner_of(entry.id)) in owners
    }
    share = firm.settings.collectors.resales
    offered = collectors.offered_again(seed * 1009 + number, sorted(owned), share)
    return [{"work": work, "seller": owned[WorkId(work)]} for work in offered]


def open_resales(firm: Firm, chain: Chain, number: int, resales: list[JSON]) -> list[int]:
    """Put the works that simulated collectors offer again under the hammer."""
    conditions = auctions.terms(firm.settings.auction, chain.decimals)
    keys = firm.collectors()
    lots = []
    for resale in resales:
        seller, work = keys[resale["seller"]], WorkId(resale["work"])
        auctions.approve_market(chain, f"approve/{resale['seller']}", seller)
        call = auctions.open_call(chain, work, conditions)
        receipt = chain.send(f"round/{number}/reopen/{work}", seller, call)
        lots.append(auctions.opened(chain, receipt))
    return lots


def plan_bids(firm: Firm, chain: Chain, number: int, seed: int, lots: list[int]) -> list[JSON]:
    """What the simulated collectors will bid, from what they hold and what they like."""
    keys = firm.collectors()
    median = Money.parse(firm.settings.collectors.median, chain.decimals)
    raise_bps = firm.settings.auction.minimum_raise
    purse = {
        name: chain.money(chain.contracts.currency.balance_of(key.address))
        for name, key in keys.items()
    }
    plan: list[JSON] = []
    for lot_number in lots:
        lot = auctions.lot(chain, lot_number)
        limits = {
            name: min(collectors.valuation(seed, name, lot.work, median), purse[name])
            for name, key in keys.items()
            if key.address != lot.seller
        }
        random_seed = seed * 1009 + number
        bids = collectors.bidding(random_seed, lot.work, lot.reserve, raise_bps, limits)
        if bids:
            winner = bids[-1]
            purse[winner.bidder] = purse[winner.bidder] - winner.amount
        plan += [
            {"lot": lot_number, "bidder": bid.bidder, "amount": str(bid.amount)} for bid in bids
        ]
    return plan


def place_bids(firm: Firm, chain: Chain, number: int, plan: list[JSON]) -> int:
    """Send the planned bids in order; how many there were."""
    keys = firm.collectors()
    for place, bid in enumerate(plan):
        bidder = keys[bid["bidder"]]
        auctions.allow_money(chain, f"allow/{bid['bidder']}", bidder)
        amount = Money.parse(bid["amount"], chain.decimals)
        call = auctions.bid_call(chain, bid["lot"], amount)
        chain.send(f"round/{number}/bid/{place}", bidder, call)
    return len(plan)


def settle(firm: Firm, chain: Chain, number: int, lots: list[int]) -> list[JSON]:
    """Let the auctions end (on a local chain by moving its clock) and settle them."""
    by = firm.key("artist")
    pending = [n for n in lots if auctions.lot(chain, n).open]
    if pending:
        chain.wait_until(max(auctions.lot(chain, n).end for n in pending))
    sales = []
    for lot_number in lots:
        sale = auctions.settle(chain, f"round/{number}/settle/{lot_number}", by, lot_number)
        sales.append(sale.as_json() | {"title": firm.catalogue.find(sale.work).title})
    return sales


def pay(firm: Firm, chain: Chain, number: int) -> JSON:
    """Pay everybody what they are owed: recipients, sellers, then the shareholders' dividends."""
    by = firm.key("artist")
    key = f"round/{number}/pay"
    people = [key_.address for key_ in firm.collectors().values()]
    accounts = [by.address, Address(chain.contracts.timelock.address), *people]
    withdrawn = earnings.withdraw(chain, key, by, accounts)
    shared = dividends.distribute(chain, f"{key}/dividends", by)
    holders = [holding.holder for holding in dividends.holdings(chain)]
    claimed = dividends.claim(chain, f"{key}/dividends", by, holders)
    return {"withdrawn": str(withdrawn), "dividends": str(shared), "claimed": str(claimed)}


def report(number: int, firm: Firm, made: JSON, ids: list[str], done: JSON) -> JSON:
    """What a round came to, as ``medici demo --json`` shows it."""
    sold = [sale for sale in done["sales"] if sale["outcome"] == "sold"]
    return {
        "round": number,
        "style_version": firm.settings.studio.style_version,
        "candidates": made["candidates"],
        "vetted": made["vetted"],
        "anchored": done["anchor"]["root"],
        "works": ids,
        "minted": [sale["work"] for sale in sold if sale["sale"] == "primary"],
        "sales": done["sales"],
        "bids": done["bids"],
        "buyers": "simulated",
        "paid": done["paid"],
    }

"""SIMULATED collectors: what they think works are worth, and how they bid. Local chains only.

They stand in for people so that a firm can be tried whole; nothing they do is evidence of what a
work is worth, and every face that shows them calls them simulated. Pure and seeded: the same seed
and the same works give the same valuations, in units of the currency, on every machine.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from medici.records import FULL_BPS, Money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPREAD = 0.45
"""Standard deviation of log valuations between collectors of one work."""


@dataclass(frozen=True, slots=True)
class Bid:
    """One bid of a simulated collector.

    Attributes:
        bidder: account name, like ``collector-3``.
        amount: what is bid in all (not the step).
    """

    bidder: str
    amount: Money


def randomness(*parts: object) -> Random:
    """A generator of random numbers that depends on these parts alone."""
    text = "\x1f".join(str(part) for part in parts)
    return Random(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big"))  # noqa: S311


def valuation(seed: int, collector: str, work: str, median: Money) -> Money:
    """What this collector would pay at most: log-normal about the median, whole units."""
    draw = randomness("value", seed, collector, work).gauss(0.0, SPREAD)
    one = 10**median.decimals
    return Money(max(1, round(median.units / one * math.exp(draw))) * one, median.decimals)


def minimum_bid(standing: Money | None, reserve: Money, minimum_raise: int) -> Money:
    """The least bid that the auction accepts now (the contract rounds the step up)."""
    if standing is None:
        return reserve
    step = -(-standing.units * minimum_raise // FULL_BPS)
    return Money(standing.units + max(step, 1), standing.decimals)


def bidding(
    seed: int,
    work: str,
    reserve: Money,
    minimum_raise: int,
    limits: Mapping[str, Money],
) -> list[Bid]:
    """The bids an English auction of this work sees, in order.

    Whoever is not leading and can still go higher bids next, between the minimum and a third of the
    way to their own limit, in whole units where the limit allows; it ends when nobody is left who
    would outbid.

    Args:
        seed: of the round.
        work: content digest.
        reserve: least first bid.
        minimum_raise: basis points over the standing bid.
        limits: collector's name to the most they can and would pay.
    """
    random = randomness("bidding", seed, work)
    bids: list[Bid] = []
    while True:
        standing = bids[-1] if bids else None
        least = minimum_bid(standing.amount if standing else None, reserve, minimum_raise)
        willing = sorted(
            name
            for name, limit in limits.items()
            if limit >= least and (standing is None or name != standing.bidder)
        )
        if not willing:
            return bids
        name = random.choice(willing)
        one, limit = 10**least.decimals, limits[name].units
        amount = least.units + int((limit - least.units) * random.random() / 3)
        whole = -(-amount // one) * one
        bids.append(Bid(name, Money(min(whole, limit), least.decimals)))


def offered_again(seed: int, owned: Sequence[str], share: int) -> list[str]:
    """Which of the works they own simulated collectors offer again this round.

    Args:
        seed: of the round.
        owned: content digests, any order.
        share: expected part of them, basis points; at least one work when any is owned and the
            share is not zero.
    """
    if not owned or share == 0:
        return []
    random = randomness("resale", seed)
    works = sorted(owned)
    random.shuffle(works)
    return works[: max(1, round(len(works) * share / FULL_BPS))]

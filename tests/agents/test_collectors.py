from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from medici.agents.collectors import bidding, minimum_bid, offered_again, valuation
from medici.records import Money

RESERVE = Money.parse("100")
limits = st.dictionaries(
    st.sampled_from([f"collector-{i}" for i in range(6)]),
    st.integers(0, 500).map(lambda n: Money.parse(n)),
)


@given(st.integers(0, 99), limits, st.integers(1, 3000))
def test_bids_rise_by_the_minimum_and_stay_within_limits(seed, limits, raise_bps):
    bids = bidding(seed, "work", RESERVE, raise_bps, limits)
    standing = None
    for bid in bids:
        assert bid.amount >= minimum_bid(standing, RESERVE, raise_bps)
        assert bid.amount <= limits[bid.bidder]
        standing = bid.amount
    for before, after in pairwise(bids):
        assert before.bidder != after.bidder


@given(st.integers(0, 99), limits)
def test_it_ends_only_when_nobody_would_outbid(seed, limits):
    bids = bidding(seed, "work", RESERVE, 500, limits)
    least = minimum_bid(bids[-1].amount if bids else None, RESERVE, 500)
    leader = bids[-1].bidder if bids else None
    assert all(limit < least for name, limit in limits.items() if name != leader)


def test_the_same_seed_gives_the_same_auction():
    limits = {f"collector-{i}": Money.parse(100 + 40 * i) for i in range(6)}
    first = bidding(3, "work", RESERVE, 500, limits)
    assert first == bidding(3, "work", RESERVE, 500, dict(reversed(limits.items())))
    assert first != bidding(4, "work", RESERVE, 500, limits)


def test_valuations_spread_about_the_median():
    median = Money.parse("140")
    values = sorted(valuation(1, f"c{i}", "work", median).units for i in range(2001))
    assert 0.9 < values[1000] / median.units < 1.1
    assert values[0] < median.units / 2 < median.units * 2 < values[-1]


@given(st.lists(st.integers(0, 10**6).map(str), unique=True, max_size=30), st.integers(0, 10_000))
def test_resales_are_works_that_are_owned(owned, share):
    offered = offered_again(1, owned, share)
    assert set(offered) <= set(owned)
    assert len(set(offered)) == len(offered)
    assert bool(offered) == bool(owned and share)

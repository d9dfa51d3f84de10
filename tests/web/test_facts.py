"""What the pages tell of a real chain."""

import contextlib
import functools

import httpx
import pytest
from tests.web.conftest import serving

from medici.errors import NoNode
from medici.firm import launch
from medici.web import desk
from medici.web.app import create_app
from medici.web.watch import Watch


@pytest.fixture
def market(traded):
    return traded[0]


@pytest.fixture
def visitor(traded):
    with httpx.Client(base_url=traded[1], timeout=30) as client:
        yield client


def test_the_chain_is_live(visitor, market):
    said = visitor.get("/api/v1/firm").json()
    assert said["chain"]["state"] == "live"
    assert said["works"] == {"total": 4, "certified": 4, "anchored": 4, "minted": 1}
    assert said["contracts"]["Works"] == market.chain.contracts.works.address
    assert "does not answer" not in visitor.get("/").text


def test_a_works_sales_are_told_with_their_bids(visitor, market):
    said = visitor.get(f"/api/v1/works/{market.entries[0].id}").json()
    resale, first = said["sales"]
    assert (first["sale"], first["outcome"], first["price"]) == ("primary", "sold", "140.00")
    assert [b["amount"] for b in first["bids"]] == ["100.00", "120.00", "140.00"]
    assert first["royalty"] is None
    assert first["seller"]["name"] == "artist"
    assert first["buyer"]["address"] == market.people["ada"].address
    assert (resale["sale"], resale["price"], resale["royalty"]) == ("resale", "200.00", "15.00")
    assert said["owner"]["address"] == market.people["ben"].address
    assert said["owner"]["simulated"] is True
    assert said["price"] == "200.00"
    assert said["stage"] == "minted"
    assert said["signer"] == market.firm.keyring.address("model-" + said["model"][:12])


def test_the_page_of_a_sold_work(visitor, market):
    page = visitor.get(f"/works/{market.entries[0].id}").text
    assert "First sale, lot 1" in page
    assert "Resale, lot 2" in page
    assert "15.00" in page
    assert page.count("simulated") >= 4
    assert market.people["ben"].address in page


def test_works_under_the_hammer_and_unsold(visitor, market):
    _, unsold, hanging, fresh = (
        visitor.get(f"/api/v1/works/{e.id}").json() for e in market.entries
    )
    assert [s["outcome"] for s in unsold["sales"]] == ["unsold"]
    assert unsold["owner"] is None
    assert [s["outcome"] for s in hanging["sales"]] == ["open"]
    assert hanging["standing"] == "111.50"
    assert fresh["sales"] == []
    assert "Under the hammer at" in visitor.get("/").text


def test_the_books_balance(visitor, market):
    books = visitor.get("/api/v1/books").json()["books"]
    assert books["balanced"] is True
    from decimal import Decimal

    received = Decimal(books["received"])
    assert received == Decimal(books["paid_out"]) + Decimal(books["owed"])
    assert received == Decimal("140") + Decimal("200")
    assert books["royalties_resale"] == "15.00"
    assert Decimal(books["dividends"]) == Decimal("155") * 3000 / 10_000
    (split,) = books["splits"]
    assert [line["account"]["name"] for line in split["recipients"]] == [
        "artist",
        "shareholders",
        "treasury",
    ]
    assert split["received"] == "155.00"
    assert [(h["account"]["name"], h["part"]) for h in books["holders"]] == [
        ("artist", 0.6),
        ("treasury", 0.4),
    ]
    page = visitor.get("/money").text
    assert "The books balance" in page
    assert "simulated" in page


def test_rounds_count_what_was_sold(visitor):
    (said,) = visitor.get("/api/v1/rounds").json()["rounds"]
    assert (said["minted"], said["sold"], said["income"]) == (1, 1, "140.00")


def test_serving_unlocks_no_key(market):
    from medici.firm.house import Firm

    firm = Firm.open(market.firm.folder, environ={"MEDICI_PASSWORD": "wrong"})
    with serving(create_app(firm)) as url:
        for path in ("/", "/money", f"/works/{market.entries[0].id}"):
            assert httpx.get(url + path).status_code == 200
        assert firm.keyring._unlocked == {}


def test_a_chain_that_goes_down_is_told_with_what_was_known(market, monkeypatch):
    up = [True]

    @contextlib.contextmanager
    def chain():
        if not up[0]:
            raise NoNode("the node is gone")
        with launch.chain(market.firm) as found:
            yield found

    monkeypatch.setattr(desk, "Watch", functools.partial(Watch, fresh=0.0, patience=20))
    owner = market.people["ben"].address
    path = f"/works/{market.entries[0].id}"
    with serving(create_app(market.firm, chain)) as url:
        assert owner in httpx.get(url + path).text
        up[0] = False
        page = httpx.get(url + path).text
        assert "does not answer just now" in page
        assert "the node is gone" in page
        assert owner in page
        books = httpx.get(f"{url}/api/v1/books").json()
        assert (books["chain"]["state"], books["books"]["balanced"]) == ("stale", True)
        up[0] = True
        assert "does not answer" not in httpx.get(url + path).text

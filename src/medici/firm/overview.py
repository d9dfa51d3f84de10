"""The firm seen whole: what it is, what it has made, what stands in its books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.errors import MissingPart
from medici.governance import dividends as dividends_
from medici.market import earnings as earnings_
from medici.records import Address, Money

if TYPE_CHECKING:
    from medici.firm.house import Firm
    from medici.ledger.chain import Chain

JSON = dict[str, Any]


def status(firm: Firm) -> JSON:
    """Everything about the firm on one page; what needs the chain is null when it is down."""
    from medici.firm import launch

    entries = list(firm.catalogue)
    said: JSON = {
        "name": firm.settings.firm.name,
        "folder": str(firm.folder),
        "chain": {
            "network": firm.network.name,
            "id": firm.network.chain_id,
            "url": None,
            "up": False,
        },
        "contracts": {},
        "works": {
            "total": len(entries),
            "anchored": sum(entry.stage == "anchored" for entry in entries),
            "minted": None,
        },
        "books": None,
    }
    try:
        with launch.chain(firm) as chain:
            said["chain"] |= {"id": chain.chain_id, "url": chain.url, "up": True}
            said["contracts"] = chain.contracts.addresses()
            said["works"]["minted"] = sum(chain.was_minted(entry.id) for entry in entries)
            said["books"] = earnings_.books(chain).as_json()
    except MissingPart:
        pass
    return said


def accounts(firm: Firm, chain: Chain) -> dict[str, Address]:
    """Everybody the firm knows by name: its own, its contracts, the simulated collectors."""
    named = {"artist": firm.keyring.address("artist")}
    named["treasury"] = Address(chain.contracts.timelock.address)
    named["shareholders"] = Address(chain.contracts.shares.inbox())
    simulated = {f"{name} (simulated)": key.address for name, key in firm.collectors().items()}
    return named | simulated


def earnings(firm: Firm, chain: Chain) -> JSON:
    """The firm's books, and what each account can withdraw."""
    books = earnings_.books(chain)
    rows = []
    for name, account in accounts(firm, chain).items():
        owed = earnings_.owed(chain, account).values()
        total = Money(sum(money.units for money in owed), chain.decimals)
        rows.append({"name": name, "account": account, "owed": str(total)})
    return books.as_json() | {"balanced": books.balanced, "accounts": rows}


def dividends(chain: Chain) -> JSON:
    """Who holds shares and what they are owed."""
    return {
        "distributed": str(dividends_.distributed(chain)),
        "holders": [holding.as_json() for holding in dividends_.holdings(chain)],
    }

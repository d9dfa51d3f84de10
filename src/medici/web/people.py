"""Accounts by the names the firm knows them by. Reads addresses only: no key is ever unlocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medici.errors import MediciError
from medici.web.answers import Account

NO_ACCOUNTS = frozenset({"simulated"})
"""Stored secrets that are no account of anybody."""

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medici.firm.house import Firm
    from medici.web.facts import Facts


def short(text: str) -> str:
    """Beginning and end of a digest or an address, enough to tell it from others by eye."""
    return text if len(text) <= 12 else f"{text[:6]}…{text[-4:]}"


def without(folder: str, text: str) -> str:
    """The text without the path to the firm's folder: where that is concerns nobody else."""
    return text.replace(f"{folder}/", "").replace(folder, "the firm's folder")


class People:
    """Names for addresses.

    Args:
        firm: whose keys and settings.
        facts: the chain as last read, None when it never was.
    """

    def __init__(self, firm: Firm, facts: Facts | None) -> None:
        self._simulated = firm.network.kept
        self._names: dict[str, str] = _roles(firm)
        if facts is not None:
            self._names |= {address: name for name, address in facts.contracts.items()}
            self._names |= _contracts(facts.contracts)
            self._names[facts.inbox] = "shareholders"

    def account(self, address: str) -> Account:
        """The account; on a local chain whoever the firm does not know is a simulated collector."""
        name = self._names.get(address)
        if name:
            return Account(address=address, name=name, simulated=False)
        return Account(address=address, name=short(address), simulated=self._simulated)

    def address(self, name: str) -> str | None:
        """The account of this name, if the firm has one."""
        return next((a for a, known in self._names.items() if known == name), None)


def _roles(firm: Firm) -> dict[str, str]:
    folder = firm.settings.state / "keys" / firm.settings.network
    if not any(folder.glob("*.json")):
        return {}  # a key ring made now would leave a password file behind
    names = {}
    for role in firm.keyring.roles():
        if role in NO_ACCOUNTS:
            continue
        try:
            names[str(firm.keyring.address(role))] = role
        except MediciError:
            continue  # a damaged key file costs a name, not the page
    return names


def _contracts(contracts: Mapping[str, str]) -> dict[str, str]:
    return {
        address: "treasury"
        for name, address in contracts.items()
        if name.lower().startswith("timelock")
    }

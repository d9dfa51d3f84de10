"""Typed client of the contract `Shares`.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from medici.ledger.clients.structs import BuyBack, Checkpoint208, Vesting
from medici.ledger.contract import Contract

if TYPE_CHECKING:
    from medici.ledger.calls import Call
    from medici.ledger.clients.structs import Allocation
    from medici.records import Address, Digest


class Shares(Contract):
    """The contract `Shares` of a firm."""

    name: ClassVar[str] = "Shares"

    def allowance(self, owner: Address, spender: Address, *, block: int | str = "latest") -> int:
        """Read `allowance`."""
        return cast("int", self.read("allowance", owner, spender, block=block))

    def approve(self, spender: Address, value: int) -> Call:
        """Prepare `approve`."""
        return self.prepare("approve", spender, value)

    def balance_of(self, holder: Address, *, block: int | str = "latest") -> int:
        """Read `balanceOf`."""
        return cast("int", self.read("balanceOf", holder, block=block))

    def buy_back(self, *, block: int | str = "latest") -> BuyBack:
        """Read `buyBack`."""
        found = self.read("buyBack", block=block)
        return BuyBack(*found)

    def checkpoints(
        self, account: Address, pos: int, *, block: int | str = "latest"
    ) -> Checkpoint208:
        """Read `checkpoints`."""
        found = self.read("checkpoints", account, pos, block=block)
        return Checkpoint208(*found)

    def claim(self) -> Call:
        """Prepare `claim`."""
        return self.prepare("claim")

    def claim_for(self, holder: Address) -> Call:
        """Prepare `claimFor`."""
        return self.prepare("claimFor", holder)

    def claim_to(self, to: Address) -> Call:
        """Prepare `claimTo`."""
        return self.prepare("claimTo", to)

    def clock(self, *, block: int | str = "latest") -> int:
        """Read `clock`."""
        return cast("int", self.read("clock", block=block))

    def clock_mode(self, *, block: int | str = "latest") -> str:
        """Read `CLOCK_MODE`."""
        return cast("str", self.read("CLOCK_MODE", block=block))

    def close_buy_back(self) -> Call:
        """Prepare `closeBuyBack`."""
        return self.prepare("closeBuyBack")

    def currency(self, *, block: int | str = "latest") -> Address:
        """Read `currency`."""
        return cast("Address", self.read("currency", block=block))

    def decimals(self, *, block: int | str = "latest") -> int:
        """Read `decimals`."""
        return cast("int", self.read("decimals", block=block))

    def delegate(self, delegatee: Address) -> Call:
        """Prepare `delegate`."""
        return self.prepare("delegate", delegatee)

    def delegate_by_sig(
        self, delegatee: Address, nonce: int, expiry: int, v: int, r: Digest, s: Digest
    ) -> Call:
        """Prepare `delegateBySig`."""
        return self.prepare("delegateBySig", delegatee, nonce, expiry, v, r, s)

    def delegates(self, account: Address, *, block: int | str = "latest") -> Address:
        """Read `delegates`."""
        return cast("Address", self.read("delegates", account, block=block))

    def distribute(self) -> Call:
        """Prepare `distribute`."""
        return self.prepare("distribute")

    def distributed(self, *, block: int | str = "latest") -> int:
        """Read `distributed`."""
        return cast("int", self.read("distributed", block=block))

    def domain_separator(self, *, block: int | str = "latest") -> Digest:
        """Read `DOMAIN_SEPARATOR`."""
        return cast("Digest", self.read("DOMAIN_SEPARATOR", block=block))

    def eip712_domain(
        self, *, block: int | str = "latest"
    ) -> tuple[bytes, str, str, int, Address, Digest, list[int]]:
        """Read `eip712Domain`."""
        return cast(
            "tuple[bytes, str, str, int, Address, Digest, list[int]]",
            self.read("eip712Domain", block=block),
        )

    def get_past_total_supply(self, timepoint: int, *, block: int | str = "latest") -> int:
        """Read `getPastTotalSupply`."""
        return cast("int", self.read("getPastTotalSupply", timepoint, block=block))

    def get_past_votes(
        self, account: Address, timepoint: int, *, block: int | str = "latest"
    ) -> int:
        """Read `getPastVotes`."""
        return cast("int", self.read("getPastVotes", account, timepoint, block=block))

    def get_votes(self, account: Address, *, block: int | str = "latest") -> int:
        """Read `getVotes`."""
        return cast("int", self.read("getVotes", account, block=block))

    def governance(self, *, block: int | str = "latest") -> Address:
        """Read `governance`."""
        return cast("Address", self.read("governance", block=block))

    def grant(self, allocation: Allocation) -> Call:
        """Prepare `grant`."""
        return self.prepare("grant", allocation)

    def inbox(self, *, block: int | str = "latest") -> Address:
        """Read `inbox`."""
        return cast("Address", self.read("inbox", block=block))

    def locked_of(self, holder: Address, *, block: int | str = "latest") -> int:
        """Read `lockedOf`."""
        return cast("int", self.read("lockedOf", holder, block=block))

    def name_(self, *, block: int | str = "latest") -> str:
        """Read `name`."""
        return cast("str", self.read("name", block=block))

    def nonces(self, owner: Address, *, block: int | str = "latest") -> int:
        """Read `nonces`."""
        return cast("int", self.read("nonces", owner, block=block))

    def num_checkpoints(self, account: Address, *, block: int | str = "latest") -> int:
        """Read `numCheckpoints`."""
        return cast("int", self.read("numCheckpoints", account, block=block))

    def open_buy_back(self, price: int, budget: int, until: int) -> Call:
        """Prepare `openBuyBack`."""
        return self.prepare("openBuyBack", price, budget, until)

    def owed_to(self, holder: Address, *, block: int | str = "latest") -> int:
        """Read `owedTo`."""
        return cast("int", self.read("owedTo", holder, block=block))

    def permit(
        self,
        owner: Address,
        spender: Address,
        value: int,
        deadline: int,
        v: int,
        r: Digest,
        s: Digest,
    ) -> Call:
        """Prepare `permit`."""
        return self.prepare("permit", owner, spender, value, deadline, v, r, s)

    def revoke(self, holder: Address) -> Call:
        """Prepare `revoke`."""
        return self.prepare("revoke", holder)

    def sell_back(self, shares: int, minimum: int) -> Call:
        """Prepare `sellBack`."""
        return self.prepare("sellBack", shares, minimum)

    def symbol(self, *, block: int | str = "latest") -> str:
        """Read `symbol`."""
        return cast("str", self.read("symbol", block=block))

    def total_supply(self, *, block: int | str = "latest") -> int:
        """Read `totalSupply`."""
        return cast("int", self.read("totalSupply", block=block))

    def transfer(self, to: Address, value: int) -> Call:
        """Prepare `transfer`."""
        return self.prepare("transfer", to, value)

    def transfer_from(self, from_: Address, to: Address, value: int) -> Call:
        """Prepare `transferFrom`."""
        return self.prepare("transferFrom", from_, to, value)

    def transfer_governance(self, to: Address) -> Call:
        """Prepare `transferGovernance`."""
        return self.prepare("transferGovernance", to)

    def vesting_of(self, holder: Address, *, block: int | str = "latest") -> Vesting:
        """Read `vestingOf`."""
        found = self.read("vestingOf", holder, block=block)
        return Vesting(*found)

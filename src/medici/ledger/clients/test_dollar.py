"""Typed client of the contract `TestDollar`.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from medici.ledger.contract import Contract

if TYPE_CHECKING:
    from medici.ledger.calls import Call
    from medici.records import Address, Digest


class TestDollar(Contract):
    """The contract `TestDollar` of a firm."""

    name: ClassVar[str] = "TestDollar"

    def allowance(self, owner: Address, spender: Address, *, block: int | str = "latest") -> int:
        """Read `allowance`."""
        return cast("int", self.read("allowance", owner, spender, block=block))

    def approve(self, spender: Address, amount: int) -> Call:
        """Prepare `approve`."""
        return self.prepare("approve", spender, amount)

    def authorization_state(
        self, authorizer: Address, nonce: Digest, *, block: int | str = "latest"
    ) -> bool:
        """Read `authorizationState`."""
        return cast("bool", self.read("authorizationState", authorizer, nonce, block=block))

    def balance_of(self, owner: Address, *, block: int | str = "latest") -> int:
        """Read `balanceOf`."""
        return cast("int", self.read("balanceOf", owner, block=block))

    def cancel_authorization(
        self, authorizer: Address, nonce: Digest, v: int, r: Digest, s: Digest
    ) -> Call:
        """Prepare `cancelAuthorization`."""
        return self.prepare("cancelAuthorization", authorizer, nonce, v, r, s)

    def decimals(self, *, block: int | str = "latest") -> int:
        """Read `decimals`."""
        return cast("int", self.read("decimals", block=block))

    def domain_separator(self, *, block: int | str = "latest") -> Digest:
        """Read `DOMAIN_SEPARATOR`."""
        return cast("Digest", self.read("DOMAIN_SEPARATOR", block=block))

    def mint(self, to: Address, amount: int) -> Call:
        """Prepare `mint`."""
        return self.prepare("mint", to, amount)

    def name_(self, *, block: int | str = "latest") -> str:
        """Read `name`."""
        return cast("str", self.read("name", block=block))

    def nonces(self, owner: Address, *, block: int | str = "latest") -> int:
        """Read `nonces`."""
        return cast("int", self.read("nonces", owner, block=block))

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

    def receive_with_authorization(
        self,
        from_: Address,
        to: Address,
        value: int,
        valid_after: int,
        valid_before: int,
        nonce: Digest,
        v: int,
        r: Digest,
        s: Digest,
    ) -> Call:
        """Prepare `receiveWithAuthorization`."""
        return self.prepare(
            "receiveWithAuthorization", from_, to, value, valid_after, valid_before, nonce, v, r, s
        )

    def symbol(self, *, block: int | str = "latest") -> str:
        """Read `symbol`."""
        return cast("str", self.read("symbol", block=block))

    def total_supply(self, *, block: int | str = "latest") -> int:
        """Read `totalSupply`."""
        return cast("int", self.read("totalSupply", block=block))

    def transfer(self, to: Address, amount: int) -> Call:
        """Prepare `transfer`."""
        return self.prepare("transfer", to, amount)

    def transfer_from(self, from_: Address, to: Address, amount: int) -> Call:
        """Prepare `transferFrom`."""
        return self.prepare("transferFrom", from_, to, amount)

    def transfer_with_authorization(
        self,
        from_: Address,
        to: Address,
        value: int,
        valid_after: int,
        valid_before: int,
        nonce: Digest,
        v: int,
        r: Digest,
        s: Digest,
    ) -> Call:
        """Prepare `transferWithAuthorization`."""
        return self.prepare(
            "transferWithAuthorization", from_, to, value, valid_after, valid_before, nonce, v, r, s
        )

    def version(self, *, block: int | str = "latest") -> str:
        """Read `version`."""
        return cast("str", self.read("version", block=block))

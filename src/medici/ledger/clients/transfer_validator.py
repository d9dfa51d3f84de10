"""Typed client of the contract `TransferValidator`.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from medici.ledger.contract import Contract

if TYPE_CHECKING:
    from medici.ledger.calls import Call
    from medici.records import Address, Digest


class TransferValidator(Contract):
    """The contract `TransferValidator` of a firm."""

    name: ClassVar[str] = "TransferValidator"

    def governance(self, *, block: int | str = "latest") -> Address:
        """Read `governance`."""
        return cast("Address", self.read("governance", block=block))

    def is_operator(self, operator: Address, *, block: int | str = "latest") -> bool:
        """Read `isOperator`."""
        return cast("bool", self.read("isOperator", operator, block=block))

    def is_wallet_code(self, code_hash: Digest, *, block: int | str = "latest") -> bool:
        """Read `isWalletCode`."""
        return cast("bool", self.read("isWalletCode", code_hash, block=block))

    def set_operator(self, operator: Address, allowed: bool) -> Call:
        """Prepare `setOperator`."""
        return self.prepare("setOperator", operator, allowed)

    def set_wallet_code(self, code_hash: Digest, allowed: bool) -> Call:
        """Prepare `setWalletCode`."""
        return self.prepare("setWalletCode", code_hash, allowed)

    def transfer_governance(self, to: Address) -> Call:
        """Prepare `transferGovernance`."""
        return self.prepare("transferGovernance", to)

    def validate_transfer(
        self,
        caller: Address,
        from_: Address,
        to: Address,
        argument3: int,
        *,
        block: int | str = "latest",
    ) -> None:
        """Read `validateTransfer`."""
        self.read("validateTransfer", caller, from_, to, argument3, block=block)

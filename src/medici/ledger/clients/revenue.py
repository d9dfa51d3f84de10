"""Typed client of the contract `Revenue`.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from medici.ledger.contract import Contract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medici.ledger.calls import Call
    from medici.ledger.clients.structs import Recipient
    from medici.records import Address, Digest


class Revenue(Contract):
    """The contract `Revenue` of a firm."""

    name: ClassVar[str] = "Revenue"

    def allow_spender(self, spender: Address, allowed: bool) -> Call:
        """Prepare `allowSpender`."""
        return self.prepare("allowSpender", spender, allowed)

    def climb(self, child: int, parent: int) -> Call:
        """Prepare `climb`."""
        return self.prepare("climb", child, parent)

    def create_split(self, recipients: Sequence[Recipient]) -> Call:
        """Prepare `createSplit`."""
        return self.prepare("createSplit", recipients)

    def currency(self, *, block: int | str = "latest") -> Address:
        """Read `currency`."""
        return cast("Address", self.read("currency", block=block))

    def governance(self, *, block: int | str = "latest") -> Address:
        """Read `governance`."""
        return cast("Address", self.read("governance", block=block))

    def is_depositor(self, depositor: Address, *, block: int | str = "latest") -> bool:
        """Read `isDepositor`."""
        return cast("bool", self.read("isDepositor", depositor, block=block))

    def is_spender(
        self, account: Address, spender: Address, *, block: int | str = "latest"
    ) -> bool:
        """Read `isSpender`."""
        return cast("bool", self.read("isSpender", account, spender, block=block))

    def owed(self, split: int, account: Address, *, block: int | str = "latest") -> int:
        """Read `owed`."""
        return cast("int", self.read("owed", split, account, block=block))

    def owed_to_parent(self, child: int, parent: int, *, block: int | str = "latest") -> int:
        """Read `owedToParent`."""
        return cast("int", self.read("owedToParent", child, parent, block=block))

    def parent_share_of(
        self, child: int, parent: int, *, block: int | str = "latest"
    ) -> tuple[int, int]:
        """Read `parentShareOf`."""
        return cast("tuple[int, int]", self.read("parentShareOf", child, parent, block=block))

    def pay(
        self, split: int, to_split: int, account: Address, to_account: int, kind: int, ref: int
    ) -> Call:
        """Prepare `pay`."""
        return self.prepare("pay", split, to_split, account, to_account, kind, ref)

    def received(self, split: int, *, block: int | str = "latest") -> int:
        """Read `received`."""
        return cast("int", self.read("received", split, block=block))

    def set_depositor(self, depositor: Address, authorised: bool) -> Call:
        """Prepare `setDepositor`."""
        return self.prepare("setDepositor", depositor, authorised)

    def share_of(
        self, split: int, account: Address, *, block: int | str = "latest"
    ) -> tuple[int, int]:
        """Read `shareOf`."""
        return cast("tuple[int, int]", self.read("shareOf", split, account, block=block))

    def spend(self, account: Address, amount: int) -> Call:
        """Prepare `spend`."""
        return self.prepare("spend", account, amount)

    def split_count(self, *, block: int | str = "latest") -> int:
        """Read `splitCount`."""
        return cast("int", self.read("splitCount", block=block))

    def split_index(self, split_id: Digest, *, block: int | str = "latest") -> int:
        """Read `splitIndex`."""
        return cast("int", self.read("splitIndex", split_id, block=block))

    def sweep(self, split: int) -> Call:
        """Prepare `sweep`."""
        return self.prepare("sweep", split)

    def transfer_governance(self, to: Address) -> Call:
        """Prepare `transferGovernance`."""
        return self.prepare("transferGovernance", to)

    def wallet_of(self, split: int, *, block: int | str = "latest") -> Address:
        """Read `walletOf`."""
        return cast("Address", self.read("walletOf", split, block=block))

    def withdraw(self, split: int) -> Call:
        """Prepare `withdraw`."""
        return self.prepare("withdraw", split)

    def withdraw_for(self, split: int, account: Address) -> Call:
        """Prepare `withdrawFor`."""
        return self.prepare("withdrawFor", split, account)

    def withdraw_for_many(self, split: int, accounts: Sequence[Address]) -> Call:
        """Prepare `withdrawForMany`."""
        return self.prepare("withdrawForMany", split, accounts)

    def withdraw_to(self, splits: Sequence[int], to: Address) -> Call:
        """Prepare `withdrawTo`."""
        return self.prepare("withdrawTo", splits, to)

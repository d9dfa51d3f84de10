"""Typed client of the contract `Market`.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from medici.ledger.clients.structs import Lot
from medici.ledger.contract import Contract

if TYPE_CHECKING:
    from medici.ledger.calls import Call
    from medici.ledger.clients.structs import LazyWork, Terms
    from medici.records import Address, Digest


class Market(Contract):
    """The contract `Market` of a firm."""

    name: ClassVar[str] = "Market"

    def bid(self, lot: int, amount: int) -> Call:
        """Prepare `bid`."""
        return self.prepare("bid", lot, amount)

    def bid_with_credit(self, lot: int, amount: int, credit: int) -> Call:
        """Prepare `bidWithCredit`."""
        return self.prepare("bidWithCredit", lot, amount, credit)

    def bid_with_permit(
        self, lot: int, amount: int, deadline: int, v: int, r: Digest, s: Digest
    ) -> Call:
        """Prepare `bidWithPermit`."""
        return self.prepare("bidWithPermit", lot, amount, deadline, v, r, s)

    def cancel(self, lot: int) -> Call:
        """Prepare `cancel`."""
        return self.prepare("cancel", lot)

    def currency(self, *, block: int | str = "latest") -> Address:
        """Read `currency`."""
        return cast("Address", self.read("currency", block=block))

    def delivery_gas(self, *, block: int | str = "latest") -> int:
        """Read `DELIVERY_GAS`."""
        return cast("int", self.read("DELIVERY_GAS", block=block))

    def governance(self, *, block: int | str = "latest") -> Address:
        """Read `governance`."""
        return cast("Address", self.read("governance", block=block))

    def grace(self, *, block: int | str = "latest") -> int:
        """Read `GRACE`."""
        return cast("int", self.read("GRACE", block=block))

    def greatest_raise(self, *, block: int | str = "latest") -> int:
        """Read `GREATEST_RAISE`."""
        return cast("int", self.read("GREATEST_RAISE", block=block))

    def guardian(self, *, block: int | str = "latest") -> Address:
        """Read `guardian`."""
        return cast("Address", self.read("guardian", block=block))

    def least_raise(self, *, block: int | str = "latest") -> int:
        """Read `LEAST_RAISE`."""
        return cast("int", self.read("LEAST_RAISE", block=block))

    def longest(self, *, block: int | str = "latest") -> int:
        """Read `LONGEST`."""
        return cast("int", self.read("LONGEST", block=block))

    def longest_extension(self, *, block: int | str = "latest") -> int:
        """Read `LONGEST_EXTENSION`."""
        return cast("int", self.read("LONGEST_EXTENSION", block=block))

    def lot_count(self, *, block: int | str = "latest") -> int:
        """Read `lotCount`."""
        return cast("int", self.read("lotCount", block=block))

    def lot_of(self, lot: int, *, block: int | str = "latest") -> Lot:
        """Read `lotOf`."""
        found = self.read("lotOf", lot, block=block)
        return Lot(*found)

    def minimum_bid(self, lot: int, *, block: int | str = "latest") -> int:
        """Read `minimumBid`."""
        return cast("int", self.read("minimumBid", lot, block=block))

    def open_auction(self, token_id: int, terms: Terms) -> Call:
        """Prepare `openAuction`."""
        return self.prepare("openAuction", token_id, terms)

    def open_lazy_auction(self, work: LazyWork, terms: Terms) -> Call:
        """Prepare `openLazyAuction`."""
        return self.prepare("openLazyAuction", work, terms)

    def open_lot_of(self, token_id: int, *, block: int | str = "latest") -> int:
        """Read `openLotOf`."""
        return cast("int", self.read("openLotOf", token_id, block=block))

    def pause(self) -> Call:
        """Prepare `pause`."""
        return self.prepare("pause")

    def paused(self, *, block: int | str = "latest") -> bool:
        """Read `paused`."""
        return cast("bool", self.read("paused", block=block))

    def reclaim(self, token_id: int, to: Address) -> Call:
        """Prepare `reclaim`."""
        return self.prepare("reclaim", token_id, to)

    def reveal(self, lot: int, reserve: int, salt: Digest) -> Call:
        """Prepare `reveal`."""
        return self.prepare("reveal", lot, reserve, salt)

    def reveal_time(self, *, block: int | str = "latest") -> int:
        """Read `REVEAL_TIME`."""
        return cast("int", self.read("REVEAL_TIME", block=block))

    def revenue(self, *, block: int | str = "latest") -> Address:
        """Read `revenue`."""
        return cast("Address", self.read("revenue", block=block))

    def set_guardian(self, to: Address) -> Call:
        """Prepare `setGuardian`."""
        return self.prepare("setGuardian", to)

    def settle(self, lot: int) -> Call:
        """Prepare `settle`."""
        return self.prepare("settle", lot)

    def settle_lazy(self, lot: int, work: LazyWork) -> Call:
        """Prepare `settleLazy`."""
        return self.prepare("settleLazy", lot, work)

    def shortest(self, *, block: int | str = "latest") -> int:
        """Read `SHORTEST`."""
        return cast("int", self.read("SHORTEST", block=block))

    def transfer_governance(self, to: Address) -> Call:
        """Prepare `transferGovernance`."""
        return self.prepare("transferGovernance", to)

    def unpause(self) -> Call:
        """Prepare `unpause`."""
        return self.prepare("unpause")

    def works(self, *, block: int | str = "latest") -> Address:
        """Read `works`."""
        return cast("Address", self.read("works", block=block))

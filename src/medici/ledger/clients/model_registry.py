"""Typed client of the contract `ModelRegistry`.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from medici.ledger.clients.structs import Model
from medici.ledger.contract import Contract

if TYPE_CHECKING:
    from medici.ledger.calls import Call
    from medici.records import Address, Digest


class ModelRegistry(Contract):
    """The contract `ModelRegistry` of a firm."""

    name: ClassVar[str] = "ModelRegistry"

    def authorise(self, model: Model) -> Call:
        """Prepare `authorise`."""
        return self.prepare("authorise", model)

    def count(self, *, block: int | str = "latest") -> int:
        """Read `count`."""
        return cast("int", self.read("count", block=block))

    def current_signer(
        self, model_id: Digest, *, block: int | str = "latest"
    ) -> tuple[Address, int]:
        """Read `currentSigner`."""
        return cast("tuple[Address, int]", self.read("currentSigner", model_id, block=block))

    def governance(self, *, block: int | str = "latest") -> Address:
        """Read `governance`."""
        return cast("Address", self.read("governance", block=block))

    def is_proposed(self, proposal: Digest, *, block: int | str = "latest") -> bool:
        """Read `isProposed`."""
        return cast("bool", self.read("isProposed", proposal, block=block))

    def model_at(self, index: int, *, block: int | str = "latest") -> Digest:
        """Read `modelAt`."""
        return cast("Digest", self.read("modelAt", index, block=block))

    def model_of(self, model_id: Digest, *, block: int | str = "latest") -> Model:
        """Read `modelOf`."""
        found = self.read("modelOf", model_id, block=block)
        return Model(*found)

    def model_of_signer(self, signer: Address, *, block: int | str = "latest") -> Digest:
        """Read `modelOfSigner`."""
        return cast("Digest", self.read("modelOfSigner", signer, block=block))

    def propose(self, model: Model) -> Call:
        """Prepare `propose`."""
        return self.prepare("propose", model)

    def require_mintable(self, model_id: Digest, *, block: int | str = "latest") -> None:
        """Read `requireMintable`."""
        self.read("requireMintable", model_id, block=block)

    def retire(self, model_id: Digest) -> Call:
        """Prepare `retire`."""
        return self.prepare("retire", model_id)

    def revocations(self, *, block: int | str = "latest") -> int:
        """Read `revocations`."""
        return cast("int", self.read("revocations", block=block))

    def revoke(self, model_id: Digest, reason: str) -> Call:
        """Prepare `revoke`."""
        return self.prepare("revoke", model_id, reason)

    def set_watcher(self, watcher: Address, watching: bool) -> Call:
        """Prepare `setWatcher`."""
        return self.prepare("setWatcher", watcher, watching)

    def signer_at(self, model_id: Digest, time: int, *, block: int | str = "latest") -> Address:
        """Read `signerAt`."""
        return cast("Address", self.read("signerAt", model_id, time, block=block))

    def span_of(self, model_id: Digest, *, block: int | str = "latest") -> tuple[int, int]:
        """Read `spanOf`."""
        return cast("tuple[int, int]", self.read("spanOf", model_id, block=block))

    def state_of(self, model_id: Digest, *, block: int | str = "latest") -> int:
        """Read `stateOf`."""
        return cast("int", self.read("stateOf", model_id, block=block))

    def transfer_governance(self, to: Address) -> Call:
        """Prepare `transferGovernance`."""
        return self.prepare("transferGovernance", to)

    def watchers(self, *, block: int | str = "latest") -> list[Address]:
        """Read `watchers`."""
        return cast("list[Address]", self.read("watchers", block=block))

"""Typed client of the contract `Anchors`.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from medici.ledger.contract import Contract

if TYPE_CHECKING:
    from medici.ledger.calls import Call
    from medici.records import Address, Digest


class Anchors(Contract):
    """The contract `Anchors` of a firm."""

    name: ClassVar[str] = "Anchors"

    def anchor(self, model_id: Digest, root: Digest, count: int, signature: bytes) -> Call:
        """Prepare `anchor`."""
        return self.prepare("anchor", model_id, root, count, signature)

    def anchored_at(self, model_id: Digest, root: Digest, *, block: int | str = "latest") -> int:
        """Read `anchoredAt`."""
        return cast("int", self.read("anchoredAt", model_id, root, block=block))

    def anchored_model(self, model_id: Digest, root: Digest, *, block: int | str = "latest") -> int:
        """Read `anchoredModel`."""
        return cast("int", self.read("anchoredModel", model_id, root, block=block))

    def anchor_of(
        self, model_id: Digest, root: Digest, *, block: int | str = "latest"
    ) -> tuple[int, int, int]:
        """Read `anchorOf`."""
        return cast("tuple[int, int, int]", self.read("anchorOf", model_id, root, block=block))

    def batch_digest(
        self, model_id: Digest, root: Digest, count: int, *, block: int | str = "latest"
    ) -> Digest:
        """Read `batchDigest`."""
        return cast("Digest", self.read("batchDigest", model_id, root, count, block=block))

    def cid_of(self, root: Digest, *, block: int | str = "latest") -> str:
        """Read `cidOf`."""
        return cast("str", self.read("cidOf", root, block=block))

    def eip712_domain(
        self, *, block: int | str = "latest"
    ) -> tuple[bytes, str, str, int, Address, Digest, list[int]]:
        """Read `eip712Domain`."""
        return cast(
            "tuple[bytes, str, str, int, Address, Digest, list[int]]",
            self.read("eip712Domain", block=block),
        )

    def registry(self, *, block: int | str = "latest") -> Address:
        """Read `registry`."""
        return cast("Address", self.read("registry", block=block))

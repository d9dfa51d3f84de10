"""Typed client of the contract `Works`.

Made by tools/artifacts.py from the compiled contracts; change those, not this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from medici.ledger.clients.structs import Provenance
from medici.ledger.contract import Contract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medici.ledger.calls import Call
    from medici.ledger.clients.structs import Attestation
    from medici.records import Address, Digest


class Works(Contract):
    """The contract `Works` of a firm."""

    name: ClassVar[str] = "Works"

    def add_aigc_data(self, token_id: int, prompt: bytes, aigc_data: bytes, proof: bytes) -> Call:
        """Prepare `addAigcData`."""
        return self.prepare("addAigcData", token_id, prompt, aigc_data, proof)

    def anchors(self, *, block: int | str = "latest") -> Address:
        """Read `anchors`."""
        return cast("Address", self.read("anchors", block=block))

    def approve(self, account: Address, id_: int, *, wei: int = 0) -> Call:
        """Prepare `approve`."""
        return self.prepare("approve", account, id_, value=wei)

    def attestation_digest(
        self, attestation: Attestation, *, block: int | str = "latest"
    ) -> Digest:
        """Read `attestationDigest`."""
        return cast("Digest", self.read("attestationDigest", attestation, block=block))

    def balance_of(self, owner: Address, *, block: int | str = "latest") -> int:
        """Read `balanceOf`."""
        return cast("int", self.read("balanceOf", owner, block=block))

    def burn(self, token_id: int) -> Call:
        """Prepare `burn`."""
        return self.prepare("burn", token_id)

    def contract_uri(self, *, block: int | str = "latest") -> str:
        """Read `contractURI`."""
        return cast("str", self.read("contractURI", block=block))

    def eip712_domain(
        self, *, block: int | str = "latest"
    ) -> tuple[bytes, str, str, int, Address, Digest, list[int]]:
        """Read `eip712Domain`."""
        return cast(
            "tuple[bytes, str, str, int, Address, Digest, list[int]]",
            self.read("eip712Domain", block=block),
        )

    def generation_digest(
        self,
        content_digest: Digest,
        record_digest: Digest,
        model_id: Digest,
        *,
        block: int | str = "latest",
    ) -> Digest:
        """Read `generationDigest`."""
        return cast(
            "Digest",
            self.read("generationDigest", content_digest, record_digest, model_id, block=block),
        )

    def get_approved(self, id_: int, *, block: int | str = "latest") -> Address:
        """Read `getApproved`."""
        return cast("Address", self.read("getApproved", id_, block=block))

    def get_transfer_validation_function(
        self, *, block: int | str = "latest"
    ) -> tuple[bytes, bool]:
        """Read `getTransferValidationFunction`."""
        return cast("tuple[bytes, bool]", self.read("getTransferValidationFunction", block=block))

    def get_transfer_validator(self, *, block: int | str = "latest") -> Address:
        """Read `getTransferValidator`."""
        return cast("Address", self.read("getTransferValidator", block=block))

    def governance(self, *, block: int | str = "latest") -> Address:
        """Read `governance`."""
        return cast("Address", self.read("governance", block=block))

    def guardian(self, *, block: int | str = "latest") -> Address:
        """Read `guardian`."""
        return cast("Address", self.read("guardian", block=block))

    def is_approved_for_all(
        self, owner: Address, operator: Address, *, block: int | str = "latest"
    ) -> bool:
        """Read `isApprovedForAll`."""
        return cast("bool", self.read("isApprovedForAll", owner, operator, block=block))

    def leaf_of(self, attestation: Attestation, *, block: int | str = "latest") -> Digest:
        """Read `leafOf`."""
        return cast("Digest", self.read("leafOf", attestation, block=block))

    def mint(
        self, attestation: Attestation, parents: Sequence[int], to: Address, signature: bytes
    ) -> Call:
        """Prepare `mint`."""
        return self.prepare("mint", attestation, parents, to, signature)

    def mint_lazily(
        self,
        attestation: Attestation,
        parents: Sequence[int],
        root: Digest,
        proof: Sequence[Digest],
        to: Address,
    ) -> Call:
        """Prepare `mintLazily`."""
        return self.prepare("mintLazily", attestation, parents, root, proof, to)

    def name_(self, *, block: int | str = "latest") -> str:
        """Read `name`."""
        return cast("str", self.read("name", block=block))

    def on_revocation(self) -> Call:
        """Prepare `onRevocation`."""
        return self.prepare("onRevocation")

    def on_watch(self, watching: bool, clean: bool) -> Call:
        """Prepare `onWatch`."""
        return self.prepare("onWatch", watching, clean)

    def owner_of(self, id_: int, *, block: int | str = "latest") -> Address:
        """Read `ownerOf`."""
        return cast("Address", self.read("ownerOf", id_, block=block))

    def parents_of(self, token_id: int, *, block: int | str = "latest") -> list[int]:
        """Read `parentsOf`."""
        return cast("list[int]", self.read("parentsOf", token_id, block=block))

    def pause(self) -> Call:
        """Prepare `pause`."""
        return self.prepare("pause")

    def paused(self, *, block: int | str = "latest") -> bool:
        """Read `paused`."""
        return cast("bool", self.read("paused", block=block))

    def provenance_of(self, token_id: int, *, block: int | str = "latest") -> Provenance:
        """Read `provenanceOf`."""
        found = self.read("provenanceOf", token_id, block=block)
        return Provenance(*found)

    def refresh_metadata(self, token_id: int) -> Call:
        """Prepare `refreshMetadata`."""
        return self.prepare("refreshMetadata", token_id)

    def registry(self, *, block: int | str = "latest") -> Address:
        """Read `registry`."""
        return cast("Address", self.read("registry", block=block))

    def require_mintable(
        self,
        attestation: Attestation,
        parents: Sequence[int],
        root: Digest,
        proof: Sequence[Digest],
        *,
        block: int | str = "latest",
    ) -> None:
        """Read `requireMintable`."""
        self.read("requireMintable", attestation, parents, root, proof, block=block)

    def revenue(self, *, block: int | str = "latest") -> Address:
        """Read `revenue`."""
        return cast("Address", self.read("revenue", block=block))

    def royalty_bps(self, *, block: int | str = "latest") -> int:
        """Read `royaltyBps`."""
        return cast("int", self.read("royaltyBps", block=block))

    def royalty_info(
        self, token_id: int, sale_price: int, *, block: int | str = "latest"
    ) -> tuple[Address, int]:
        """Read `royaltyInfo`."""
        return cast(
            "tuple[Address, int]", self.read("royaltyInfo", token_id, sale_price, block=block)
        )

    def safe_transfer_from(self, from_: Address, to: Address, id_: int, *, wei: int = 0) -> Call:
        """Prepare `safeTransferFrom(address,address,uint256)`."""
        return self.prepare("safeTransferFrom(address,address,uint256)", from_, to, id_, value=wei)

    def safe_transfer_from_2(
        self, from_: Address, to: Address, id_: int, data: bytes, *, wei: int = 0
    ) -> Call:
        """Prepare `safeTransferFrom(address,address,uint256,bytes)`."""
        return self.prepare(
            "safeTransferFrom(address,address,uint256,bytes)", from_, to, id_, data, value=wei
        )

    def sale_terms(self, token_id: int, *, block: int | str = "latest") -> tuple[int, int, bool]:
        """Read `saleTerms`."""
        return cast("tuple[int, int, bool]", self.read("saleTerms", token_id, block=block))

    def set_approval_for_all(self, operator: Address, is_approved: bool) -> Call:
        """Prepare `setApprovalForAll`."""
        return self.prepare("setApprovalForAll", operator, is_approved)

    def set_contract_uri(self, uri: str) -> Call:
        """Prepare `setContractURI`."""
        return self.prepare("setContractURI", uri)

    def set_guardian(self, to: Address) -> Call:
        """Prepare `setGuardian`."""
        return self.prepare("setGuardian", to)

    def set_transfer_validator(self, validator: Address) -> Call:
        """Prepare `setTransferValidator`."""
        return self.prepare("setTransferValidator", validator)

    def supports_interface(self, id_: bytes, *, block: int | str = "latest") -> bool:
        """Read `supportsInterface`."""
        return cast("bool", self.read("supportsInterface", id_, block=block))

    def symbol(self, *, block: int | str = "latest") -> str:
        """Read `symbol`."""
        return cast("str", self.read("symbol", block=block))

    def token_uri(self, token_id: int, *, block: int | str = "latest") -> str:
        """Read `tokenURI`."""
        return cast("str", self.read("tokenURI", token_id, block=block))

    def transfer_from(self, from_: Address, to: Address, id_: int, *, wei: int = 0) -> Call:
        """Prepare `transferFrom`."""
        return self.prepare("transferFrom", from_, to, id_, value=wei)

    def transfer_governance(self, to: Address) -> Call:
        """Prepare `transferGovernance`."""
        return self.prepare("transferGovernance", to)

    def unpause(self) -> Call:
        """Prepare `unpause`."""
        return self.prepare("unpause")

    def verify(
        self, prompt: bytes, aigc_data: bytes, proof: bytes, *, block: int | str = "latest"
    ) -> bool:
        """Read `verify`."""
        return cast("bool", self.read("verify", prompt, aigc_data, proof, block=block))

    def was_minted(self, token_id: int, *, block: int | str = "latest") -> bool:
        """Read `wasMinted`."""
        return cast("bool", self.read("wasMinted", token_id, block=block))

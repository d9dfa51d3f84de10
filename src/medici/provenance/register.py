"""What a verifier knows of a firm without asking the file: models, anchors, tokens, fingerprints.

`verify` reads it through the `Register` protocol. An exported trust bundle implements it offline
(`bundle.py`); the ledger's side implements it from a chain node and the firm's own folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from medici.provenance.fingerprint import Match
    from medici.provenance.prints import AnyQuery, Print
    from medici.records import Address, Attestation, Digest, GenerationRecord, ModelId, WorkId

ModelState = Literal["proposed", "authorised", "retired", "revoked"]


@dataclass(frozen=True, slots=True)
class FirmIdentity:
    """Which firm a verifier means, and why it believes so.

    Attributes:
        name: the firm's name, for people.
        chain_id: where its contracts stand.
        works: the ERC-721 contract.
        anchors: the contract that dates Merkle roots.
        registry: the contract that authorises models.
        roots: PEM certificates of the firm's authority; empty when only the chain is known.
        basis: ``firm`` (own folder), ``bundle`` (exported and signed), ``address`` (the caller
            named the contract), ``file`` (nothing but the file named it).
        as_of: time of the knowledge when it is not live (RFC 3339), else empty.
    """

    name: str
    chain_id: int
    works: Address
    anchors: Address
    registry: Address
    roots: tuple[str, ...] = ()
    basis: Literal["firm", "bundle", "address", "file"] = "firm"
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model as the registry has it. Times are Unix seconds of blocks.

    Attributes:
        certificate_key: SHA-256 of the public key of its C2PA certificate.
        authorised_from: when its signature began to count; 0 if it never did.
        authorised_until: when that ended; 0 while it lasts.
    """

    id: ModelId
    signer: Address
    state: ModelState
    weights_sha256: Digest
    data_root: Digest
    record: Digest
    bias_report: Digest
    certificate_key: Digest
    authorised_from: int
    authorised_until: int = 0

    def authorised_at(self, time: int) -> bool:
        """Whether its signature counted in that second."""
        return 0 < self.authorised_from <= time and (
            not self.authorised_until or time < self.authorised_until
        )


@dataclass(frozen=True, slots=True)
class Anchored:
    """When a model anchored a root: block time in Unix seconds, and the transaction if known."""

    time: int
    tx: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A minted work. Times are Unix seconds of blocks."""

    model: ModelId
    owner: Address | None
    minted_at: int
    metadata: Digest
    burnt: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What the firm's own records hold of a work, to be checked against the chain's roots."""

    attestation: Attestation
    root: Digest | None = None
    proof: tuple[Digest, ...] = ()
    fingerprint: Print | None = None
    record: GenerationRecord | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a work's life. Time is RFC 3339."""

    event: str
    at: str
    by: str = ""
    tx: str = ""

    def as_json(self) -> dict[str, str]:
        """As `verify` prints it."""
        return {"event": self.event, "at": self.at, "by": self.by, "tx": self.tx}


class Register(Protocol):
    """One firm's facts. None and empty mean: not known here."""

    @property
    def firm(self) -> FirmIdentity:
        """Which firm this is about."""

    def model(self, model: ModelId) -> ModelEntry | None:
        """The registry's entry."""

    def model_of_signer(self, signer: Address) -> ModelEntry | None:
        """The model for which an account signs."""

    def anchored(self, model: ModelId, root: Digest) -> Anchored | None:
        """When the model anchored the root."""

    def token(self, work: WorkId) -> Token | None:
        """The minted work."""

    def kept(self, work: WorkId) -> Kept | None:
        """What the firm's own records hold of it."""

    def similar(self, asked: AnyQuery) -> list[Match]:
        """Works that the picture or the sound may come from, surest first."""

    def custody(self, work: WorkId) -> list[Event]:
        """Transfers and the like, oldest first, without creation, anchoring and minting."""

    def licences(self, work: WorkId) -> list[dict[str, str]]:
        """Licences sold on the work, as the licensing room prints them."""

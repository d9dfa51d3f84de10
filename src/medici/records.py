"""The nouns of the firm: works, splits and the records that rooms hand to each other.

Pure data, no input or output. Everything is immutable, compares by value, and has one canonical
JSON form (RFC 8785), so that its SHA-256 means the same in any language. What they are made of
(`Digest`, `Address`, `Money` …) is defined in `medici.values` and can be had here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eth_hash.auto import keccak

from medici.errors import WrongUse
from medici.values import (
    FULL_BPS,
    ZERO_DIGEST,
    Address,
    Bps,
    Cid,
    Digest,
    ModelId,
    Money,
    WorkId,
    canonical_json,
    merkle_hash_pair,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "FULL_BPS",
    "ZERO_DIGEST",
    "Address",
    "Attestation",
    "Audio",
    "Bps",
    "Cid",
    "Digest",
    "GenerationRecord",
    "ModelId",
    "ModelRecord",
    "Money",
    "Recipient",
    "Rendering",
    "Split",
    "WorkId",
    "canonical_json",
    "merkle_hash_pair",
    "shares",
]


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a generator made, before anything is proven of it.

    Attributes:
        pixels: (h, w, 4) uint8, sRGB with straight alpha, exactly as they will stand in the file.
        seed: the number it was made from.
        style: the steering parameters it was made under, JSON values only.
        kind: ``picture``, ``texture``, ``icon``, ``music`` or ``text``.
        audio: of music: what is heard, and what its content digest is taken over; the pixels are
            then its picture (a piano roll).
        text: of language: the words, and what its content digest is taken over; the pixels are
            then its picture (a page).
    """

    pixels: NDArray[np.uint8]
    seed: int
    style: Mapping[str, Any]
    kind: str = "picture"
    audio: Audio | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound as it stands in the file.

    Attributes:
        samples: (frames, channels) int16.
        rate: frames a second.
    """

    samples: NDArray[np.int16]
    rate: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """One line of a split: an account, or (for a derivative) a parent work's split."""

    account: Address | Digest
    bps: Bps

    @property
    def word(self) -> bytes:
        """The 32-byte form the contract hashes: an address left-padded, or a split id."""
        return self.account.raw.rjust(32, b"\0")


@dataclass(frozen=True, slots=True)
class Split:
    """How the income of a work is shared; fixed at mint, named by its hash.

    Raises:
        WrongUse: empty, or the shares do not sum to 10,000.
    """

    recipients: tuple[Recipient, ...]

    def __post_init__(self) -> None:
        if not self.recipients or sum(r.bps for r in self.recipients) != FULL_BPS:
            raise WrongUse("the shares of a split must sum to 10000 basis points")

    @property
    def id(self) -> Digest:
        """keccak256(abi.encode(Recipient[])), as `Revenue` computes it."""
        head = (32).to_bytes(32, "big") + len(self.recipients).to_bytes(32, "big")
        body = b"".join(r.word + int(r.bps).to_bytes(32, "big") for r in self.recipients)
        return Digest.keccak(head + body)


@dataclass(frozen=True, slots=True)
class Attestation:
    """The model's word on one work, as `Works` checks it (EIP-712 struct of the same name)."""

    work: WorkId
    record: Digest
    model: ModelId
    metadata: Digest
    split: Digest
    parents: tuple[WorkId, ...]
    creator: Address

    TYPE = (
        "Attestation(uint256 tokenId,bytes32 recordDigest,bytes32 modelId,"
        "bytes32 metadataDigest,bytes32 splitId,bytes32 parentsDigest,address creator)"
    )

    @property
    def parents_digest(self) -> Digest:
        """Zero without parents, else Keccak-256 of their token ids, packed."""
        if not self.parents:
            return ZERO_DIGEST
        return Digest.keccak(b"".join(p.raw for p in self.parents))

    @property
    def words(self) -> tuple[bytes, ...]:
        """The seven 32-byte words of the struct, in order."""
        return (
            self.work.raw,
            self.record.raw,
            self.model.raw,
            self.metadata.raw,
            self.split.raw,
            self.parents_digest.raw,
            self.creator.raw.rjust(32, b"\0"),
        )

    @property
    def leaf(self) -> Digest:
        """The EIP-712 struct hash: what an anchored Merkle tree holds for this work."""
        return Digest.keccak(keccak(self.TYPE.encode()) + b"".join(self.words))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        return {
            "work": self.work,
            "record": self.record,
            "model": self.model,
            "metadata": self.metadata,
            "split": self.split,
            "parents": list(self.parents),
            "creator": self.creator,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Attestation:
        """Read what `as_json` wrote.

        Raises:
            WrongUse: a field is missing or malformed.
        """
        try:
            return cls(
                work=WorkId(data["work"]),
                record=Digest(data["record"]),
                model=ModelId(data["model"]),
                metadata=Digest(data["metadata"]),
                split=Digest(data["split"]),
                parents=tuple(WorkId(p) for p in data["parents"]),
                creator=Address(data["creator"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise WrongUse(f"attestation is malformed: {error}") from error


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What the world may know of a model: what it is, what it learnt from, how good it is.

    Attributes:
        id: Merkle root over the packed integer tensors (docs/spec/exact-renderer.md).
        name: short name, also the folder's.
        renderer: ``exact/2`` for our own generators.
        weights_sha256: SHA-256 of the safetensors file.
        data_root: Merkle root over the training samples' digests.
        data_licence: SPDX identifier or a short sentence.
        training: architecture, steps, CPU seconds, seed, versions, overflow certificate; what
            it was fine-tuned from, with that one's data and licence.
        bias_report: measured distributions of data against samples.
        metrics: figures with extractor, n, floor and controls.
        family: which family of generators loads it (`medici.studio.families`).
    """

    id: ModelId
    name: str
    renderer: str
    weights_sha256: Digest
    data_root: Digest
    data_licence: str
    training: Mapping[str, Any] = field(default_factory=dict)
    bias_report: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    family: str = "pictures"

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        return {
            "schema": "medici/model/1",
            "id": self.id,
            "name": self.name,
            "family": self.family,
            "renderer": self.renderer,
            "weights_sha256": self.weights_sha256,
            "data_root": self.data_root,
            "data_licence": self.data_licence,
            "training": dict(self.training),
            "bias_report": dict(self.bias_report),
            "metrics": dict(self.metrics),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelRecord:
        """Read what `as_json` wrote.

        Raises:
            WrongUse: a field is missing or malformed.
        """
        try:
            return cls(
                id=ModelId(data["id"]),
                name=str(data["name"]),
                renderer=str(data["renderer"]),
                weights_sha256=Digest(data["weights_sha256"]),
                data_root=Digest(data["data_root"]),
                data_licence=str(data["data_licence"]),
                training=dict(data["training"]),
                bias_report=dict(data["bias_report"]),
                metrics=dict(data["metrics"]),
                family=str(data["family"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise WrongUse(f"model record is malformed: {error}") from error

    @property
    def digest(self) -> Digest:
        """SHA-256 of the canonical record; the chain's training-record digest."""
        return Digest.of(canonical_json(self.as_json()))

    @property
    def bias_digest(self) -> Digest:
        """SHA-256 of the canonical bias report."""
        return Digest.of(canonical_json(dict(self.bias_report)))


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """How one work came to be: model, seed, style, and what came out. Travels inside the file."""

    content: WorkId
    kind: str
    model: ModelId
    weights_sha256: Digest
    data_root: Digest
    model_record: Digest
    renderer: str
    seed: int
    style: Mapping[str, Any]
    style_version: int
    size: tuple[int, int]
    created: str

    def as_json(self) -> dict[str, Any]:
        """Schema ``medici/generation/1``; plain JSON, read back by `from_json`."""
        return {
            "schema": "medici/generation/1",
            "content": self.content,
            "kind": self.kind,
            "model": {
                "id": self.model,
                "weights_sha256": self.weights_sha256,
                "data_root": self.data_root,
                "record_sha256": self.model_record,
                "renderer": self.renderer,
            },
            "seed": self.seed,
            "style": dict(self.style),
            "style_version": self.style_version,
            "size": list(self.size),
            "created": self.created,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GenerationRecord:
        """Read what `as_json` wrote.

        Raises:
            WrongUse: a field is missing or malformed, or the schema is another.
        """
        try:
            if data["schema"] != "medici/generation/1":
                raise WrongUse(f"unknown generation schema {data['schema']!r}")
            model = data["model"]
            width, height = data["size"]
            return cls(
                content=WorkId(data["content"]),
                kind=str(data["kind"]),
                model=ModelId(model["id"]),
                weights_sha256=Digest(model["weights_sha256"]),
                data_root=Digest(model["data_root"]),
                model_record=Digest(model["record_sha256"]),
                renderer=str(model["renderer"]),
                seed=int(data["seed"]),
                style=dict(data["style"]),
                style_version=int(data["style_version"]),
                size=(int(width), int(height)),
                created=str(data["created"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WrongUse(f"generation record is malformed: {error}") from error

    @property
    def digest(self) -> Digest:
        """SHA-256 of the canonical record."""
        return Digest.of(canonical_json(self.as_json()))


def shares(recipients: Sequence[tuple[Address | Digest, int]]) -> Split:
    """A `Split` from (account, basis points) pairs."""
    return Split(tuple(Recipient(account, Bps(bps)) for account, bps in recipients))

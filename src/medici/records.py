"""The nouns of the firm as values: pure data, no input or output.

Identities (`Digest`, `ModelId`, `WorkId`, `Address`, `Cid`), quantities (`Money`, `Bps`) and the
records that rooms hand to each other. Everything is immutable, compares by value, and has one
canonical JSON form (RFC 8785), so that its SHA-256 means the same in any language.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, localcontext
from typing import TYPE_CHECKING, Any, Self

from eth_hash.auto import keccak

from medici.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_HEX_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
FULL_BPS = 10_000
_NO_ROUNDING = Context(prec=200, traps=[InvalidOperation, Overflow, Inexact])


def canonical_json(value: object) -> bytes:
    """The one JSON form that is hashed and signed. Source: RFC 8785 (JCS).

    Raises:
        WrongUse: the value has no canonical form (an integer beyond 2^53, a NaN, a non-JSON type).
    """
    import rfc8785

    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except rfc8785.CanonicalizationError as error:
        raise WrongUse(f"value has no canonical JSON form: {error}") from error


class Digest(str):
    """A SHA-256 or Keccak-256 digest: 64 lower-case hexadecimal characters, no prefix.

    Raises:
        WrongUse: the text is not such a digest.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        text = text.removeprefix("0x").lower()
        if not _HEX_DIGEST.fullmatch(text):
            raise WrongUse(f"not a 256-bit digest: {text[:80]!r}", "64 hexadecimal characters")
        return super().__new__(cls, text)

    @classmethod
    def of(cls, data: bytes) -> Self:
        """SHA-256 of the bytes."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def keccak(cls, data: bytes) -> Self:
        """Keccak-256 of the bytes."""
        return cls(keccak(data).hex())

    @classmethod
    def from_int(cls, number: int) -> Self:
        """The digest whose 32 big-endian bytes are this number (a token id, a bytes32)."""
        return cls(f"{number:064x}")

    @property
    def raw(self) -> bytes:
        """The 32 bytes."""
        return bytes.fromhex(self)

    @property
    def prefixed(self) -> str:
        """``0x…``, as JSON-RPC writes it."""
        return "0x" + self


ZERO_DIGEST = Digest("0" * 64)


class ModelId(Digest):
    """A model's identity on the chain: the Merkle root over its packed integer tensors."""

    __slots__ = ()


class WorkId(Digest):
    """A work's identity: its content digest. The token id is the same number."""

    __slots__ = ()

    @property
    def token_id(self) -> int:
        """The ERC-721 token id: the digest as an unsigned 256-bit integer."""
        return int(self, 16)


class Address(str):
    """An EVM account, in the mixed-case checksum form. Source: ERC-55.

    Raises:
        WrongUse: not an address, or mixed case with a wrong checksum.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _HEX_ADDRESS.fullmatch(text):
            raise WrongUse(f"not an account address: {text[:80]!r}", "0x and 40 hexadecimal digits")
        body = text[2:].lower()
        nibbles = keccak(body.encode()).hex()
        checksummed = "0x" + "".join(
            c.upper() if int(n, 16) >= 8 else c for c, n in zip(body, nibbles, strict=False)
        )
        if text[2:] not in (body, body.upper()) and text != checksummed:
            raise WrongUse(f"address {text} fails its checksum", "a character may be mistyped")
        return super().__new__(cls, checksummed)

    @classmethod
    def from_raw(cls, raw: bytes) -> Self:
        """From the last 20 bytes of a word."""
        return cls("0x" + raw[-20:].hex())

    @property
    def raw(self) -> bytes:
        """The 20 bytes."""
        return bytes.fromhex(self[2:])


class Cid(str):
    """A content identifier, version 1, base32. Source: multiformats/cid."""

    __slots__ = ()
    _RAW_SHA256 = b"\x01\x55\x12\x20"

    @classmethod
    def of_raw(cls, data: bytes) -> Self:
        """CID of a single block: codec raw, SHA-256. For data up to one chunk (1 MiB)."""
        return cls.from_digest(Digest.of(data))

    @classmethod
    def from_digest(cls, digest: Digest) -> Self:
        """CID (raw, sha2-256) of the block with this digest."""
        return cls._encode(cls._RAW_SHA256 + digest.raw)

    @classmethod
    def _encode(cls, binary: bytes) -> Self:
        return cls("b" + base64.b32encode(binary).decode().lower().rstrip("="))

    @property
    def uri(self) -> str:
        """``ipfs://…``."""
        return "ipfs://" + self


class Bps(int):
    """A share in basis points, 0 to 10,000."""

    __slots__ = ()

    def __new__(cls, number: int) -> Self:
        if not 0 <= number <= FULL_BPS:
            raise WrongUse(f"{number} is not a share in basis points", "0 to 10000")
        return super().__new__(cls, number)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of the firm's settlement token.

    Attributes:
        units: smallest units of the token, never negative in a record.
        decimals: how many of its digits stand behind the point.
    """

    units: int
    decimals: int = 6

    @classmethod
    def parse(cls, text: str | float | Decimal, decimals: int = 6) -> Money:
        """From ``"105"``, ``"105.25"``.

        Raises:
            WrongUse: not a plain non-negative decimal number, or finer than the token's unit.
        """
        try:
            with localcontext(_NO_ROUNDING):
                scaled = Decimal(str(text)).scaleb(decimals)
        except ArithmeticError:
            raise WrongUse(f"not an amount of money: {text!r}", "write it like 105.25") from None
        if not scaled.is_finite() or not 0 <= scaled < 2**256:
            raise WrongUse(f"not an amount of money: {text!r}", "write it like 105.25")
        if scaled != scaled.to_integral_value():
            raise WrongUse(f"{text} is finer than the token's {decimals} decimals")
        return cls(int(scaled), decimals)

    def __str__(self) -> str:
        whole, rest = divmod(abs(self.units), 10**self.decimals)
        digits = f"{rest:0{self.decimals}d}".rstrip("0").ljust(2, "0") if self.decimals else ""
        return f"{'-' if self.units < 0 else ''}{whole}" + (f".{digits}" if digits else "")

    def __add__(self, other: Money) -> Money:
        return Money(self.units + self._same(other), self.decimals)

    def __sub__(self, other: Money) -> Money:
        return Money(self.units - self._same(other), self.decimals)

    def part(self, bps: int) -> Money:
        """The share of this amount, rounded down to the unit."""
        return Money(self.units * bps // FULL_BPS, self.decimals)

    def _same(self, other: Money) -> int:
        if other.decimals != self.decimals:
            raise WrongUse("amounts of different tokens cannot be added")
        return other.units


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
        training: architecture, steps, CPU seconds, seed, versions, overflow certificate.
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


def merkle_hash_pair(left: bytes, right: bytes) -> bytes:
    """One inner node of an anchored tree: Keccak-256 of the sorted pair. Source: OpenZeppelin."""
    return keccak(left + right if left < right else right + left)


def shares(recipients: Sequence[tuple[Address | Digest, int]]) -> Split:
    """A `Split` from (account, basis points) pairs."""
    return Split(tuple(Recipient(account, Bps(bps)) for account, bps in recipients))

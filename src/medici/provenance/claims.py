"""What a file says of itself, as the two assertions in its credentials; parsed, never believed."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.errors import UnreadableFile, WrongUse
from medici.records import Address, Attestation, Digest, GenerationRecord, canonical_json
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

GENERATION = "medici.generation"
ANCHOR = "medici.anchor"
GENERATION_SCHEMA = "medici/credentials/1"
ANCHOR_SCHEMA = "medici/anchor/1"
_DEEPEST_PROOF = 64


def _number(digits: str) -> int | float:
    """RFC 8785 writes a large whole float without a point; all its numbers are doubles."""
    return int(digits) if abs(int(digits)) < 2**53 else float(digits)


@dataclass(frozen=True, slots=True)
class GenerationClaim:
    """What a certified file says of itself; nothing of it is believed before it is checked.

    Attributes:
        record: how the work came to be.
        signature: the model's 65 bytes over `signing.Generation`.
        signer: the account that is said to have signed.
        token: CAIP-19 name of the work's token, minted or not.
        certificate: DER of the certificate the credentials are signed with.
    """

    record: GenerationRecord
    signature: bytes
    signer: Address
    token: str
    certificate: bytes

    def as_json(self) -> dict[str, Any]:
        """The data of the assertion ``medici.generation``."""
        return {
            "schema": GENERATION_SCHEMA,
            # As text: C2PA's CBOR turns an array of small numbers into bytes, and these are hashed.
            "record": canonical_json(self.record.as_json()).decode(),
            "record_sha256": self.record.digest,
            "signature": "0x" + self.signature.hex(),
            "signer": self.signer,
            "token": self.token,
            "certificate": base64.b64encode(self.certificate).decode(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GenerationClaim:
        """Read what `as_json` wrote.

        Raises:
            UnreadableFile: another schema, malformed, or the record is not the digest's.
        """
        try:
            if data["schema"] != GENERATION_SCHEMA:
                raise UnreadableFile(f"unknown credentials schema {data['schema']!r}")
            claim = cls(
                GenerationRecord.from_json(read_json(data["record"], parse_int=_number)),
                bytes.fromhex(data["signature"].removeprefix("0x")),
                Address(data["signer"]),
                str(data["token"]),
                base64.b64decode(data["certificate"], validate=True),
            )
            if claim.record.digest != data["record_sha256"]:
                raise UnreadableFile("the generation record does not have the digest beside it")
        except (KeyError, TypeError, ValueError, AttributeError, WrongUse) as error:
            raise UnreadableFile(f"generation claim is malformed: {error}") from error
        return claim


@dataclass(frozen=True, slots=True)
class AnchorClaim:
    """Where the work's attestation is anchored, so that the file and any node suffice to check it.

    Attributes:
        attestation: the model's word on the work; its leaf stands in the tree.
        proof: from the leaf to the root.
        root: the anchored Merkle root.
        chain_id: the chain.
        anchors: the `Anchors` contract.
        tx: hash of the anchoring transaction.
        time: its block's time, Unix seconds.
    """

    attestation: Attestation
    proof: tuple[Digest, ...]
    root: Digest
    chain_id: int
    anchors: Address
    tx: str
    time: int

    def as_json(self) -> dict[str, Any]:
        """The data of the assertion ``medici.anchor``."""
        return {
            "schema": ANCHOR_SCHEMA,
            "attestation": canonical_json(self.attestation.as_json()).decode(),
            "proof": list(self.proof),
            "root": self.root,
            "chain_id": self.chain_id,
            "anchors": self.anchors,
            "tx": self.tx,
            "time": self.time,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AnchorClaim:
        """Read what `as_json` wrote.

        Raises:
            UnreadableFile: another schema, or malformed.
        """
        try:
            if data["schema"] != ANCHOR_SCHEMA:
                raise UnreadableFile(f"unknown anchor schema {data['schema']!r}")
            proof = tuple(Digest(d) for d in data["proof"])
            if len(proof) > _DEEPEST_PROOF:
                raise UnreadableFile("the Merkle proof is longer than any tree is deep")
            return cls(
                Attestation.from_json(read_json(data["attestation"])),
                proof,
                Digest(data["root"]),
                int(data["chain_id"]),
                Address(data["anchors"]),
                str(data["tx"]),
                int(data["time"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, WrongUse) as error:
            raise UnreadableFile(f"anchor claim is malformed: {error}") from error

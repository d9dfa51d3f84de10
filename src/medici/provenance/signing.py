"""What a model signs (EIP-712), and whose signature it is.

Three structs, one key: `Generation` travels inside the file, `Attestation` mints the work, `Batch`
anchors many at once. Digests are computed here so that verifying needs no wallet library; the
tests compare them with eth-account's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from eth_hash.auto import keccak

from medici.errors import WrongUse
from medici.records import Address, Attestation, Digest, ModelId, WorkId

_DOMAIN_TYPE = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
# secp256k1: only signatures with s in the lower half are accepted, so that each has one form.
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class Signer(Protocol):
    """Whoever can sign a 32-byte digest, and is known by an address."""

    @property
    def address(self) -> Address:
        """The account whose signature it gives."""

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes: r, s (low), v (27 or 28)."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature counts: one contract on one chain. Source: EIP-712."""

    name: str
    chain_id: int
    contract: Address
    version: str = "1"

    @property
    def separator(self) -> bytes:
        """The 32-byte domain separator."""
        return keccak(
            _DOMAIN_TYPE
            + keccak(self.name.encode())
            + keccak(self.version.encode())
            + self.chain_id.to_bytes(32, "big")
            + self.contract.raw.rjust(32, b"\0")
        )

    def digest(self, struct_hash: bytes) -> bytes:
        """The 32 bytes that are signed."""
        return keccak(b"\x19\x01" + self.separator + struct_hash)


def works_domain(chain_id: int, works: Address) -> Domain:
    """The domain of generations and attestations."""
    return Domain("Medici Works", chain_id, works)


def anchors_domain(chain_id: int, anchors: Address) -> Domain:
    """The domain of batches."""
    return Domain("Medici Anchors", chain_id, anchors)


@dataclass(frozen=True, slots=True)
class Generation:
    """The model's word, inside the file, that it made this content as the record says."""

    content: WorkId
    record: Digest
    model: ModelId

    TYPE = "Generation(bytes32 contentDigest,bytes32 recordDigest,bytes32 modelId)"

    @property
    def leaf(self) -> Digest:
        """The EIP-712 struct hash."""
        return Digest.keccak(
            keccak(self.TYPE.encode()) + self.content.raw + self.record.raw + self.model.raw
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """The model's word on the root over a number of attestations."""

    model: ModelId
    root: Digest
    count: int

    TYPE = "Batch(bytes32 modelId,bytes32 root,uint64 count)"

    @property
    def leaf(self) -> Digest:
        """The EIP-712 struct hash."""
        return Digest.keccak(
            keccak(self.TYPE.encode())
            + self.model.raw
            + self.root.raw
            + self.count.to_bytes(32, "big")
        )


def sign(signer: Signer, domain: Domain, what: Generation | Attestation | Batch) -> bytes:
    """The signer's 65 bytes r ‖ s ‖ v over the struct in its domain.

    Raises:
        WrongUse: the signer gave something that is not its own canonical signature.
    """
    signature = signer.sign_digest(domain.digest(what.leaf.raw))
    if recover(domain, what, signature) != signer.address:
        raise WrongUse(f"the signer {signer.address} gave a signature that is not its own")
    return signature


def recover(
    domain: Domain, what: Generation | Attestation | Batch, signature: bytes
) -> Address | None:
    """Who signed the struct; None when the bytes are no canonical signature."""
    return recover_digest(domain.digest(what.leaf.raw), signature)


def recover_digest(digest: bytes, signature: bytes) -> Address | None:
    """Who signed; None when the bytes are no canonical signature (65 bytes, low s, v 27 or 28)."""
    from coincurve import PublicKey

    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    recoverable = signature[:64] + bytes([signature[64] - 27])
    try:
        key = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    except Exception:
        # coincurve raises bare Exception for an r or s that is no point or scalar.
        return None
    return Address.from_raw(keccak(key.format(compressed=False)[1:]))


def token_uri(chain_id: int, works: Address, work: WorkId) -> str:
    """The work's name across chains, as CAIP-19. Source: CAIP-19, CAIP-22."""
    return f"eip155:{chain_id}/erc721:{works}/{work.prefixed}"


def parse_token(text: str) -> tuple[int, Address, WorkId] | None:
    """Chain id, contract and work of a CAIP-19 name of an ERC-721; None when it is none."""
    try:
        chain, _, asset = text.partition("/")
        space, _, number = chain.partition(":")
        kind, _, rest = asset.partition(":")
        contract, _, token = rest.partition("/")
        if space != "eip155" or kind != "erc721" or not number.isdecimal():
            return None
        work = WorkId(token) if token.startswith("0x") else WorkId.from_int(int(token))
        return int(number), Address(contract), work
    except (WrongUse, ValueError):
        return None

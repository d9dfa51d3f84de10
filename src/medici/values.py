"""Identities and quantities as values, and the one form in which records are hashed.

All are immutable, compare by value, and refuse what they cannot be when they are made.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, localcontext
from typing import Self

from eth_hash.auto import keccak

from medici.errors import WrongUse

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


def merkle_hash_pair(left: bytes, right: bytes) -> bytes:
    """One inner node of an anchored tree: Keccak-256 of the sorted pair. Source: OpenZeppelin."""
    return keccak(left + right if left < right else right + left)

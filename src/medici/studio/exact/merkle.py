"""Keccak-256 Merkle trees with sorted pairs, as `MerkleProofLib` checks them on the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth_hash.auto import keccak

from medici.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root of the tree; an odd node at the end of a level moves up unchanged.

    Args:
        leaves: 32-byte hashes; their preimages must never be 64 bytes long, so that no inner node
            can pose as a leaf.

    Raises:
        WrongUse: no leaves.
    """
    if not leaves:
        raise WrongUse("a Merkle tree needs at least one leaf")
    level = list(leaves)
    while len(level) > 1:
        paired = [
            keccak(a + b if a <= b else b + a)
            for a, b in zip(level[::2], level[1::2], strict=False)
        ]
        level = paired + (level[-1:] if len(level) % 2 else [])
    return level[0]

"""Merkle trees over attestations: one root on the chain dates thousands of works.

Keccak-256 over sorted pairs, as OpenZeppelin and solady check it; a node without a partner moves
up unchanged. A leaf is the EIP-712 struct hash of an attestation (preimage 256 bytes), so it can
never be mistaken for an inner node (64 bytes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.errors import UnreadableFile, WrongUse
from medici.provenance.signing import Batch
from medici.records import Attestation, Digest, ModelId, canonical_json, merkle_hash_pair

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA = "medici/batch/1"


class Tree:
    """A Merkle tree; leaves keep the order they were given in.

    Args:
        leaves: one or more 256-bit digests.

    Raises:
        WrongUse: there is no leaf, or one stands there twice.
    """

    def __init__(self, leaves: Sequence[Digest]) -> None:
        if not leaves:
            raise WrongUse("a batch needs at least one work")
        if len(set(leaves)) != len(leaves):
            raise WrongUse("a work stands twice in the batch")
        level = [leaf.raw for leaf in leaves]
        self._levels = [level]
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            above = [merkle_hash_pair(left, right) for left, right in pairs]
            level = above + level[len(above) * 2 :]
            self._levels.append(level)
        self._index = {leaf: i for i, leaf in enumerate(leaves)}

    @property
    def root(self) -> Digest:
        """What is anchored."""
        return Digest(self._levels[-1][0].hex())

    def __len__(self) -> int:
        return len(self._levels[0])

    def proof(self, leaf: Digest) -> tuple[Digest, ...]:
        """The partners from this leaf up to the root.

        Raises:
            WrongUse: the leaf is not in the tree.
        """
        try:
            index = self._index[leaf]
        except KeyError:
            raise WrongUse(f"{leaf} is not in this batch") from None
        path = []
        for level in self._levels[:-1]:
            partner = index ^ 1
            if partner < len(level):
                path.append(Digest(level[partner].hex()))
            index //= 2
        return tuple(path)


def leads_to(leaf: Digest, proof: Sequence[Digest], root: Digest) -> bool:
    """Whether the proof leads from the leaf to the root."""
    node = leaf.raw
    for partner in proof:
        node = merkle_hash_pair(node, partner.raw)
    return node == root.raw


@dataclass(frozen=True, slots=True)
class AnchorBatch:
    """The attestations of one model that are anchored together.

    Attributes:
        model: the model that signs the root.
        attestations: in the order of the leaves.

    Raises:
        WrongUse: empty, a work twice, or an attestation of another model.
    """

    model: ModelId
    attestations: tuple[Attestation, ...]

    def __post_init__(self) -> None:
        if any(a.model != self.model for a in self.attestations):
            raise WrongUse("all works of a batch must be of the model that signs it")
        Tree([a.leaf for a in self.attestations])

    @property
    def tree(self) -> Tree:
        """The tree over the attestations."""
        return Tree([a.leaf for a in self.attestations])

    @property
    def claim(self) -> Batch:
        """What the model signs for the `Anchors` contract."""
        return Batch(self.model, self.tree.root, len(self.attestations))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "root": self.tree.root,
            "attestations": [a.as_json() for a in self.attestations],
        }

    @property
    def canonical(self) -> bytes:
        """The bytes to keep and to name by their CID."""
        return canonical_json(self.as_json())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AnchorBatch:
        """Read what `as_json` wrote.

        Raises:
            UnreadableFile: another schema, malformed, or the root is not that of the attestations.
        """
        try:
            if data["schema"] != SCHEMA:
                raise UnreadableFile(f"unknown batch schema {data['schema']!r}")
            batch = cls(
                ModelId(data["model"]),
                tuple(Attestation.from_json(a) for a in data["attestations"]),
            )
            if batch.tree.root != data["root"]:
                raise UnreadableFile("the batch's root is not that of its attestations")
        except (KeyError, TypeError, AttributeError) as error:
            raise UnreadableFile(f"batch is malformed: {error}") from error
        return batch

"""What the proof room hashes of a data set: one root over the samples, one over who made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rfc8785
from eth_hash.auto import keccak

from medici.records import Digest
from medici.studio.exact.merkle import merkle_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCHEMA = "medici/dataset/1"
SOURCE_SCHEMA = "medici/source/1"
MANIFEST = "manifest.json"
SOURCE = "source.json"
NOT_STATED = "not stated"
CREDITS = ("licence", "author", "owner", "consent")
_SAMPLE_TAG = b"medici/sample/1"
_CREDIT_TAG = b"medici/credit/1"


def sample_leaf(digest: Digest) -> bytes:
    """Leaf of a sample in the data root: ``keccak("medici/sample/1" ‖ digest)``."""
    return keccak(_SAMPLE_TAG + digest.raw)


def credit_leaf(digest: Digest, about: Mapping[str, Any]) -> bytes:
    """Leaf of a sample in the credits root: ``keccak("medici/credit/1" ‖ canonical JSON)``.

    The JSON (RFC 8785) holds the sample's digest and, where they are stated, its licence, author,
    owner and consent. A contributor can prove by it, later and alone, which samples are theirs.
    """
    said = {key: str(about[key]) for key in CREDITS if about.get(key)}
    return keccak(_CREDIT_TAG + rfc8785.dumps({"digest": str(digest), **said}))


class Tree:
    """The root of `merkle_root`, leaf by leaf, in memory that does not grow with their number."""

    def __init__(self) -> None:
        self.count = 0
        self._peaks: list[
            tuple[int, bytes]
        ] = []  # complete subtrees, height and root, left to right

    def add(self, leaf: bytes) -> None:
        """One more leaf on the right."""
        self.count += 1
        height = 0
        while self._peaks and self._peaks[-1][0] == height:
            leaf = merkle_root([self._peaks.pop()[1], leaf])
            height += 1
        self._peaks.append((height, leaf))

    @property
    def root(self) -> Digest:
        """Root over the leaves so far.

        Raises:
            WrongUse: there are none.
        """
        if not self._peaks:
            return Digest(merkle_root([]).hex())
        # An odd node moves up unchanged: the peaks are joined from the right.
        *rest, (_, joined) = self._peaks
        for _, peak in reversed(rest):
            joined = merkle_root([peak, joined])
        return Digest(joined.hex())


def data_root(digests: Iterable[Digest]) -> Digest:
    """Root of the Keccak-256 tree over the samples' leaves, in order.

    Raises:
        WrongUse: no samples.
    """
    tree = Tree()
    for digest in digests:
        tree.add(sample_leaf(digest))
    return tree.root


def credits_root(samples: Iterable[tuple[Digest, Mapping[str, Any]]]) -> Digest:
    """Root of the Keccak-256 tree over the samples' credits, in the order of the samples.

    Raises:
        WrongUse: no samples.
    """
    tree = Tree()
    for digest, about in samples:
        tree.add(credit_leaf(digest, about))
    return tree.root


def credited(sample: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, str]:
    """Licence, author, owner and consent of a sample: its own, else what the set states for all."""
    authors = source.get("authors")
    whole = {**source, "author": ", ".join(map(str, authors)) if authors else source.get("author")}
    found = {key: sample.get(key) or whole.get(key) for key in CREDITS}
    return {key: str(value) for key, value in found.items() if value}

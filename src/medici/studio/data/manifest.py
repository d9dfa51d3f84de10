"""What the proof room hashes of a data set: one root over the samples, one over who made them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import rfc8785
from eth_hash.auto import keccak

from medici.errors import BadData, WrongUse
from medici.logs import logger
from medici.records import Digest
from medici.studio.data.picture import SIDES
from medici.studio.exact.merkle import merkle_root
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

SCHEMA = "medici/dataset/1"
SOURCE_SCHEMA = "medici/source/1"
MANIFEST = "manifest.json"
SOURCE = "source.json"
NOT_STATED = "not stated"
SPLIT_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
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


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """What ``manifest.json`` of a folder says of its data set; None without one.

    Other programs call files of theirs ``manifest.json`` too; those count as none.

    Raises:
        BadData: it is there and is no manifest.
    """
    path = folder / MANIFEST
    try:
        said = read_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise BadData(f"{path} is not JSON: {error}", "build the set again") from error
    if not isinstance(said, dict):
        raise BadData(f"{path} must hold one JSON object", "build the set again")
    if said.get("schema") != SCHEMA and "shards" not in said:
        return None
    for key, (required, check) in _CHECKS.items():
        if (required or key in said) and not check(said.get(key)):
            raise BadData(
                f"{path} does not describe a data set: {key} is {str(said.get(key))[:80]!r}",
                "copy the whole set, or build it again",
            )
    return said


def missing_files(said: Mapping[str, Any] | None, present: Iterable[str]) -> list[str]:
    """Files that a manifest names and that are not there; shards are not looked at.

    Args:
        said: what `read_manifest` gave.
        present: names of the picture files of its folder.
    """
    named = (one["file"] for one in (said or {}).get("samples", []))
    return sorted(set(named) - set(present))


def warn_of_missing(folder: Path, present: Iterable[str]) -> None:
    """Say so when a set has lost pictures: it is another set then than its manifest says.

    A manifest that cannot be read is another program's here, or the trouble of those who need it.
    """
    try:
        missing = missing_files(read_manifest(folder), present)
    except BadData:
        return
    if missing:
        logger("studio").warning(
            f"{folder} lacks {len(missing)} pictures that its {MANIFEST} names, "
            f"{missing[0]} for one: what is left is another set, with a root of its own"
        )


def _is_digest(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(Digest(value))
    except WrongUse:
        return False


def _is_number(value: Any, least: int = 1) -> bool:
    return type(value) is int and least <= value < 1 << 62


def _is_size(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and value[0] == value[1]
        and all(_is_number(v, SIDES[0]) and v <= SIDES[1] for v in value)
    )


def _names_files(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("file"), str) for one in value
    )


def _are_shards(value: Any) -> bool:
    return _names_files(value) and all(
        _is_number(one.get("count")) and _is_number(one.get("bytes")) for one in value
    )


def _are_splits(value: Any) -> bool:
    return isinstance(value, dict) and all(SPLIT_NAME.fullmatch(name) for name in value)


# Whether a key must be there, and what its value must be.
_CHECKS: dict[str, tuple[bool, Callable[[Any], bool]]] = {
    "size": (True, _is_size),
    "root": (True, _is_digest),
    "count": (True, _is_number),
    "about": (False, lambda value: isinstance(value, dict)),
    "licence": (False, lambda value: isinstance(value, str)),
    "credits_root": (False, _is_digest),
    "transparent": (False, lambda value: isinstance(value, bool)),
    "samples": (False, _names_files),
    "shards": (False, _are_shards),
    "splits": (False, _are_splits),
}

"""Files beside pictures that say whose they are: ``source.json``, ``metadata.csv``, and others.

``metadata.csv`` and ``metadata.jsonl`` are those of Hugging Face's ImageFolder: a column
``file_name``, and whatever else is known. ``NAME.json`` beside ``NAME.png`` speaks for that
picture, as in WebDataset shards. What stands nearest to a picture counts most.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from medici.errors import BadData
from medici.studio.data.folder import misstated
from medici.studio.data.licences import if_listed
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMES = frozenset(
    {"source.json", "metadata.csv", "metadata.jsonl", "package.json", "croissant.json"}
    | {"manifest.json"}
)
LARGEST_OF_ONE = 64 << 10
_KNOWN = ("licence", "author", "owner", "consent", "seed", "url", "original", "sha256")
_NAMING = ("file", "file_name", "attributes", "digest", "key", "__key__", "__url__")
_OTHER_WORDS = {"license": "licence", "artist": "author", "creator": "author", "source_url": "url"}


class Sidecars:
    """Everything that is said about the pictures of one source, by folder."""

    def __init__(self) -> None:
        self._whole: dict[str, dict[str, Any]] = {}
        self._single: dict[str, dict[str, Any]] = {}
        self._stems: dict[str, dict[str, Any]] = {}

    def add(self, name: str, data: bytes, place: str) -> None:
        """Take in a sidecar.

        Args:
            name: its path inside the source.
            data: its bytes.
            place: what messages call it.

        Raises:
            BadData: it cannot be read.
        """
        path = PurePosixPath(name)
        where = "" if str(path.parent) == "." else f"{path.parent}/"
        try:
            text = data.decode("utf-8-sig")
            if path.name == "metadata.csv":
                self._rows(where, csv.DictReader(io.StringIO(text)))
            elif path.name == "metadata.jsonl":
                self._rows(where, (read_json(line) for line in text.splitlines() if line.strip()))
            elif path.name == "source.json":
                self._source(where, read_json(text))
            elif path.name == "package.json":
                self._package(where, read_json(text))
        except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
            raise BadData(
                f"{place} cannot be understood: {error}",
                "mend it, or build from a folder without it",
            ) from error

    def speaks_for_one(self, name: str, data: bytes) -> bool:
        """Take in ``NAME.json`` if it describes the picture ``NAME``; other JSON is left alone."""
        try:
            said = read_json(data)
        except ValueError:
            return False
        if isinstance(said, dict):
            stem = str(PurePosixPath(name).with_suffix(""))
            self._stems[stem] = described(said)
        return isinstance(said, dict)

    def is_one(self, name: str) -> bool:
        """Whether a file is a sidecar that has been taken in, or would be."""
        path = PurePosixPath(name)
        beside = path.suffix == ".json" and str(path.with_suffix("")) in self._stems
        return path.name in NAMES or beside

    def about(self, name: str) -> dict[str, Any]:
        """What is known of one picture; a picture in a folder of its own class has a ``label``."""
        path = PurePosixPath(name)
        stem = self._stems.get(str(path.with_suffix("")), {})
        own = {**stem, **self._single.get(name, {})}
        attributes = dict(own.pop("attributes", {}))
        described = False
        for parent in path.parents:
            where = "" if str(parent) == "." else f"{parent}/"
            whole = self._whole.get(where)
            if whole is not None:
                described = described or where == f"{path.parent}/"
                own = {**whole, **own}
        if len(path.parts) > 1 and not described:
            attributes.setdefault("label", path.parent.name)
        return {**own, **({"attributes": attributes} if attributes else {})}

    def _rows(self, where: str, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            self._put(where + str(row["file_name"]), row)

    def _source(self, where: str, source: Mapping[str, Any]) -> None:
        authors = source.get("authors") or []
        whole = {"author": ", ".join(map(str, authors)) or None, **known(source)}
        self._whole.setdefault(where, {}).update({k: v for k, v in whole.items() if v})
        for sample in source.get("samples", []):
            if wrong := misstated(sample):
                raise ValueError(f"{wrong[0]} of {sample['file']} must be {wrong[1]}")
            self._put(where + str(sample["file"]), sample)

    def _package(self, where: str, package: Mapping[str, Any]) -> None:
        licence, author = package.get("license"), package.get("author")
        licence = licence.get("type") if isinstance(licence, dict) else licence
        author = author.get("name") if isinstance(author, dict) else author
        said = {
            "licence": if_listed(licence),
            "author": str(author).split(" <")[0] if author else None,
        }
        kept = self._whole.setdefault(where, {})
        self._whole[where] = {**{k: v for k, v in said.items() if v}, **kept}

    def _put(self, name: str, row: Mapping[str, Any]) -> None:
        self._single.setdefault(PurePosixPath(name).as_posix(), {}).update(described(row))


def known(row: Mapping[str, Any]) -> dict[str, str]:
    """The credits in a row, by our names for them."""
    found = {_OTHER_WORDS.get(k.lower(), k.lower()): v for k, v in row.items() if k}
    return {k: str(found[k]) for k in _KNOWN if found.get(k) not in (None, "")}


def described(row: Mapping[str, Any]) -> dict[str, Any]:
    """Credits and attributes in a row; every plain column that is no credit is an attribute."""
    given = row.get("attributes")
    attributes = (
        {str(k): v for k, v in given.items() if _plain(v)} if isinstance(given, dict) else {}
    )
    for key, value in row.items():
        name = _OTHER_WORDS.get(str(key).lower(), str(key).lower())
        if _plain(value) and name not in (*_KNOWN, *_NAMING):
            attributes[str(key)] = value
    return {**known(row), **({"attributes": attributes} if attributes else {})}


def _plain(value: Any) -> bool:
    """Whether a value says something: text or a number, not empty, not the NaN of a missing one."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int) and value != ""

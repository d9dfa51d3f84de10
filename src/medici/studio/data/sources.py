"""Where pictures come from: folders and archives, with what the files beside them say of them.

`open_source` takes what a user writes and answers with items: a name, a way to the bytes, and
licence, author, owner, consent and attributes as far as somebody stated them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from medici.errors import BadData
from medici.studio.data.manifest import MANIFEST, warn_of_missing
from medici.studio.data.picture import SCORES, SUFFIXES, Unusable, load, printable
from medici.studio.data.sidecars import LARGEST_OF_ONE, Sidecars
from medici.studio.data.sidecars import NAMES as SIDECARS
from medici.studio.data.svg import SUFFIX as SVG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

PICTURES = SUFFIXES | {SVG}


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of a source.

    Attributes:
        name: path inside its source.
        place: what messages call it.
        read: gives the bytes; good until the next item is asked for. Raises Unusable.
        about: licence, author, owner, consent, seed, url, attributes, as far as stated.
    """

    name: str
    place: str
    read: Callable[[], bytes]
    about: Mapping[str, Any]


@dataclass(slots=True)
class Source:
    """What one SOURCE of the command line became.

    Attributes:
        name: as the set's ``source.json`` will call it; no path of this machine.
        items: its pictures, once.
        passed_over: files that are no pictures, by reason; complete when `items` has ended.
    """

    name: str
    items: Iterator[Item]
    passed_over: Counter[str] = field(default_factory=Counter)


def open_source(text: str) -> Source:
    """A source by what the user wrote: a path, ``hf:``, ``npm:`` or ``pypi:``.

    Raises:
        BadData: there is nothing, or nothing that can be read.
        MissingPart: a library for this kind of source is not installed.
    """
    from medici.studio.data import archives, huggingface, packages

    kind, colon, rest = text.partition(":")
    if colon and kind == "hf":
        return huggingface.dataset(rest)
    if colon and kind == "npm":
        return packages.npm(rest)
    if colon and kind == "pypi":
        return packages.pypi(rest)
    place = Path(text)
    if place.is_dir():
        if huggingface.looks_like_one(place):
            return huggingface.dataset(text)
        # A set that has lost its manifest or its shards is still one, and must not pass for empty.
        if (place / "index.npy").is_file() and (
            (place / MANIFEST).is_file() or any(place.glob("*.tar"))
        ):
            return archives.shards(place)
        inside = sorted(p.parent for p in place.glob("*/index.npy") if any(p.parent.glob("*.tar")))
        if inside:
            raise BadData(
                f"{place} holds sets in shards: {', '.join(p.name for p in inside)}",
                f"give those that are wanted one by one, such as {inside[0]}",
            )
        return folder(place)
    if place.is_file() and archives.is_archive(place):
        return archives.archive(place)
    if place.is_file():
        raise BadData(
            f"{place} is neither a folder nor an archive",
            "give a folder, .zip, .tar, .tar.gz or .tgz",
        )
    raise BadData(
        f"nothing at {place}", "give a folder, an archive, hf:DATASET, npm:PACKAGE or pypi:PACKAGE"
    )


def folder(place: Path, name: str | None = None, below: str = "") -> Source:
    """A folder with all its subfolders.

    Args:
        place: the folder.
        name: what the set's source will call it; the folder's own name by default.
        below: only files under this path of it are taken; sidecars count from everywhere.
    """
    root = place.resolve()
    names = sorted(
        (printable(p.relative_to(root).as_posix()), p) for p in root.rglob("*") if p.is_file()
    )
    warn_of_missing(place, (one for one, _ in names))
    beside = Sidecars()
    for one, path in names:
        try:
            if path.name in SIDECARS:
                beside.add(one, load(path), str(place / one))
            elif one.endswith(".json") and path.stat().st_size <= LARGEST_OF_ONE:
                beside.speaks_for_one(one, load(path))
        except Unusable as error:
            raise BadData(f"{place / one} {error.words}", error.hint) from error
    entries = ((one, _reader(path)) for one, path in names if _under(one, below))
    return gather(name or printable(root.name), f"{printable(str(place))}/", entries, beside)


def gather(
    name: str, place: str, entries: Iterable[tuple[str, Callable[[], bytes]]], beside: Sidecars
) -> Source:
    """A source of named readers and of what the files beside them say.

    Args:
        name: of the source.
        place: put before an entry's name in messages.
        entries: names and readers in the order in which they can be read.
        beside: what is said about them.
    """
    source = Source(name, iter(()))

    def items() -> Iterator[Item]:
        for one, read in entries:
            path = PurePosixPath(one)
            if beside.is_one(one):
                continue
            if any(part.startswith((".", "__MACOSX")) for part in path.parts):
                source.passed_over["hidden"] += 1
            elif path.suffix.lower() in SCORES:
                source.passed_over["score"] += 1
            elif path.suffix.lower() not in PICTURES:
                source.passed_over["not-a-picture"] += 1
            else:
                yield Item(one, place + one, read, beside.about(one))

    source.items = items()
    return source


def _reader(path: Path) -> Callable[[], bytes]:
    return lambda: load(path)


def _under(name: str, below: str) -> bool:
    return not below or name == below or name.startswith(below.rstrip("/") + "/")

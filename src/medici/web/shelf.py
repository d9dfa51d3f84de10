"""The catalogue kept in memory, read again when its folder changes.

One entry that cannot be read must not take the whole gallery down: it is left out and told.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medici.errors import MediciError, WrongUse
from medici.records import WorkId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medici.firm.catalogue import Catalogue, Entry

_Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Hung:
    """What the catalogue holds: newest round first, in a round in the order of making."""

    works: Mapping[WorkId, Entry]
    unreadable: tuple[str, ...]


class Shelf:
    """The works of a catalogue.

    Args:
        catalogue: where they are kept.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._known: dict[str, tuple[_Mark, Entry | str]] = {}

    def now(self) -> Hung:
        """All works as they stand on the disk now."""
        with self._lock:
            self._refresh()
            read = [each for _, each in self._known.values()]
        entries = [each for each in read if not isinstance(each, str)]
        entries.sort(key=lambda e: (-e.round, str(e.generation.get("created", "")), e.id))
        unreadable = tuple(sorted(each for each in read if isinstance(each, str)))
        return Hung({entry.id: entry for entry in entries}, unreadable)

    def _refresh(self) -> None:
        folder = self._catalogue.folder
        seen: dict[str, tuple[_Mark, Entry | str]] = {}
        for path in folder.glob("*.json") if folder.is_dir() else ():
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            known = self._known.get(path.name)
            same = known is not None and known[0] == mark
            seen[path.name] = known if known and same else (mark, self._read(path.stem))
        self._known = seen

    def _read(self, name: str) -> Entry | str:
        try:
            entry = self._catalogue.get(WorkId(name))
            if entry is None:
                return f"{name}: gone"
            record = entry.record
            if record.content != entry.id:
                raise WrongUse(f"{name}.json is about another work, {record.content}")
            return entry
        except (MediciError, OSError) as error:
            return str(error)

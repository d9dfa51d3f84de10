"""Fingerprints of whatever a work is made of: pictures have one kind, sounds another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.provenance import acoustic, fingerprint
from medici.provenance.acoustic import AcousticIndex, AcousticPrint, AcousticQuery
from medici.provenance.fingerprint import Fingerprint, Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from medici.provenance.fingerprint import Match
    from medici.provenance.media import Content
    from medici.records import WorkId

Print = Fingerprint | AcousticPrint
AnyQuery = Query | AcousticQuery


def take(content: Content) -> Print:
    """The fingerprint of a picture or a sound."""
    from medici.records import Audio

    if isinstance(content, Audio):
        return acoustic.fingerprint(content)
    return fingerprint.fingerprint(content)


def query(content: Content) -> AnyQuery:
    """All that is needed to look for the original of a picture or a sound."""
    from medici.records import Audio

    return acoustic.query(content) if isinstance(content, Audio) else fingerprint.query(content)


def from_json(data: Mapping[str, Any]) -> Print:
    """Read a fingerprint of either kind; those of pictures name no schema.

    Raises:
        UnreadableFile: malformed, or of another schema.
    """
    return AcousticPrint.from_json(data) if "schema" in data else Fingerprint.from_json(data)


def query_from_json(data: Mapping[str, Any]) -> AnyQuery:
    """Read a query of either kind.

    Raises:
        UnreadableFile: a fingerprint in it is malformed.
    """
    return AcousticQuery.from_json(data) if "schema" in data else Query.from_json(data)


class Index:
    """The firm's fingerprints of both kinds: a picture is looked for among pictures only."""

    def __init__(self, entries: Iterable[tuple[WorkId, Print]] = ()) -> None:
        self._pictures = fingerprint.Index()
        sounds: dict[WorkId, AcousticPrint] = {}
        for work, print_ in entries:
            if isinstance(print_, AcousticPrint):
                sounds[work] = print_
            else:
                self._pictures.add(work, print_)
        self._sounds = AcousticIndex(sounds.items())

    def search(self, asked: AnyQuery) -> list[Match]:
        """Works that it may come from, surest first."""
        if isinstance(asked, AcousticQuery):
            return self._sounds.search(asked)
        return self._pictures.search(asked)

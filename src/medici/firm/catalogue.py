"""The firm's own list of its works: one JSON file a work, written whole or not at all.

What the chain knows is asked of the chain; the catalogue keeps what only the firm has: where the
file is, how the work was made, its attestation and proof.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from medici.errors import StateFromOtherVersion, WrongUse
from medici.records import Attestation, Cid, Digest, GenerationRecord, WorkId
from medici.store import atomic_write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = "medici/work/2"
READ = ("medici/work/1", SCHEMA)
"""The first knew pictures only: no covers, and fingerprints of one kind."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One work as the firm knows it; empty fields are stages it has not reached.

    Attributes:
        id: content digest.
        title: what it is called.
        file: path of the delivered file, relative to the firm's folder.
        round: the round that made it; 0 when made by hand.
        scores: what the filter measured: ``quality``, ``novelty``.
        generation: the generation record's JSON.
        cover: CID of the picture that stands for a work which cannot be seen; empty for pictures.
        fingerprint: the fingerprint's JSON (`provenance.prints`).
        certified: CID of the certified file, before any anchor was written into it.
        metadata: CID of the token's metadata JSON.
        attestation: the attestation's JSON.
        signature: the model's signature over the attestation, hex.
        anchor: root, proof, transaction, block time of the batch it is anchored in.
    """

    id: WorkId
    title: str
    file: str
    round: int
    scores: dict[str, float]
    generation: dict[str, Any]
    cover: str = ""
    fingerprint: dict[str, Any] = field(default_factory=dict)
    certified: str = ""
    metadata: str = ""
    attestation: dict[str, Any] = field(default_factory=dict)
    signature: str = ""
    anchor: dict[str, Any] = field(default_factory=dict)

    @property
    def stage(self) -> str:
        """How far it has come: generated, certified or anchored."""
        if self.anchor:
            return "anchored"
        return "certified" if self.certified else "generated"

    @property
    def record(self) -> GenerationRecord:
        """The generation record."""
        return GenerationRecord.from_json(self.generation)

    @property
    def attested(self) -> Attestation:
        """The attestation.

        Raises:
            WrongUse: the work is not certified yet.
        """
        if not self.attestation:
            raise WrongUse(f"{self.title} is not certified yet", "medici certify FILE")
        return Attestation.from_json(self.attestation)

    @property
    def proof(self) -> tuple[Digest, tuple[Digest, ...]]:
        """Anchored root and Merkle path.

        Raises:
            WrongUse: the work is not anchored yet.
        """
        if not self.anchor:
            raise WrongUse(f"{self.title} is not anchored yet", "medici anchor")
        return Digest(self.anchor["root"]), tuple(Digest(d) for d in self.anchor["proof"])

    @property
    def certified_cid(self) -> Cid:
        """CID of the certified file."""
        return Cid(self.certified)

    @property
    def metadata_cid(self) -> Cid:
        """CID of the token's metadata."""
        return Cid(self.metadata)

    def with_(self, **changes: Any) -> Entry:
        """The same work with some fields changed."""
        return replace(self, **changes)


class Catalogue:
    """A folder of entries.

    Args:
        folder: made on the first write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, entry: Entry) -> Entry:
        """Write the entry, replacing what was known of this work."""
        data = {"schema": SCHEMA, **asdict(entry)}
        text = json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True)
        atomic_write(self.folder / f"{entry.id}.json", text.encode())
        return entry

    def get(self, work: str) -> Entry | None:
        """The entry of this work, None when it is not the firm's."""
        return self._known(WorkId(work))

    def find(self, text: str) -> Entry:
        """The one work whose id, or title, starts like this.

        Raises:
            WrongUse: none does, or several do.
        """
        wanted = text.removeprefix("0x").lower()
        if len(wanted) == 64 and (known := self._known(wanted)):
            return known
        found = [e for e in self if wanted and e.id.startswith(wanted)]
        found = found or [e for e in self if e.title.lower() == text.lower()]
        if len(found) != 1:
            what = "no work" if not found else f"{len(found)} works"
            raise WrongUse(f"{what} in the catalogue match {text!r}", "medici status lists them")
        return found[0]

    def _known(self, digest: str) -> Entry | None:
        path = self.folder / f"{digest}.json"
        return self._read(path) if digest.isalnum() and path.exists() else None

    def __iter__(self) -> Iterator[Entry]:
        paths = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        entries = [self._read(path) for path in paths]
        yield from sorted(entries, key=lambda e: (e.round, e.generation.get("created", ""), e.id))

    def _read(self, path: Path) -> Entry:
        try:
            data = json.loads(path.read_text("utf-8"))
            schema = data.pop("schema")
            if schema not in READ:
                raise StateFromOtherVersion(
                    f"{path} has schema {schema}, this version reads {' and '.join(READ)}",
                    "open the firm with the version that wrote it",
                )
            return Entry(**data | {"id": WorkId(data["id"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateFromOtherVersion(
                f"{path} cannot be read: {error}", "restore it from a backup, or remove it"
            ) from error

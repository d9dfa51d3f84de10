"""What a verifier may know of this firm: the chain's word, and the firm's own catalogue.

Implements `medici.provenance.register.Register`. With a firm at hand its catalogue helps to
recognise copies; without one the chain alone answers, and the verdict says what the trust rests on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING

from medici.provenance import prints
from medici.provenance.register import Anchored, Event, Kept, ModelEntry, Token

if TYPE_CHECKING:
    from medici.firm.catalogue import Catalogue
    from medici.ledger.reader import Reader
    from medici.provenance.fingerprint import Match
    from medici.provenance.prints import AnyQuery
    from medici.provenance.register import FirmIdentity
    from medici.records import Address, Digest, ModelId, WorkId


class ChainRegister:
    """A firm as a chain node and, where there is one, its catalogue know it.

    Args:
        identity: which firm is meant, and why it is believed.
        reader: of the chain its contracts stand on.
        catalogue: of the firm itself; None when only the chain is asked.
    """

    def __init__(
        self, identity: FirmIdentity, reader: Reader, catalogue: Catalogue | None = None
    ) -> None:
        self.firm = identity
        self._reader = reader
        self._catalogue = catalogue

    def model(self, model: ModelId) -> ModelEntry | None:
        """The registry's entry."""
        facts = self._reader.model(model)
        return None if facts is None else ModelEntry(**asdict(facts))

    def model_of_signer(self, signer: Address) -> ModelEntry | None:
        """The model for which an account signs."""
        model = self._reader.model_of_signer(signer)
        return None if model is None else self.model(model)

    def anchored(self, model: ModelId, root: Digest) -> Anchored | None:
        """When the model anchored the root."""
        time = self._reader.anchored_at(model, root)
        if time is None:
            return None
        return Anchored(time, self._reader.anchor_transaction(root))

    def token(self, work: WorkId) -> Token | None:
        """The minted work."""
        facts = self._reader.token(work)
        if facts is None:
            return None
        burnt = facts.owner is None
        return Token(facts.model, facts.owner, facts.minted_at, facts.metadata, burnt)

    def kept(self, work: WorkId) -> Kept | None:
        """What the firm's catalogue holds of it."""
        entry = self._catalogue.get(work) if self._catalogue else None
        if entry is None or not entry.attestation:
            return None
        root, proof = entry.proof if entry.anchor else (None, ())
        seen = prints.from_json(entry.fingerprint)
        return Kept(entry.attested, root, proof, seen, entry.record)

    def similar(self, asked: AnyQuery) -> list[Match]:
        """Works of the catalogue that the picture or the sound may come from."""
        return self._index.search(asked)

    def custody(self, work: WorkId) -> list[Event]:
        """Transfers, oldest first, without the mint."""
        from medici.provenance.record import rfc3339

        events = []
        for moved in self._reader.transfers(work):
            if moved.sender is None:
                continue
            at = rfc3339(dt.datetime.fromtimestamp(moved.time, dt.UTC))
            kind = "transferred" if moved.receiver else "burnt"
            events.append(Event(kind, at, moved.receiver or moved.sender, moved.transaction))
        return events

    def licences(self, work: WorkId) -> list[dict[str, str]]:
        """Licences sold on the work: none, since the licensing room is not built yet."""
        return []

    @cached_property
    def _index(self) -> prints.Index:
        if self._catalogue is None:
            return prints.Index()
        return prints.Index(
            (entry.id, prints.from_json(entry.fingerprint))
            for entry in self._catalogue
            if entry.fingerprint
        )

"""One file before one register: the evidence for a verdict, each piece weighed once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from medici.provenance import signing
from medici.provenance.anchor import leads_to
from medici.provenance.register import Event
from medici.provenance.verdict import Verdict

if TYPE_CHECKING:
    from medici.provenance.examine import Findings
    from medici.provenance.fingerprint import Match
    from medici.provenance.register import ModelEntry, Register, Token
    from medici.provenance.verdict import Answer, FoundBy, SignatureState
    from medici.records import Attestation, Digest, WorkId


@dataclass(frozen=True, slots=True)
class Standing:
    """Since when the chain has known a work.

    Attributes:
        model: the model whose word it is.
        anchored: block time of the anchor, 0 without.
        minted: block time of the mint, 0 without.
        tx: the anchoring transaction, if known.
        record: digest of the generation record the attestation names, if known.
    """

    model: ModelEntry | None
    anchored: int = 0
    minted: int = 0
    tx: str = ""
    record: Digest | None = None


class Case:
    """One file before one register: the evidence, each piece evaluated once."""

    def __init__(self, found: Findings, register: Register) -> None:
        self.found, self.register, self.firm = found, register, register.firm
        # Each of these may be a request to a node; one file asks the same thing several times.
        self.model = cache(register.model)
        self.token_of = cache(register.token)
        self.kept = cache(register.kept)
        self.notes: list[str] = []
        claim = found.claimed
        named = signing.parse_token(claim.token) if claim else None
        here = (self.firm.chain_id, self.firm.works)
        self.ours = named is not None and named[:2] == here
        self.claimed: WorkId | None = claim.record.content if claim else None
        self.entry = self.model(claim.record.model) if claim and self.ours else None
        self.signature = self._signature(named[2] if named else None)
        self.token = self.token_of(found.work)
        self.standing = self._known_since()
        self.expired = any(p.endswith(".expired") for p in found.problems)
        # Without a root at hand nobody's credentials can be told from a stranger's.
        self.foreign = bool(
            found.credentials == "untrusted" and self.firm.roots and not self.expired
        )
        if self.entry and found.credentials == "trusted":
            self.foreign = int(self.entry.certificate_key, 16) != 0 and (
                found.pinned != self.entry.certificate_key
            )

    def _signature(self, token: WorkId | None) -> SignatureState:
        claim = self.found.claimed
        named = signing.parse_token(claim.token) if claim else None
        if claim is None:
            return "missing"
        if named is None or token != claim.record.content:
            return "bad"
        record = claim.record
        who = signing.recover(
            signing.works_domain(named[0], named[1]),
            signing.Generation(record.content, record.digest, record.model),
            claim.signature,
        )
        if self.ours:
            return "ok" if self.entry is not None and who == self.entry.signer else "bad"
        return "ok" if who == claim.signer else "bad"

    def _known_since(self) -> Standing | None:
        """What the chain says of the file's very content; None when it knows nothing of it."""
        work, register, claimed = self.found.work, self.register, self.found.anchor
        held = self.kept(work)
        ways: list[tuple[Attestation, tuple[Digest, ...], Digest]] = []
        if claimed and (claimed.chain_id, claimed.anchors) == (
            self.firm.chain_id,
            self.firm.anchors,
        ):
            ways.append((claimed.attestation, claimed.proof, claimed.root))
        if held and held.root:
            ways.append((held.attestation, held.proof, held.root))
        for attestation, proof, root in ways:
            if attestation.work != work or not leads_to(attestation.leaf, proof, root):
                continue
            at = register.anchored(attestation.model, root)
            entry = self.model(attestation.model)
            if at and entry and entry.authorised_at(at.time):
                minted = self.token.minted_at if self.token else 0
                return Standing(entry, at.time, minted, at.tx, attestation.record)
        if self.token:
            return Standing(self.model(self.token.model), minted=self.token.minted_at)
        return None

    @cached_property
    def similar(self) -> list[Match]:
        """Works it resembles, surest first."""
        return self.register.similar(self.found.query)

    def like(self, work: WorkId | None = None) -> Match | None:
        """The work it comes from by its fingerprint, or how much it resembles a given one."""
        for match in self.similar:
            if match.derived and work in (None, match.work):
                return match
        return None

    def say(
        self,
        verdict: Answer,
        work: WorkId | None,
        found_by: FoundBy,
        *notes: str,
        distance: int | None = None,
    ) -> Verdict:
        """The verdict with all that is known of the work."""
        found, firm = self.found, self.firm
        standing = self.standing if work == found.work else None
        entry = standing.model if standing and standing.model else None
        if entry is None and work is not None and work == self.claimed:
            entry = self.entry
        token = self.token if work == found.work else self.token_of(work) if work else None
        if entry is None and token:
            entry = self.model(token.model)
        anchored = standing.anchored if standing else 0
        return Verdict(
            verdict=verdict,
            work=work,
            token=signing.token_uri(firm.chain_id, firm.works, work) if work else None,
            found_by=found_by,
            distance=distance,
            model=entry,
            signature=self.signature,
            credentials=found.credentials,
            anchored_at=block_time(anchored) if anchored else None,
            first_mint=None if token is None else not token.burnt,
            custody=self._custody(work, standing, token, entry),
            licences=tuple(self.register.licences(work)) if work else (),
            notes=(*self.notes, *notes, *self._basis()),
            medium=found.medium.name,
        )

    def _custody(
        self,
        work: WorkId | None,
        standing: Standing | None,
        token: Token | None,
        entry: ModelEntry | None,
    ) -> tuple[Event, ...]:
        if work is None:
            return ()
        events = []
        claim = self.found.claimed
        if claim and self.ours and self.signature == "ok" and work == self.claimed:
            events.append(Event("created", claim.record.created, claim.record.model))
        if standing and standing.anchored:
            by = entry.signer if entry else ""
            events.append(Event("anchored", block_time(standing.anchored), by, standing.tx))
        if token:
            events.append(Event("minted", block_time(token.minted_at)))
        return (*events, *self.register.custody(work))

    def _basis(self) -> list[str]:
        firm = self.firm
        said = []
        if firm.basis == "file":
            said.append(
                f"trust rests on contract {firm.works} of chain {firm.chain_id}, which only the "
                "file names: compare it with the one the firm publishes"
            )
        elif firm.basis == "bundle":
            said.append(f"checked offline against the firm's bundle of {firm.as_of}")
        if self.found.limits:
            said.append(self.found.limits)
        return said


def block_time(seconds: int) -> str:
    """A block's time, in Unix seconds, as RFC 3339."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Is this file authentic? The decision table of docs/spec/verification.md, row by row.

Nothing in the file is believed for itself: the register says who may sign, the chain says since
when a work exists, the pixels say which work it is. The file only says where to look.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from medici.provenance import signing
from medici.provenance.anchor import leads_to
from medici.provenance.examine import examine
from medici.provenance.register import Event
from medici.provenance.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from medici.provenance.examine import Findings
    from medici.provenance.fingerprint import Match
    from medici.provenance.register import ModelEntry, Register, Token
    from medici.provenance.verdict import Answer, FoundBy, Rerun, SignatureState
    from medici.records import Address, Attestation, Digest, GenerationRecord, WorkId


def verify(
    source: Path | bytes,
    register: Register | None,
    *,
    rerun: Callable[[GenerationRecord], NDArray[np.uint8]] | None = None,
) -> Verdict:
    """Examine an untrusted file and judge it.

    Args:
        source: path or bytes of the file.
        register: what is known of the firm; None when no firm is at hand and no node answers.
        rerun: makes a work again from its record: (h, w, 4) uint8 as it should stand in the file.

    Raises:
        UnreadableFile: it is no picture, or it broke the decoder's limits.
    """
    return judge(examine(source, register.firm.roots if register else ()), register, rerun=rerun)


def named_firm(found: Findings) -> tuple[int, Address] | None:
    """Chain id and `Works` contract that the file itself names; only where to ask, never proof."""
    token = signing.parse_token(found.claimed.token) if found.claimed else None
    return token[:2] if token else None


def judge(
    found: Findings,
    register: Register | None,
    *,
    rerun: Callable[[GenerationRecord], NDArray[np.uint8]] | None = None,
) -> Verdict:
    """The verdict on what was found in a file; arguments as for `verify`."""
    if register is None:
        return _without_register(found)
    case = _Case(found, register)
    verdict = _decide(case)
    if rerun is not None:
        verdict = _with_rerun(verdict, case, rerun)
    return verdict


@dataclass(frozen=True, slots=True)
class _Standing:
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


class _Case:
    """One file before one register: the evidence, each piece evaluated once."""

    def __init__(self, found: Findings, register: Register) -> None:
        self.found, self.register, self.firm = found, register, register.firm
        self.notes: list[str] = []
        claim = found.claimed
        named = signing.parse_token(claim.token) if claim else None
        here = (self.firm.chain_id, self.firm.works)
        self.ours = named is not None and named[:2] == here
        self.claimed: WorkId | None = claim.record.content if claim else None
        self.entry = register.model(claim.record.model) if claim and self.ours else None
        self.signature = self._signature(named[2] if named else None)
        self.token = register.token(found.work)
        self.standing = self._standing()
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

    def _standing(self) -> _Standing | None:
        """What the chain says of the file's very pixels; None when it knows nothing of them."""
        work, register, claimed = self.found.work, self.register, self.found.anchor
        held = register.kept(work)
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
            entry = register.model(attestation.model)
            if at and entry and entry.authorised_at(at.time):
                minted = self.token.minted_at if self.token else 0
                return _Standing(entry, at.time, minted, at.tx, attestation.record)
        if self.token:
            return _Standing(register.model(self.token.model), minted=self.token.minted_at)
        return None

    @cached_property
    def similar(self) -> list[Match]:
        """Works it resembles, surest first."""
        return self.register.similar(self.found.query)

    def like(self, work: WorkId | None = None) -> Match | None:
        """The work this picture comes from by its looks, or how much it looks like a given one."""
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
        token = self.token if work == found.work else self.register.token(work) if work else None
        if entry is None and token:
            entry = self.register.model(token.model)
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
            anchored_at=_rfc3339(anchored) if anchored else None,
            first_mint=None if token is None else not token.burnt,
            custody=self._custody(work, standing, token, entry),
            licences=tuple(self.register.licences(work)) if work else (),
            notes=(*self.notes, *notes, *self._basis()),
        )

    def _custody(
        self,
        work: WorkId | None,
        standing: _Standing | None,
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
            events.append(Event("anchored", _rfc3339(standing.anchored), by, standing.tx))
        if token:
            events.append(Event("minted", _rfc3339(token.minted_at)))
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


def _decide(case: _Case) -> Verdict:
    claim = case.found.claimed
    if claim and not case.ours:
        case.notes.append(f"the file names another firm's work, {claim.token}")
    if case.standing is not None:
        return _known_pixels(case, case.standing)
    if claim and case.ours:
        return _claimed(case)
    return _by_looks(case)


def _known_pixels(case: _Case, standing: _Standing) -> Verdict:
    """The chain knows these very pixels."""
    found, work = case.found, case.found.work
    state = found.credentials
    entry = standing.model
    if entry and entry.authorised_until:
        what = "revoked" if entry.state == "revoked" else "retired"
        case.notes.append(
            f"the model was {what} at {_rfc3339(entry.authorised_until)}, after this work stood "
            "on the chain"
        )
    if state == "tampered":
        return case.say(
            "altered", work, "content-digest", "the picture is unchanged, its credentials are not"
        )
    if found.own and found.claimed:
        if not case.ours:
            return case.say("forged", work, "content-digest", "it is this firm's work")
        if case.claimed != work or case.signature == "bad" or case.foreign:
            return case.say("forged", work, "content-digest", _why_forged(case))
        if standing.record not in (None, found.claimed.record.digest):
            return case.say(
                "forged",
                work,
                "content-digest",
                "the generation record in the file is not the one that was anchored",
            )
        if state == "trusted":
            return case.say("authentic", work, "credentials")
        why = (
            "its certificate has expired and it has no time-stamp"
            if case.expired
            else "no root certificate of the firm is at hand"
        )
        return case.say("authentic", work, "credentials", f"the credentials are not checked: {why}")
    if found.own:
        return case.say(
            "forged", work, "content-digest", "its credentials imitate the firm's and do not parse"
        )
    if found.display:
        return case.say(
            "derived",
            work,
            "content-digest",
            f"the stored pixels are the work's, but {' and '.join(found.display)}",
        )
    note = (
        "its Content Credentials are gone; the pixels alone prove it"
        if state == "missing"
        else "its Content Credentials are somebody else's and say nothing here"
    )
    return case.say("authentic", work, "content-digest", note)


def _claimed(case: _Case) -> Verdict:
    """The file claims to be a work of this firm; the chain does not know its pixels."""
    found, entry, work = case.found, case.entry, case.claimed
    same = work == found.work
    if found.credentials == "tampered" or not found.own:
        return _changed(case)
    if entry is None or entry.state == "proposed":
        return case.say(
            "forged", None, "none", "the model it names was never authorised by this firm"
        )
    if case.signature == "bad" or case.foreign:
        return case.say("forged", None, "none", _why_forged(case))
    if not same:
        if found.credentials == "trusted":
            return case.say("forged", None, "none", "the generation record is of another picture")
        return _changed(case)
    if entry.state != "authorised":
        return case.say(
            "revoked",
            work,
            "credentials",
            f"the model is {entry.state} since {_rfc3339(entry.authorised_until)}, and nothing on "
            "the chain shows that this work is older",
        )
    return case.say(
        "authentic",
        work,
        "credentials",
        "not anchored yet: the model vouches for it, no block dates it",
    )


def _changed(case: _Case) -> Verdict:
    """Credentials that no longer fit the file, or an edit that names a work as its source."""
    found, work = case.found, case.claimed
    if case.signature != "ok" or case.entry is None or work is None:
        match = case.like()
        if match:
            return case.say(
                "altered",
                match.work,
                "fingerprint",
                "its credentials were changed and prove nothing",
                distance=match.distance,
            )
        return case.say("forged", None, "none", _why_forged(case))
    if work == found.work:
        return case.say(
            "altered", work, "credentials", "the picture is unchanged, its credentials are not"
        )
    kept = case.register.kept(work)
    match = case.like(work)
    distance = match.distance if match else None
    if kept and kept.fingerprint and match is None:
        return case.say(
            "forged",
            None,
            "none",
            f"it carries the credentials of {work}, and does not look like it",
        )
    if found.credentials != "tampered":
        return case.say(
            "derived",
            work,
            "credentials",
            "somebody else's credentials name the work as the source of an edit",
            distance=distance,
        )
    note = "" if match else "how far it was changed cannot be told here"
    return case.say(
        "altered",
        work,
        "credentials",
        *filter(None, ["the picture is not the one its credentials were made for", note]),
        distance=distance,
    )


def _by_looks(case: _Case) -> Verdict:
    """Nothing of ours is claimed: is it a copy of something?"""
    found = case.found
    held = case.register.kept(found.work)
    if held:
        return case.say(
            "unknown",
            found.work,
            "content-digest",
            "the firm's own records hold this picture, and nothing on the chain proves it",
        )
    match = case.like()
    if match:
        what = ["re-encoded, resized or cropped"]
        if match.turned:
            what.append("turned or mirrored")
        if found.credentials == "missing":
            what.append("its credentials removed")
        tampered = found.credentials == "tampered"
        return case.say(
            "altered" if tampered else "derived",
            match.work,
            "fingerprint",
            f"the picture was changed: {', '.join(what)}",
            distance=match.distance,
        )
    near = case.similar[:1]
    notes = [
        f"it resembles {m.work} (distance {m.distance}), too little to say that it is a copy"
        for m in near
    ]
    if found.credentials == "tampered":
        notes.append("its Content Credentials are broken")
    if not near:
        notes.append(f"nothing of it is known to {case.firm.name}")
    return case.say("unknown", None, "none", *notes, distance=near[0].distance if near else None)


def _why_forged(case: _Case) -> str:
    if case.entry is None:
        return "the model it names is not this firm's"
    if case.signature == "bad":
        return "the signature is not the model's"
    if case.foreign:
        return "its credentials are not signed with the model's certificate"
    return "the generation record is of another picture"


def _without_register(found: Findings) -> Verdict:
    signature: SignatureState = "missing"
    notes = ["no firm is at hand and no node answers: nothing vouches for this file"]
    claim = found.claimed
    if claim:
        named = signing.parse_token(claim.token)
        record = claim.record
        who = named and signing.recover(
            signing.works_domain(named[0], named[1]),
            signing.Generation(record.content, record.digest, record.model),
            claim.signature,
        )
        signature = "ok" if who == claim.signer else "bad"
        notes.append(f"it names {claim.token}; ask a node of that chain, or give a firm's bundle")
    return Verdict(
        "unknown", signature=signature, credentials=found.credentials, notes=tuple(notes)
    )


def _with_rerun(
    verdict: Verdict,
    case: _Case,
    rerun: Callable[[GenerationRecord], NDArray[np.uint8]],
) -> Verdict:
    from medici.content import picture_digest

    claim = case.found.claimed
    record = claim.record if claim and case.ours and case.signature == "ok" else None
    if record is None and verdict.work is not None:
        kept = case.register.kept(verdict.work)
        record = kept.record if kept else None
    if record is None:
        note = "it cannot be made again: no generation record is at hand"
        return replace(verdict, notes=(*verdict.notes, note))
    outcome: Rerun = (
        "identical" if picture_digest(rerun(record)) == case.found.work else "different"
    )
    if outcome == "different" and verdict.verdict == "authentic":
        note = "making it again from its record gives another picture: the record is not true"
        return replace(verdict, verdict="forged", rerun=outcome, notes=(*verdict.notes, note))
    return replace(verdict, rerun=outcome)


def _rfc3339(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

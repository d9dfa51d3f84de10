"""Is this file authentic? The decision table of docs/spec/verification.md, row by row.

Nothing in the file is believed for itself: the register says who may sign, the chain says since
when a work exists, the content says which work it is. The file only says where to look.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medici.provenance import signing
from medici.provenance.case import Case, block_time
from medici.provenance.examine import examine
from medici.provenance.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from medici.provenance.case import Standing
    from medici.provenance.examine import Findings
    from medici.provenance.register import Register
    from medici.provenance.verdict import Rerun, SignatureState
    from medici.records import Address, GenerationRecord, WorkId


def verify(
    source: Path | bytes,
    register: Register | None,
    *,
    rerun: Callable[[GenerationRecord], WorkId] | None = None,
) -> Verdict:
    """Examine an untrusted file and judge it.

    Args:
        source: path or bytes of the file.
        register: what is known of the firm; None when no firm is at hand and no node answers.
        rerun: makes a work again from its record, and gives the digest of what came out.

    Raises:
        UnreadableFile: it is no picture or sound, or it broke the decoder's limits.
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
    rerun: Callable[[GenerationRecord], WorkId] | None = None,
) -> Verdict:
    """The verdict on what was found in a file; arguments as for `verify`."""
    if register is None:
        return _without_register(found)
    case = Case(found, register)
    verdict = _decide(case)
    if rerun is not None:
        verdict = _with_rerun(verdict, case, rerun)
    return verdict


def _decide(case: Case) -> Verdict:
    claim = case.found.claimed
    if claim and not case.ours:
        case.notes.append(f"the file names another firm's work, {claim.token}")
    if case.standing is not None:
        return _known_content(case, case.standing)
    if claim and case.ours:
        return _claimed(case)
    return _by_likeness(case)


def _known_content(case: Case, standing: Standing) -> Verdict:
    """The chain knows these very pixels or samples."""
    found, work = case.found, case.found.work
    state = found.credentials
    entry = standing.model
    if entry and entry.authorised_until:
        what = "revoked" if entry.state == "revoked" else "retired"
        case.notes.append(
            f"the model was {what} at {block_time(entry.authorised_until)}, after this work stood "
            "on the chain"
        )
    if state == "tampered":
        return case.say(
            "altered",
            work,
            "content-digest",
            f"the {found.medium.name} is unchanged, its credentials are not",
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
    if found.own and state != "trusted":
        return case.say(
            "forged", work, "content-digest", "its credentials imitate the firm's and do not parse"
        )
    if found.display:
        return case.say(
            "derived",
            work,
            "content-digest",
            f"the stored {found.medium.stuff} are the work's, but {' and '.join(found.display)}",
        )
    note = {
        "missing": f"its Content Credentials are gone; the {found.medium.stuff} alone prove it",
        "trusted": "its Content Credentials are the firm's, in a form this version cannot read",
    }.get(state, "its Content Credentials are somebody else's and say nothing here")
    return case.say("authentic", work, "content-digest", note)


def _claimed(case: Case) -> Verdict:
    """The file claims to be a work of this firm; the chain does not know its content."""
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
            return case.say("forged", None, "none", _of_another(case))
        return _changed(case)
    if entry.state != "authorised":
        return case.say(
            "revoked",
            work,
            "credentials",
            f"the model is {entry.state} since {block_time(entry.authorised_until)}, and nothing "
            "on the chain shows that this work is older",
        )
    return case.say(
        "authentic",
        work,
        "credentials",
        "not anchored yet: the model vouches for it, no block dates it",
    )


def _changed(case: Case) -> Verdict:
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
            "altered",
            work,
            "credentials",
            f"the {found.medium.name} is unchanged, its credentials are not",
        )
    kept = case.kept(work)
    match = case.like(work)
    distance = match.distance if match else None
    # A sound may be too short to be compared.
    if kept and kept.fingerprint and found.query and match is None:
        return case.say(
            "forged",
            None,
            "none",
            f"it carries the credentials of {work}, and does not {found.medium.likeness} like it",
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
        f"the {found.medium.name} is not the one its credentials were made for",
        *filter(None, [note]),
        distance=distance,
    )


def _by_likeness(case: Case) -> Verdict:
    """Nothing of ours is claimed: is it a copy of something?"""
    found = case.found
    held = case.kept(found.work)
    if held:
        return case.say(
            "unknown",
            found.work,
            "content-digest",
            f"the firm's own records hold this {found.medium.name}, and nothing on the chain "
            "proves it",
        )
    match = case.like()
    if match:
        what = [found.medium.changes]
        if match.turned:
            what.append("turned or mirrored")
        if found.credentials == "missing":
            what.append("its credentials removed")
        tampered = found.credentials == "tampered"
        return case.say(
            "altered" if tampered else "derived",
            match.work,
            "fingerprint",
            f"the {found.medium.name} was changed: {', '.join(what)}",
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


def _why_forged(case: Case) -> str:
    if case.entry is None:
        return "the model it names is not this firm's"
    if case.signature == "bad":
        return "the signature is not the model's"
    if case.foreign:
        return "its credentials are not signed with the model's certificate"
    return _of_another(case)


def _of_another(case: Case) -> str:
    return f"the generation record is of another {case.found.medium.name}"


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
        "unknown",
        signature=signature,
        credentials=found.credentials,
        notes=tuple(notes),
        medium=found.medium.name,
    )


def _with_rerun(
    verdict: Verdict,
    case: Case,
    rerun: Callable[[GenerationRecord], WorkId],
) -> Verdict:
    claim = case.found.claimed
    record = claim.record if claim and case.ours and case.signature == "ok" else None
    if record is None and verdict.work is not None:
        kept = case.kept(verdict.work)
        record = kept.record if kept else None
    if record is None:
        note = "it cannot be made again: no generation record is at hand"
        return replace(verdict, notes=(*verdict.notes, note))
    outcome: Rerun = "identical" if rerun(record) == case.found.work else "different"
    if outcome == "different" and verdict.verdict == "authentic":
        what = case.found.medium.name
        note = f"making it again from its record gives another {what}: the record is not true"
        return replace(verdict, verdict="forged", rerun=outcome, notes=(*verdict.notes, note))
    return replace(verdict, rerun=outcome)

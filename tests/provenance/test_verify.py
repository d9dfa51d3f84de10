"""The decision table of docs/spec/verification.md, row by row, and attacks on its seams."""

from __future__ import annotations

import datetime as dt
import io
import json
import time
from dataclasses import replace

import c2pa
import numpy as np
import pytest
from PIL import Image
from tests.provenance.world import (
    CHAIN,
    NOW,
    T0,
    Key,
    art,
    chunks,
    encoded,
    png_of,
    repainted,
    transplanted,
)

from medici.content import picture_digest
from medici.errors import UnreadableFile
from medici.provenance import authority, signing
from medici.provenance.examine import examine, examine_here
from medici.provenance.verify import judge, named_firm, verify

ROWS = {}


def row(name, verdict, found_by, **expected):
    """A row of the table: a function of (firm, stranger) that gives a file and a register."""

    def add(make):
        ROWS[name] = (make, {"verdict": verdict, "found_by": found_by} | expected)
        return make

    return add


def plain(firm, number=0):
    return encoded(firm.made[number].pixels, "PNG")


@row(
    "anchored",
    "authentic",
    "credentials",
    credentials="trusted",
    signature="ok",
    anchored_at="2023-11-14T22:15:00Z",
)
def _(firm, stranger):
    return firm.files[1], firm.register


@row("minted", "authentic", "credentials", first_mint=True, credentials="trusted")
def _(firm, stranger):
    return firm.files[0], firm.register


@row("anchored, before its proof was written in", "authentic", "credentials", signature="ok")
def _(firm, stranger):
    return firm.made[1].file, firm.register


@row("certified only", "authentic", "credentials", anchored_at=None, first_mint=None)
def _(firm, stranger):
    return firm.make(50).file, firm.register


@row("proof of a root the chain does not know", "authentic", "credentials", anchored_at=None)
def _(firm, stranger):
    return firm.files[1], replace(firm.register, anchors={})


@row("stripped, anchored", "authentic", "content-digest", credentials="missing")
def _(firm, stranger):
    return plain(firm, 1), firm.register


@row("stripped, lossless WebP", "authentic", "content-digest", credentials="missing")
def _(firm, stranger):
    out = io.BytesIO()
    Image.fromarray(firm.made[1].pixels).save(out, "WEBP", lossless=True, exact=True)
    return out.getvalue(), firm.register


@row("stripped, minted without an anchor", "authentic", "content-digest", first_mint=True)
def _(firm, stranger):
    return plain(firm, 0), replace(firm.register, anchors={})


@row("stripped, minted and burnt", "authentic", "content-digest", first_mint=False)
def _(firm, stranger):
    work = firm.made[0].attestation.work
    held = firm.works[work]
    works = firm.works | {work: replace(held, token=replace(held.token, owner=None, burnt=True))}
    return plain(firm, 0), replace(firm.register, works=works)


@row("stripped, certified, never anchored", "unknown", "content-digest", credentials="missing")
def _(firm, stranger):
    return plain(firm, 1), replace(firm.register, anchors={})


@row("JPEG", "derived", "fingerprint", credentials="missing", signature="missing")
def _(firm, stranger):
    return encoded(firm.made[2].pixels, "JPEG", quality=50), firm.register


@row("half size, WebP", "derived", "fingerprint")
def _(firm, stranger):
    image = Image.fromarray(firm.made[2].pixels).resize((256, 256))
    return encoded(np.asarray(image), "WEBP", quality=50), firm.register


@row("turned and re-encoded", "derived", "fingerprint")
def _(firm, stranger):
    return encoded(np.rot90(firm.made[2].pixels), "JPEG", quality=70), firm.register


@row("painted over, credentials kept", "altered", "credentials", credentials="tampered")
def _(firm, stranger):
    return repainted(firm.files[3]), firm.register


@row("painted over, not anchored", "altered", "credentials", signature="ok")
def _(firm, stranger):
    made = firm.make(51)
    firm_knows = replace(firm.register, works=dict(firm.works))
    return repainted(made.file), firm_knows


@row("a byte of the record changed", "altered", "content-digest", credentials="tampered")
def _(firm, stranger):
    return firm.files[3].replace(b'"seed":3', b'"seed":4'), firm.register


@row("a byte of the signature changed", "altered", "content-digest", credentials="tampered")
def _(firm, stranger):
    signature = firm.made[3].said.signature.hex().encode()
    swapped = signature[:10] + (b"0" if signature[10:11] != b"0" else b"1") + signature[11:]
    return firm.files[3].replace(signature, swapped), firm.register


@row("credentials moved onto a stranger's picture", "forged", "none", credentials="tampered")
def _(firm, stranger):
    return transplanted(firm.files[3], encoded(art(999), "PNG")), firm.register


@row("credentials moved onto another of our works", "altered", "content-digest")
def _(firm, stranger):
    return transplanted(firm.files[3], plain(firm, 4)), firm.register


@row("foreign authority, our claims", "forged", "content-digest", credentials="untrusted")
def _(firm, stranger):
    copied = firm.make(1, identity=stranger.identity)
    return copied.file, firm.register


@row("foreign authority, our claims, not anchored", "forged", "none", credentials="untrusted")
def _(firm, stranger):
    return firm.make(52, identity=stranger.identity).file, firm.register


@row("foreign authority, key of nobody", "forged", "none", signature="bad")
def _(firm, stranger):
    return firm.make(53, identity=stranger.identity, key=Key(77)).file, firm.register


@row("our authority, another model's certificate", "forged", "none", credentials="trusted")
def _(firm, stranger):
    other = authority.issue_model(firm.root, "another", Key(5).address, CHAIN, NOW)
    return firm.make(54, identity=other).file, firm.register


@row("our certificate, key of nobody", "forged", "none", signature="bad", credentials="trusted")
def _(firm, stranger):
    return firm.make(55, key=Key(77)).file, firm.register


@row("record changed after signing, certified again", "forged", "none", signature="bad")
def _(firm, stranger):
    return firm.make(56, edit=lambda r: replace(r, seed=1)).file, firm.register


@row("another record than the anchored one", "forged", "content-digest", signature="ok")
def _(firm, stranger):
    # The same pixels, honestly signed with another seed in the record.
    return firm.make(9000, pixels=firm.made[1].pixels).file, firm.register


@row("model proposed, never authorised", "forged", "none")
def _(firm, stranger):
    return firm.make(57).file, firm.with_model(state="proposed", authorised_from=0)


@row("model unknown to the registry", "forged", "none", signature="bad")
def _(firm, stranger):
    return firm.make(58).file, replace(firm.register, models=())


@row("model revoked, never anchored", "revoked", "credentials", signature="ok")
def _(firm, stranger):
    return firm.make(59).file, firm.with_model(state="revoked", authorised_until=T0 + 500)


@row("model retired, never anchored", "revoked", "credentials")
def _(firm, stranger):
    return firm.make(60).file, firm.with_model(state="retired", authorised_until=T0 + 500)


@row("model revoked after the anchor", "authentic", "credentials")
def _(firm, stranger):
    return firm.files[1], firm.with_model(state="revoked", authorised_until=T0 + 101)


@row("model revoked in the second of the anchor", "revoked", "credentials", anchored_at=None)
def _(firm, stranger):
    return firm.files[1], firm.with_model(state="revoked", authorised_until=T0 + 100)


@row("anchored before the model was authorised", "authentic", "credentials", anchored_at=None)
def _(firm, stranger):
    return firm.files[1], firm.with_model(authorised_from=T0 + 101)


@row("a stranger's picture", "unknown", "none", work=None, credentials="missing")
def _(firm, stranger):
    return encoded(art(999), "PNG"), firm.register


@row("another firm's honest work", "unknown", "none", credentials="untrusted", signature="ok")
def _(firm, stranger):
    return stranger.files[0], firm.register


@row("our pixels, another firm's claim", "forged", "content-digest", credentials="untrusted")
def _(firm, stranger):
    return stranger.make(70, pixels=firm.made[1].pixels).file, firm.register


@row("our pixels in a stranger's plain credentials", "authentic", "content-digest")
def _(firm, stranger):
    return foreign(plain(firm, 1), stranger), firm.register


@row("a stranger's edit that names our work", "derived", "credentials", credentials="untrusted")
def _(firm, stranger):
    pixels = firm.made[1].pixels.copy()
    pixels[:64, :64] = 255
    return foreign(encoded(pixels, "PNG"), stranger, parent=firm.files[1]), firm.register


@row("credentials that imitate ours and do not parse", "forged", "content-digest")
def _(firm, stranger):
    broken = ("medici.generation", {"schema": "medici/credentials/1", "record": "{}"})
    return foreign(plain(firm, 1), stranger, assertion=broken), firm.register


@row("our own credentials in a later form", "authentic", "content-digest", credentials="trusted")
def _(firm, stranger):
    later = ("medici.generation", {"schema": "medici/credentials/2"})
    return foreign(plain(firm, 1), firm, assertion=later), firm.register


@row("first frame of an animation", "derived", "content-digest")
def _(firm, stranger):
    out = io.BytesIO()
    frames = [Image.fromarray(p) for p in (firm.made[1].pixels, art(999))]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue(), firm.register


@row("pixels of ours, turned by EXIF", "derived", "content-digest")
def _(firm, stranger):
    exif = Image.Exif()
    exif[0x0112] = 3
    return encoded(firm.made[1].pixels, "PNG", exif=exif), firm.register


@row("pixels of ours under another gamma", "derived", "content-digest")
def _(firm, stranger):
    parts = chunks(plain(firm, 1))
    gamma = (b"gAMA", (200_000).to_bytes(4, "big"))
    return png_of([parts[0], gamma, *parts[1:]]), firm.register


@row("no root at hand, the file names the contract", "authentic", "credentials")
def _(firm, stranger):
    return firm.files[1], firm.with_firm(roots=(), basis="file")


@row("no root at hand, key of nobody", "forged", "none", signature="bad")
def _(firm, stranger):
    return firm.make(61, key=Key(77)).file, firm.with_firm(roots=(), basis="file")


def foreign(png, stranger, parent=None, assertion=None):
    """The PNG with a stranger's ordinary credentials, as an editor writes them."""
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
    action = {"action": "c2pa.created", "digitalSourceType": source}
    if parent:
        action = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["source"]}}
    definition = {
        "claim_generator_info": [{"name": "editor", "version": "1"}],
        "format": "image/png",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    if assertion:
        definition["assertions"].append({"label": assertion[0], "data": assertion[1]})
    settings = {"builder": {"thumbnail": {"enabled": False}}}
    builder = c2pa.Builder.from_json(json.dumps(definition), c2pa.Context.from_dict(settings))
    if parent:
        source = {"relationship": "parentOf", "label": "source", "instance_id": "source"}
        builder.add_ingredient(json.dumps(source), "image/png", io.BytesIO(parent))
    identity = stranger.identity
    info = c2pa.C2paSignerInfo("es256", identity.pem.encode(), identity.key_pem.encode(), None)
    out = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), "image/png", io.BytesIO(png), out)
    return out.getvalue()


@pytest.mark.parametrize("name", ROWS)
def test_decision_table(name, firm, stranger):
    make, expected = ROWS[name]
    file, register = make(firm, stranger)
    answer = judge(examine_here(file, register.firm.roots), register).as_json()
    assert {key: answer[key] for key in expected} == expected, answer["notes"]
    assert json.loads(json.dumps(answer)) == answer
    if expected["verdict"] != "authentic":
        assert answer["notes"], "a no is always explained"


def test_the_answer_has_the_promised_keys(firm):
    answer = verify(firm.files[0], firm.register).as_json()
    assert list(answer) == [
        "verdict", "medium", "work", "token", "found_by", "distance", "model", "signature",
        "credentials",
        "anchored_at", "first_mint", "rerun", "custody", "licences", "notes",
    ]  # fmt: skip
    assert list(answer["model"]) == [
        "id", "authorised", "weights_sha256", "data_root", "bias_report",
    ]  # fmt: skip
    assert [event["event"] for event in answer["custody"]] == ["created", "anchored", "minted"]
    assert answer["token"] == signing.token_uri(CHAIN, firm.contracts[0], answer["work"])
    assert answer["rerun"] == "not asked"


def test_a_derived_file_tells_what_it_comes_from_and_how_far(firm):
    answer = verify(encoded(firm.made[2].pixels, "JPEG", quality=50), firm.register)
    assert answer.work == firm.made[2].attestation.work
    assert answer.distance <= 31


def test_a_file_alone_proves_nothing_without_a_register(firm):
    answer = verify(firm.files[0], None)
    assert (answer.verdict, answer.signature, answer.credentials) == (
        "unknown", "ok", "untrusted",
    )  # fmt: skip
    assert verify(plain(firm), None).verdict == "unknown"


def test_who_to_ask_is_read_from_the_file(firm):
    assert named_firm(examine(firm.files[0])) == (CHAIN, firm.contracts[0])
    assert named_firm(examine(plain(firm))) is None


def test_a_trust_that_rests_on_the_file_alone_says_so(firm):
    answer = verify(firm.files[1], firm.with_firm(roots=(), basis="file"))
    assert any(str(firm.contracts[0]) in note for note in answer.notes)


def test_an_expired_certificate_without_time_stamp_loses_trust_not_authenticity(firm):
    almost = dt.timedelta(days=365 * authority.LEAF_YEARS) - dt.timedelta(seconds=6)
    brief = authority.issue_model(
        firm.root, "p", firm.key.address, CHAIN, dt.datetime.now(dt.UTC) - almost
    )
    made = firm.make(1, identity=brief, stamps=False)
    kept = firm.make(1, identity=brief, stamps=True)
    register = firm.with_model(certificate_key=brief.key_digest)
    left = brief.certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)
    time.sleep(max(left.total_seconds(), 0) + 1)
    lost, held = verify(made.file, register), verify(kept.file, register)
    assert (held.verdict, held.credentials) == ("authentic", "trusted")
    assert (lost.verdict, lost.credentials) == ("authentic", "untrusted")
    assert any("expired" in note for note in lost.notes)


def test_making_it_again(firm):
    same = verify(firm.files[1], firm.register, rerun=lambda record: record.content)
    other = verify(firm.files[1], firm.register, rerun=lambda record: picture_digest(art(1234)))
    bare = verify(
        plain(firm, 1),
        firm.register,
        rerun=lambda record: picture_digest(art(record.seed + 10_000)),
    )
    strange = verify(encoded(art(999), "PNG"), firm.register, rerun=lambda record: record.content)
    assert (same.verdict, same.rerun) == ("authentic", "identical")
    assert (other.verdict, other.rerun) == ("forged", "different")
    assert (bare.verdict, bare.rerun) == ("authentic", "identical")
    assert (strange.verdict, strange.rerun) == ("unknown", "not asked")


def test_flipping_any_byte_never_makes_another_truth(firm):
    """Wherever a byte is flipped, the answer is authentic for the same work, or no."""
    rng = np.random.default_rng(5)
    file, work = firm.files[5], firm.made[5].attestation.work
    seen = set()
    for at in rng.integers(8, len(file), 40):
        changed = bytearray(file)
        changed[at] ^= 1 << int(rng.integers(8))
        try:
            found = examine_here(bytes(changed), firm.firm.roots)
        except UnreadableFile:
            seen.add("unreadable")
            continue
        answer = judge(found, firm.register)
        seen.add(answer.verdict)
        if answer.verdict == "authentic":
            assert answer.work == found.work == work
    assert "altered" in seen


def test_a_register_of_one_firm_never_answers_for_anothers_token(firm, stranger):
    """A stranger's register, fed our file, does not call it its own."""
    answer = verify(firm.files[0], stranger.register)
    assert answer.verdict == "unknown"
    assert (answer.work, answer.token) == (None, None)

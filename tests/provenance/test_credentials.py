"""Content Credentials, and a second opinion: an independent reader must agree on every file."""

from __future__ import annotations

import datetime as dt

import encypher_c2pa
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.provenance.world import (
    CHAIN,
    NOW,
    art,
    encoded,
    pixels_of,
    repainted,
    transplanted,
)

from medici.content import encode_png
from medici.errors import UnreadableFile, WrongUse
from medici.provenance import authority, credentials
from medici.provenance.claims import AnchorClaim, GenerationClaim
from medici.records import GenerationRecord


def second_opinion(file, root, at=None):
    return encypher_c2pa.verify(
        file,
        "image/png",
        telemetry=False,
        online=False,
        no_default_trust=True,
        trust_pem=root,
        tsa_trust_pem=root,
        validation_time=at,
    )


def read(file, world):
    return credentials.read(file, "image/png", [world.root.root_pem])


def test_the_picture_in_the_file_is_the_picture_that_was_made(firm):
    for made, file in zip(firm.made, firm.files, strict=True):
        assert np.array_equal(pixels_of(made.file), made.pixels)
        assert np.array_equal(pixels_of(file), made.pixels)


def test_a_plain_png_depends_on_the_pixels_alone():
    first, again, other = (encode_png(art(seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_what_was_claimed_is_read_back(firm):
    found = read(firm.files[2], firm)
    assert (found.state, found.own, found.problems) == ("trusted", True, ())
    assert found.generation == firm.made[2].said
    assert found.anchor.attestation == firm.made[2].attestation
    assert found.pinned == firm.identity.key_digest


def test_credentials_take_little_room(firm):
    made, file = firm.made[2], firm.files[2]
    plain = len(encode_png(made.pixels))
    assert len(made.file) - plain < 17_000
    assert len(file) - len(made.file) < 18_000
    bare = firm.make(40, stamps=False)
    assert len(bare.file) - len(encode_png(bare.pixels)) < 6_500


@pytest.mark.parametrize(
    ("file", "ours", "theirs"),
    [
        (lambda firm, stranger: firm.made[1].file, "trusted", "Trusted"),
        (lambda firm, stranger: firm.files[1], "trusted", "Trusted"),
        (lambda firm, stranger: stranger.files[0], "untrusted", "Valid"),
        (lambda firm, stranger: repainted(firm.made[1].file), "tampered", "Invalid"),
        (lambda firm, stranger: repainted(firm.files[1]), "tampered", "Invalid"),
        (
            lambda firm, stranger: transplanted(firm.files[1], encoded(art(5), "PNG")),
            "tampered",
            "Invalid",
        ),
        (
            lambda firm, stranger: firm.files[1].replace(b'"seed":1', b'"seed":2'),
            "tampered",
            "Invalid",
        ),
        (lambda firm, stranger: encoded(firm.made[1].pixels, "PNG"), "missing", None),
    ],
)
def test_an_independent_reader_agrees(file, ours, theirs, firm, stranger):
    file = file(firm, stranger)
    assert read(file, firm).state == ours
    opinion = second_opinion(file, firm.root.root_pem)
    assert opinion["present"] is (theirs is not None)
    if theirs:
        assert opinion["validation_state"] == theirs


def test_an_independent_reader_trusts_a_time_stamped_file_after_its_certificate_expired(firm):
    later = (NOW + dt.timedelta(days=365 * (authority.LEAF_YEARS + 1))).isoformat()
    made = firm.make(1, stamps=False)
    stamped = second_opinion(firm.files[1], firm.root.root_pem, later)
    bare = second_opinion(made.file, firm.root.root_pem, later)
    assert stamped["validation_state"] == "Trusted"
    assert bare["validation_state"] != "Trusted"


def test_only_the_firms_own_intact_file_is_anchored(firm, stranger):
    made, notary = firm.made[3], firm.notary()
    held = read(firm.files[3], firm).anchor
    for file in (
        stranger.made[0].file,
        repainted(made.file),
        encoded(made.pixels, "PNG"),
        firm.made[4].file,
    ):
        with pytest.raises(WrongUse):
            notary.add_anchor(file, held)


def test_a_claim_is_certified_with_the_certificate_that_it_names(firm):
    other = authority.issue_model(firm.root, "m", firm.key.address, CHAIN, NOW)
    said = firm.made[0].said
    with pytest.raises(WrongUse):
        firm.notary(other).certify(encode_png(firm.made[0].pixels), said, firm.record)


values = st.one_of(
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.lists(st.integers(0, 255), max_size=4),
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    style=st.dictionaries(st.text(min_size=1, max_size=12), values, max_size=5),
    seed=st.integers(0, 2**53 - 1),
)
def test_any_style_survives_the_way_through_the_file(style, seed, firm):
    """C2PA's binary form turns arrays of small numbers into bytes: the record must not notice."""
    made = firm.make(1, stamps=False, pixels=SMALL, edit=lambda r: _with(r, style, seed))
    found = read(made.file, firm).generation
    assert found is not None
    assert found.record.digest == made.said.record.digest
    assert found.record.style == made.said.record.style


SMALL = art(1, scale=1)


def _with(record, style, seed):
    data = record.as_json() | {"style": style, "seed": seed}
    return GenerationRecord.from_json(data)


def test_claims_that_do_not_parse_are_no_claims(firm):
    said = firm.made[0].said.as_json()
    for damage in (
        {"schema": "medici/credentials/2"},
        {"record": "{}"},
        {"record": "["},
        {"record_sha256": "0" * 64},
        {"signature": "zz"},
        {"signer": "0x1"},
        {"certificate": "?"},
        {"token": None, "signer": None},
    ):
        with pytest.raises(UnreadableFile):
            GenerationClaim.from_json(said | damage)
    anchor = read(firm.files[0], firm).anchor.as_json()
    for damage in (
        {"schema": ""},
        {"attestation": "{}"},
        {"proof": ["0" * 64] * 65},
        {"proof": [1]},
        {"root": "x"},
        {"anchors": "0x"},
        {"time": "noon"},
    ):
        with pytest.raises(UnreadableFile):
            AnchorClaim.from_json(anchor | damage)

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.provenance.world import encoded

from medici.errors import UnreadableFile
from medici.provenance.bundle import Bundle
from medici.provenance.register import Event
from medici.provenance.verify import verify


@pytest.fixture(scope="module")
def exported(firm):
    work = firm.made[0].attestation.work
    held = replace(firm.works[work], custody=(Event("transferred", "2026-01-01T00:00:00Z", "0x1"),))
    whole = replace(
        firm.register,
        firm=replace(firm.firm, as_of="2026-11-23T12:00:00Z", basis="bundle"),
        works=firm.works | {work: held},
    )
    return whole, whole.export(firm.artist)


def test_a_bundle_is_read_as_it_was_written(exported, firm):
    whole, text = exported
    again = Bundle.load(text, firm.artist.address)
    assert again == whole
    assert again.export(firm.artist) == text


def test_files_verify_offline_against_it(exported, firm):
    bundle = Bundle.load(exported[1])
    anchored = verify(firm.files[0], bundle)
    copy = verify(encoded(firm.made[2].pixels, "JPEG", quality=60), bundle)
    assert (anchored.verdict, anchored.credentials) == ("authentic", "trusted")
    assert [e.event for e in anchored.custody] == ["created", "anchored", "minted", "transferred"]
    assert (copy.verdict, copy.work) == ("derived", firm.made[2].attestation.work)
    assert any("2026-11-23" in note for note in anchored.notes)


def test_a_changed_bundle_is_refused(exported):
    data = json.loads(exported[1])
    changes = [
        lambda d: d["models"][0].update(state="revoked"),
        lambda d: d["models"].pop(),
        lambda d: d["anchors"][0].update(time=1),
        lambda d: d["works"].pop(),
        lambda d: d["firm"].update(works="0x" + "9" * 40),
        lambda d: d["firm"]["roots"].append("x"),
        lambda d: d.update(signer="0x" + "9" * 40),
        lambda d: d.update(signature="0x" + "11" * 65),
        lambda d: d.update(extra=1),
    ]
    for change in changes:
        damaged = json.loads(json.dumps(data))
        change(damaged)
        with pytest.raises(UnreadableFile):
            Bundle.load(json.dumps(damaged).encode())


def test_a_bundle_by_somebody_else_is_refused_when_the_signer_is_known(exported, firm, stranger):
    with pytest.raises(UnreadableFile, match="signature"):
        Bundle.load(exported[0].export(stranger.artist), firm.artist.address)


@pytest.mark.parametrize("junk", [b"", b"[]", b"{}", b"\xff", b'{"schema":"medici/bundle/9"}'])
def test_what_is_no_bundle_is_refused(junk):
    with pytest.raises(UnreadableFile):
        Bundle.load(junk)


def test_a_bundle_of_the_first_schema_is_read(firm, monkeypatch):
    """It is what this version writes of pictures, under another name."""
    monkeypatch.setattr("medici.provenance.bundle.SCHEMA", "medici/bundle/1")
    old = firm.register.export(firm.artist)
    monkeypatch.undo()
    assert b'"schema":"medici/bundle/1"' in old
    assert Bundle.load(old, firm.artist.address).works == firm.register.works

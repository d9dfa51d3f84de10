from __future__ import annotations

import json
from dataclasses import replace

from medici.provenance.metadata import token_metadata
from medici.records import Cid, Digest, canonical_json


def made(firm, **changes):
    said = firm.made[0].said
    arguments = {"name": "Work", "description": "A picture.", "token": said.token} | changes
    record = arguments.pop("record", said.record)
    return token_metadata(record, firm.record, Cid.of_raw(firm.files[0]), **arguments)


def test_the_bytes_are_canonical_and_the_same_every_time(firm):
    data = made(firm)
    assert data == made(firm) == canonical_json(json.loads(data))
    assert data != made(firm, name="Other")


def test_what_market_places_read_is_there(firm):
    data = json.loads(made(firm))
    assert set(data) == {"name", "description", "image", "attributes", "properties"}
    assert data["image"].startswith("ipfs://b")
    traits = {a["trait_type"]: a["value"] for a in data["attributes"]}
    assert traits["Model"] == "portraits"
    assert traits["Truncation"] == 0.7
    assert all(isinstance(v, str | int | float) for v in traits.values())


def test_the_record_can_be_recomputed_from_it(firm):
    said = firm.made[0].said.record
    properties = json.loads(made(firm))["properties"]
    assert Digest.of(canonical_json(properties["record"])) == said.digest
    assert properties["record_sha256"] == said.digest
    assert properties["content_digest"] == said.content


def test_nested_style_stands_in_the_record_only(firm):
    record = replace(firm.made[0].said.record, style={"palette": ["#fff"], "dark": True})
    data = json.loads(made(firm, record=record))
    traits = {a["trait_type"]: a["value"] for a in data["attributes"]}
    assert traits["Dark"] == "true"
    assert "Palette" not in traits
    assert data["properties"]["record"]["style"]["palette"] == ["#fff"]


def test_a_sound_has_a_picture_to_show_and_a_file_to_play(firm):
    data = json.loads(made(firm, animation=Cid.of_raw(b"sound")))
    assert data["animation_url"] == Cid.of_raw(b"sound").uri
    assert data["image"] == Cid.of_raw(firm.files[0]).uri

"""The description for search engines: complete JSON-LD, whatever the form of the set."""

from __future__ import annotations

import hashlib
import json

import pytest

from medici.studio.data.build import Credits, Plan, build
from medici.studio.data.picture import Reading


@pytest.mark.parametrize("shards", [False, True])
def test_a_built_set_describes_itself(paintings, tmp_path, shards):
    plan = Plan(Reading(32), Credits("MIT", "Ann"), title="Lights", shards=shards)
    told = build([str(paintings)], tmp_path / "set", plan)
    said = json.loads((tmp_path / "set" / "croissant.json").read_text())
    assert (said["name"], said["license"]) == ("Lights", "MIT")
    assert said["creator"] == [{"@type": "sc:Person", "name": "Ann"}]
    assert told["root"] in said["description"]
    known = {d["@id"] for d in said["distribution"]}
    for part in said["distribution"]:
        if part["@type"] == "cr:FileObject":
            data = (tmp_path / "set" / part["contentUrl"]).read_bytes()
            assert part["sha256"] == hashlib.sha256(data).hexdigest()
        else:
            assert {c["@id"] for c in part.get("containedIn", [])} <= known
    assert ("00000.tar" in known) is shards

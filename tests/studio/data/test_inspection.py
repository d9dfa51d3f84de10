"""Looking at sets: what is counted, and the sheet."""

from __future__ import annotations

import numpy as np
import pytest
import structlog
from PIL import Image
from tests.studio.data.conftest import painted

from medici.errors import BadData
from medici.logs import logger
from medici.studio.data.build import Credits, Plan, build
from medici.studio.data.folder import read_folder
from medici.studio.data.inspection import inspect, lines
from medici.studio.data.picture import Reading


def test_a_built_set_is_told(paintings, tmp_path):
    (paintings / "metadata.csv").write_text(
        "file_name,owner,hat\nno 1.png,Bob,red\nno 2.png,,blue\n"
    )
    build([str(paintings)], tmp_path / "set", Plan(Reading(32), Credits("MIT", "Ann", "Ann")))
    (part,) = inspect(tmp_path / "set")["parts"]
    assert (part["count"], part["looked_at"], part["side"]) == (20, 20, 32)
    assert part["sizes"] == {"32×32": 20}
    assert part["licences"] == {"MIT": 20}
    assert part["owners"] == {"Ann": 19, "Bob": 1}
    assert part["consents"] == {"not stated": 20}
    assert part["attributes"]["hat"] == {"values": 2, "commonest": {"blue": 1, "red": 1}}
    assert part["transparency"] == {"pictures": 0.0, "area": 0.0}
    assert part["copies"] == []


def test_loose_pictures_are_told_with_what_is_wrong(pictures):
    (pictures / "copy.png").write_bytes((pictures / "03.png").read_bytes())
    (pictures / "zero.png").write_bytes(b"")
    (pictures / "cut.png").write_bytes((pictures / "03.png").read_bytes()[:50])
    told = inspect(pictures)
    (part,) = told["parts"]
    assert (part["count"], part["looked_at"], part["side"]) == (27, 25, 16)
    assert {b["reason"] for b in part["bad"]} == {"empty", "unreadable"}
    groups = [{name.rpartition("/")[2] for name in group} for group in part["copies"]]
    assert any({"03.png", "copy.png"} <= group for group in groups)
    assert part["transparency"]["pictures"] == 1.0
    assert part["colours"]["distinct"] == 4
    assert part["root"] is None
    text = "\n".join(lines(told))
    assert "27 pictures, 25 looked at" in text
    assert "zero.png is empty" in text


def test_mixed_sizes_are_counted(tmp_path):
    for i, size in enumerate([(100, 100)] * 3 + [(200, 80)] * 2):
        Image.new("RGB", size, (i * 40, 0, 0)).save(tmp_path / f"{i}.png")
    (part,) = inspect(tmp_path)["parts"]
    assert part["sizes"] == {"100×100": 3, "200×80": 2}
    assert part["side"] == 80
    Image.new("RGB", (30, 50)).save(tmp_path / "small.png")
    (part,) = inspect(tmp_path)["parts"]
    assert (part["side"], part["bad"]) == (30, [])


@pytest.mark.parametrize("side", [16, 40, 200])
@pytest.mark.parametrize("count", [1, 20, 170])
def test_the_sheet_shows_the_pictures_at_any_side(tmp_path, side, count):
    folder = tmp_path / "set"
    folder.mkdir()
    for i in range(count):
        Image.new("RGB", (side, side), (i, 255 - i, 7)).save(folder / f"{i:03d}.png")
    inspect(folder, tmp_path / "sheets" / "sheet.png")
    page = np.asarray(Image.open(tmp_path / "sheets" / "sheet.png"))
    columns = min(16, count)
    cell = page.shape[1] // columns
    assert 64 < cell <= 200
    assert page.shape[0] // cell <= 10
    first, last = page[cell // 2, cell // 2], page[cell // 2, cell * columns - cell // 2]
    shown = (columns - 1) * (2 if count > 160 else 1)  # of 170 every other one
    assert first.tolist() == [0, 255, 7]
    assert last.tolist() == [shown, 255 - shown, 7]


def test_splits_and_shards_are_parts(paintings, tmp_path):
    plan = Plan(Reading(32), splits={"judge": 0.4}, shards=True)
    build([str(paintings)], tmp_path / "set", plan)
    told = inspect(tmp_path / "set", tmp_path / "sheet.png")
    assert {p["name"]: p["count"] for p in told["parts"]} == {"train": 12, "judge": 8}
    assert told["count"] == 20


def test_folders_of_splits_without_a_manifest_are_parts(tmp_path):
    for name in ("train", "judge"):
        (tmp_path / name).mkdir()
        painted(len(name)).save(tmp_path / name / "a.png")
    assert [p["name"] for p in inspect(tmp_path)["parts"]] == ["train", "judge"]


def test_nothing_to_look_at_is_said(tmp_path):
    with pytest.raises(BadData, match="holds no pictures"):
        inspect(tmp_path)
    with pytest.raises(BadData, match="no data folder"):
        inspect(tmp_path / "nowhere")


def test_a_set_that_lost_pictures_is_told_of_by_all_who_read_it(paintings, tmp_path):
    built = tmp_path / "built"
    plan = Plan(Reading(16), Credits("MIT", "Ann", "Ann"))
    build([str(paintings)], built, plan)
    whole = inspect(built)["parts"][0]
    assert whole["missing"] == []
    lost = sorted(built.glob("*.png"))[:2]
    for path in lost:
        path.unlink()
    logger("studio")  # set up before its output is caught
    part = inspect(built)["parts"][0]
    assert part["missing"] == [path.name for path in lost]
    assert part["count"] == whole["count"] - 2
    assert any("missing     2 pictures" in line for line in lines(inspect(built)))
    for read in (
        lambda: read_folder(built),
        lambda: build([str(built)], tmp_path / "again", plan),
    ):
        with structlog.testing.capture_logs() as logs:
            read()
        told = [entry["event"] for entry in logs if "lacks 2 pictures" in entry["event"]]
        assert len(told) == 1
        assert lost[0].name in told[0]


@pytest.mark.parametrize("text", ["{ // not JSON", "[1]"])
def test_a_manifest_of_another_program_does_not_keep_a_folder_from_being_built(
    paintings, tmp_path, text
):
    (paintings / "manifest.json").write_text(text)
    plan = Plan(Reading(16), Credits("MIT", "Ann", "Ann"))
    build([str(paintings)], tmp_path / "built", plan)
    assert inspect(tmp_path / "built")["count"] == 20

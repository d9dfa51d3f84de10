"""Model folders are replaced when the new one is whole, and not before."""

from __future__ import annotations

import pytest

from medici.studio.training.folder import note_unpublished, unpublished
from medici.studio.training.publishing import about_data, staged, versions, write_json


@staged
def publish(trained, out, fail=False):
    (out / "weights.safetensors").write_text(f"weights {trained}")
    (out / "record.json").write_text(f"record {trained}")
    if fail:
        raise KeyboardInterrupt
    (out / "sheet.png").write_text(f"sheet {trained}")
    return trained


def held(folder):
    return {p.name: p.read_text() for p in folder.iterdir() if p.is_file()}


def test_what_was_there_stays_until_the_new_one_is_whole(tmp_path):
    out = tmp_path / "model"
    (out / "run").mkdir(parents=True)
    (out / "run" / "snapshot").write_text("run")
    (out / "notes.txt").write_text("mine")
    note_unpublished(out / "run", {"steps": 1})
    assert publish(1, out) == 1
    first = held(out)
    assert first == {
        "weights.safetensors": "weights 1",
        "record.json": "record 1",
        "sheet.png": "sheet 1",
        "notes.txt": "mine",
    }
    assert unpublished(out / "run") is None
    note_unpublished(out / "run", {"steps": 2})
    with pytest.raises(KeyboardInterrupt):
        publish(2, out, fail=True)
    assert unpublished(out / "run") == {"steps": 2}
    assert held(out) == first
    assert sorted(p.name for p in out.iterdir() if p.is_dir()) == ["run"]
    publish(3, out)
    assert held(out)["record.json"] == "record 3"
    assert (out / "run" / "snapshot").read_text() == "run"


def test_the_record_is_the_last_to_come(tmp_path, monkeypatch):
    from pathlib import Path

    moved = []
    plain = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (moved.append(self.name), plain(self, to))[1]
    )
    publish(1, tmp_path / "new" / "model")
    assert moved == ["sheet.png", "weights.safetensors", "record.json"]


@staged
def publish_pipeline(trained, out):
    (out / "unet").mkdir()
    (out / "unet" / "weights.safetensors").write_text(f"weights {trained}")
    (out / "record.json").write_text(f"record {trained}")


def test_a_folder_in_a_model_s_folder_takes_the_place_of_an_earlier_one(tmp_path):
    for turn in (1, 2):
        publish_pipeline(turn, tmp_path)
        assert held(tmp_path / "unet") == {"weights.safetensors": f"weights {turn}"}
        assert held(tmp_path) == {"record.json": f"record {turn}"}


def test_a_record_says_what_the_model_was_made_with_and_of(tmp_path):
    told = versions("pillow", "no-such-library")
    assert {"python", "numpy", "pillow"} <= told.keys()
    assert "no-such-library" not in told
    source = {"title": "Faces", "licence": "CC0-1.0"}
    assert about_data(source, 7, steps=3) == {
        "title": "Faces",
        "authors": [],
        "source": "",
        "count": 7,
        "steps": 3,
    }
    write_json(tmp_path / "metrics.json", {"title": "Übung"})
    assert (tmp_path / "metrics.json").read_text("utf-8") == '{\n "title": "Übung"\n}\n'

"""Curves: rows survive crashes, and every number can be plotted."""

from __future__ import annotations

import json

from medici.studio.training.curves import Curves


def test_a_line_cut_short_by_a_crash_is_left_out(tmp_path):
    curves = Curves(tmp_path)
    curves.note(1, {"loss": 0.5})
    with curves.path.open("a") as file:
        file.write('{"step": 2, "lo')
    assert curves.rows() == [{"step": 1, "loss": 0.5}]


def test_numbers_that_json_does_not_know_become_null(tmp_path):
    curves = Curves(tmp_path)
    curves.note(1, {"loss": float("inf"), "other": float("nan")})
    assert json.loads(curves.path.read_text()) == {"step": 1, "loss": None, "other": None}


def test_steps_that_are_done_again_are_forgotten(tmp_path):
    curves = Curves(tmp_path)
    for step in range(5):
        curves.note(step, {"loss": step})
        curves.sheet(step).write_bytes(b"")
    curves.forget_after(2)
    assert [sheet.stem for sheet in curves.sheets()] == ["000000", "000001", "000002"]
    assert [row["step"] for row in curves.rows()] == [0, 1, 2]


def test_figures_of_each_average_are_series_of_their_own(tmp_path):
    curves = Curves(tmp_path)
    curves.note(1, {"loss": 2.0})
    curves.note(1, {"average": "0.9", "fid": 30.0})
    curves.note(1, {"average": "0.99", "fid": 20.0})
    curves.note(2, {"event": "recovered", "rate": 0.1})
    curves.sheet(1).write_bytes(b"")
    curves.export(tmp_path / "curves.json")
    told = json.loads((tmp_path / "curves.json").read_text())
    assert told == {
        "schema": "medici/curves/1",
        "series": {
            "loss": {"step": [1], "value": [2.0]},
            "fid (0.9)": {"step": [1], "value": [30.0]},
            "fid (0.99)": {"step": [1], "value": [20.0]},
        },
        "events": [{"step": 2, "event": "recovered", "rate": 0.1}],
        "sheets": [{"step": 1, "file": "sheets/000001.png"}],
    }

"""No figure stands alone, and a table says what its controls say of it."""

from __future__ import annotations

import json

import pytest

from medici.errors import WrongUse
from medici.studio.metrics.table import HIGHER, LOWER, NEAR, Table

FIGURES = {"fid": LOWER, "recall": HIGHER, "step": NEAR}


def made(**changes):
    rows = {
        "model": {"fid": 8.9791, "recall": 0.729, "step": 2.1},
        "baseline": {"fid": 25.0, "recall": 0.3, "step": 2.0},
        "floor": {"fid": 0.7, "recall": 0.93, "step": 2.3},
        "noise": {"fid": 300.25, "recall": 0.58, "step": 2.45},
        "collapse": {"fid": 16.0, "recall": 0.0, "step": 9.0},
    }
    told = {"extractor": "E 96×96", "n": 2000, "figures": FIGURES, "rows": rows}
    return Table(**{**told, "controls": ("noise", "collapse"), **changes})


@pytest.mark.parametrize("row", ["model", "floor", "noise"])
def test_a_table_without_model_floor_or_control_is_refused(row):
    rows = {k: v for k, v in made().rows.items() if k != row}
    with pytest.raises(WrongUse, match=row):
        made(rows=rows)


def test_one_control_is_not_enough():
    with pytest.raises(WrongUse, match="two negative controls"):
        made(controls=("noise",))


def test_a_row_that_lacks_a_figure_is_refused():
    with pytest.raises(WrongUse, match="row noise"):
        made(rows={**made().rows, "noise": {"fid": 1.0}})


def test_figures_by_which_a_control_beats_the_model_are_named():
    assert made().misleading() == ["noise is not worse than the model by step"]


def test_a_table_survives_json():
    table = made(about={"style": {"psi": 0.7}}, warnings=("look",))
    told = json.loads(json.dumps(table.as_json()))
    again = Table.from_json(told)
    assert again.as_json() == told
    assert again.about == {"style": {"psi": 0.7}}
    assert again.warnings == ("look",)


def test_other_json_is_no_table():
    with pytest.raises(WrongUse, match="no table of figures"):
        Table.from_json({"rows": 3})


def test_people_see_the_model_first_and_the_controls_last():
    table = made()
    assert table.columns() == ["", "fid ↓", "recall ↑", "step → floor"]
    assert [line[0] for line in table.lines()] == [
        "model",
        "baseline",
        "floor (real against real)",
        "control: noise",
        "control: collapse",
    ]
    assert table.lines()[0][1:] == ["8.98", "0.729", "2.1"]
    assert table.lines()[3][1] == "300.2"


def test_what_could_not_be_measured_is_a_dash():
    rows = {name: {**row, "step": float("nan")} for name, row in made().rows.items()}
    assert made(rows=rows).lines()[0][-1] == "–"

"""Trackers: TensorBoard always, plug-ins by name, none of them able to stop a run."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pytest

pytest.importorskip("torch")

from medici import logs
from medici.errors import WrongUse
from medici.studio.training import trackers as room
from medici.studio.training.trackers import Trackers

TOLD: list[tuple[object, ...]] = []


class Diary:
    """A plug-in that remembers what it was told, and breaks at step 3."""

    def __init__(self, folder, about):
        TOLD.append(("begin", folder.name, dict(about)))

    def scalars(self, step, values):
        if step == 3:
            raise ConnectionError("the server is gone")
        TOLD.append(("scalars", step, dict(values)))

    def picture(self, step, name, pixels):
        TOLD.append(("picture", step, name, pixels.shape))

    def close(self):
        TOLD.append(("close",))


@pytest.fixture
def plugged_in(monkeypatch):
    TOLD.clear()
    monkeypatch.setitem(sys.modules, "diary_plugin", sys.modules[__name__])
    point = EntryPoint("diary", "diary_plugin:Diary", room.GROUP)
    monkeypatch.setattr(room, "entry_points", lambda group: EntryPoints([point]))


def test_a_plugin_is_told_of_numbers_and_pictures(plugged_in, tmp_path):
    trackers = Trackers(tmp_path / "run", ["diary"], {"seed": 4})
    assert trackers.names == ["tensorboard", "diary"]
    trackers.scalars(1, {"loss": 0.5, "text": "x", "broken": float("inf")})
    trackers.picture(1, "samples", np.zeros((4, 4, 3), np.uint8))
    trackers.close()
    assert TOLD == [
        ("begin", "run", {"seed": 4}),
        ("scalars", 1, {"loss": 0.5}),
        ("picture", 1, "samples", (4, 4, 3)),
        ("close",),
    ]
    assert list((tmp_path / "run" / "tensorboard").iterdir())


def test_a_plugin_that_fails_is_left_out_and_the_rest_goes_on(plugged_in, tmp_path, capsys):
    logs.configure()  # to this test's stderr, whoever logged before
    trackers = Trackers(tmp_path, ["diary"], {})
    trackers.scalars(3, {"loss": 0.5})
    trackers.scalars(4, {"loss": 0.4})
    assert trackers.names == ["tensorboard"]
    assert [row[0] for row in TOLD] == ["begin"]
    assert "the server is gone" in capsys.readouterr().err
    trackers.close()


def test_an_unknown_tracker_is_refused_with_those_there_are(plugged_in, tmp_path):
    with pytest.raises(WrongUse, match="no tracker is called 'wandb'") as caught:
        Trackers(tmp_path, ["wandb"], {})
    assert "diary" in caught.value.hint


def test_without_tensorboard_the_same_file_is_written(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    trackers = Trackers(tmp_path, [], {})
    trackers.scalars(1, {"loss": 0.5})
    trackers.close()
    (path,) = (tmp_path / "tensorboard").iterdir()
    assert b"loss" in path.read_bytes()

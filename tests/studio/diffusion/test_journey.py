"""Through the program: trained, stopped and resumed; drawn from with other kernels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from tests.studio.diffusion.conftest import TINY

from medici.studio.families import load_model
from medici.studio.training.snapshots import read_snapshot

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.train
OTHER = {"OMP_NUM_THREADS": "2", "ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"}


def test_another_process_with_other_kernels_draws_the_same_within_tolerance(
    trained: Path, tmp_path: Path
) -> None:
    style = {"steps": 3, "scale": 4}
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from medici.cli import main; main()", "generate", "--json"),
            *("--model", str(trained), "-n", "2", "--out", str(tmp_path / "works")),
            *(f"--style={key}={value}" for key, value in style.items()),
        ],
        cwd=tmp_path,
        env={**os.environ, **OTHER},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    model = load_model(trained)
    assert told["model"] == model.id
    for work in told["works"]:
        there = np.asarray(Image.open(work["file"]), np.int16)
        here = model.sample(work["seed"], work["style"])
        assert there.shape == (64, 64, 4)
        assert np.abs(there - here.pixels).max() <= 2


def training(data: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    settings = {**TINY, "flip": True, "note_steps": 1}
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "medici", "train", str(data), "--family", "diffusion"),
            *("--out", str(out), "--steps", "150", "--seed", "4", "--json", *more),
            *(f"--set={key}={json.dumps(value)}" for key, value in settings.items()),
        ],
        cwd=out.parent,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], code: int) -> dict[str, Any]:
    out, told = process.communicate(timeout=280)
    assert process.returncode == code, told
    said: dict[str, Any] = json.loads(out)
    return said


def everything(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A snapshot but for the clock: weights, average, moments, random state, to the bit."""
    about, tensors = read_snapshot(folder / "run" / "snapshot.safetensors")
    about.pop("spent")
    return about, {name: value.numpy().tobytes() for name, value in tensors.items()}


def test_a_run_stopped_by_ctrl_c_and_resumed_ends_in_the_same_bits(
    drawings: Path, tmp_path: Path
) -> None:
    parts, whole = tmp_path / "parts", tmp_path / "whole"
    process = training(drawings, parts)
    curves = parts / "run" / "curves.jsonl"
    while process.poll() is None and not (curves.exists() and curves.stat().st_size):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stopped = ended(process, 130)
    assert stopped["error"]["code"] == "interrupted"
    assert not (parts / "record.json").exists()
    assert 0 < everything(parts)[0]["step"] < 150
    resumed = ended(training(drawings, parts, "--resume"), 0)
    straight = ended(training(drawings, whole), 0)
    assert everything(parts) == everything(whole)
    assert resumed["model"] == straight["model"] == load_model(parts).id
    for folder in (parts, whole):
        assert (folder / "run" / "sheets" / "000150.png").exists()
        assert list((folder / "run" / "tensorboard").glob("events.*"))
    steps = [json.loads(row)["step"] for row in curves.read_text().splitlines()]
    assert steps == list(range(1, 151))

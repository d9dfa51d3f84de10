"""Through the program: a model is drawn from in another process, with other kernels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from medici.studio.families import load_model

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

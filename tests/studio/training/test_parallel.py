"""Data parallel training: two workers under torchrun on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from tests.studio.training.trainees import CODES  # noqa: E402

from medici.studio.families import load_model  # noqa: E402
from medici.studio.training.parallel import Workers  # noqa: E402
from medici.studio.training.snapshots import read_snapshot  # noqa: E402

pytestmark = pytest.mark.train
ROOT = Path(__file__).parents[3]


def together(*command):
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nnodes=1"]
    env = os.environ | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
        "OMP_NUM_THREADS": "1",
        "GLOO_SOCKET_IFNAME": "lo",
    }
    return subprocess.run(
        [*start, "--nproc-per-node=2", *command], env=env, capture_output=True, text=True
    )


def torchrun(folder, steps, resume="new", body="dcgan"):
    worker = ROOT / "tests" / "studio" / "training" / "worker.py"
    done = together(str(worker), str(folder), str(steps), resume, body)
    assert done.returncode == 0, done.stderr


def told(folder):
    return [
        json.loads((folder.parent / f"{folder.name}-rank{i}.json").read_text()) for i in range(2)
    ]


@pytest.mark.parametrize("body", ["dcgan", "codes", "diffusion"])
def test_two_workers_agree_and_resume_to_the_bit(tmp_path, body):
    torchrun(tmp_path / "whole", 3, body=body)
    one, two = told(tmp_path / "whole")
    assert (one["rank"], two["rank"], one["of"]) == (0, 1, 2)
    assert one["step"] == two["step"] == 3
    assert one["total"] == two["total"]
    assert one["pictures"] != two["pictures"]  # each drew its own latents
    torchrun(tmp_path / "parts", 2, body=body)
    torchrun(tmp_path / "parts", 3, "resume", body)
    again, _ = told(tmp_path / "parts")
    assert again["total"] == one["total"]
    rows = (tmp_path / "whole" / "curves.jsonl").read_text().splitlines()
    assert [json.loads(row)["step"] for row in rows] == [1, 2, 3]
    _, tensors = read_snapshot(tmp_path / "whole" / "snapshot.safetensors")
    assert {"random.0", "random.1"} <= tensors.keys()


def test_a_process_that_ends_anyhow_leaves_its_group(tmp_path):
    """One that ended in its group was aborted by Gloo's threads about once in eight times."""
    script = tmp_path / "worker.py"
    script.write_text(
        "import atexit, sys, torch\n"
        "import torch.distributed as dist\n"
        "from medici.studio.training.parallel import Workers\n"
        "atexit.register(lambda: sys.stdout.write(f'in a group: {dist.is_initialized()}\\n'))\n"
        "workers = Workers.join(torch.device('cpu'))\n"
        "assert dist.is_initialized() and workers.most([1.0]) == [1.0]\n"
        "sys.exit()\n"
    )
    done = together(str(script))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["in a group: False"] * 2


def test_the_command_trains_with_two_workers(tmp_path, pictures):
    settings = [x for key, value in CODES.items() for x in ("--set", f"{key}={value}")]
    where = ["--out", str(tmp_path / "model"), "--steps", "3"]
    train = ["-m", "medici", "train", str(pictures), *where]
    done = together(*train, "--set", "body=codes", *settings)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("To use it") == 1  # one of them speaks
    assert load_model(str(tmp_path / "model")).sample(1).pixels.shape[-1] == 4


def test_the_command_trains_a_denoiser_with_two_workers(tmp_path, pictures):
    told = [
        "--family",
        "diffusion",
        "--set",
        "widths=[8, 16]",
        "--set",
        "batch=4",
        "--set",
        "judged=20",
    ]
    where = ["--out", str(tmp_path / "model"), "--steps", "2"]
    done = together("-m", "medici", "train", str(pictures), *where, *told)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("To use it") == 1
    assert load_model(str(tmp_path / "model")).sample(1, {"steps": 1}).pixels.shape == (16, 16, 4)


def test_a_family_that_trains_in_one_process_says_so(tmp_path, pictures):
    for path in pictures.glob("*.png"):
        with Image.open(path) as image:
            image.resize((32, 32), 0).save(path)
    where = ["--out", str(tmp_path / "model"), "--steps", "2000", "--family", "icons"]
    done = together("-m", "medici", "train", str(pictures), *where)
    assert done.returncode
    assert "this family trains in one process" in done.stderr


def test_one_process_alone_needs_no_group():
    workers = Workers.join(torch.device("cpu"))
    assert (workers.rank, workers.count, workers.first) == (0, 1, True)
    layer = torch.nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    before = layer.weight.grad.clone()
    workers.average_gradients(layer.parameters())
    assert (layer.weight.grad == before).all()
    assert workers.mean({"a": 2.0}) == {"a": 2.0}
    assert workers.most([1.0, 3.0]) == [1.0, 3.0]
    workers.wait()
    workers.leave()

"""Trains both bodies of the icon family at the same processor time and writes their figures.

    node tools/icons.mjs runs/icons
    python tools/icons_contest.py runs/icons runs/icons-contest [--codes 3000] [--gan 1700]

One thread. Stopped runs are resumed. Steps are such that both bodies take about the same processor
time; what they took stands in the result, ``benchmarks/results/icons-bodies.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before numpy and PyTorch: their pools read these once.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import torch  # noqa: E402

from medici.studio.families import Training  # noqa: E402
from medici.studio.icons.family import Icons  # noqa: E402
from medici.studio.training.run import SNAPSHOT  # noqa: E402

if TYPE_CHECKING:
    from medici.records import ModelRecord
    from medici.studio.families import Now

RESULT = Path(__file__).parents[1] / "benchmarks" / "results" / "icons-bodies.json"


def told(record: ModelRecord) -> dict[str, Any]:
    """What the leaderboard needs of a record."""
    training = record.training
    return {
        "architecture": training["architecture"],
        "cpu_seconds": round(training["spent"]["cpu_seconds"], 1),
        "step": training["step"],
        "data_root": record.data_root,
        "metrics": dict(record.metrics),
    }


def show(now: Now) -> None:
    """A line now and then, where the run stands."""
    if now.step % 100 == 0:
        print(f"step {now.step}: {dict(now.losses)}", file=sys.stderr, flush=True)


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--codes", type=int, default=3000, help="steps")
    parser.add_argument("--gan", type=int, default=1700, help="steps")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = {}
    for body, steps in (("codes", options.codes), ("gan", options.gan)):
        out = options.out / body
        how = Training(
            steps=steps,
            resume=(out / "run" / SNAPSHOT).exists(),
            name="icons",
            tune=options.data / "tune",
            judge=options.data / "judge",
            settings={"body": body},
            progress=show,
        )
        found[body] = told(Icons().train(options.data / "train", out, how))
    result = {
        "command": "python tools/icons_contest.py runs/icons runs/icons-contest"
        f" --codes {options.codes} --gan {options.gan}",
        "bodies": found,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""The committed artifacts are what the contracts compile to; needs forge and its fresh output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "contracts" / "out"


def test_artifacts_and_clients_are_fresh() -> None:
    sources = [*(ROOT / "contracts" / "src").rglob("*.sol")]
    built = OUT / "TimelockController.sol" / "TimelockController.json"
    if not built.exists():
        pytest.skip("contracts are not built here: make contracts")
    newest = max(OUT.glob("build-info/*.json"), key=lambda path: path.stat().st_mtime)
    if newest.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        pytest.skip("contracts changed since they were built: make contracts")
    command = [sys.executable, "tools/artifacts.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""Runs the real program in its own process, as a person would."""

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MEDICI = Path(sys.executable).parent / "medici"


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


def run(*words, cwd=None, env=None, timeout=240, largest_file=None):
    """Run the program; stdin is closed, so it can ask nobody anything.

    A largest file, in bytes, stands in for a full disk: both fail in the same system call.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    lower = limits if largest_file is None else (largest_file, limits[1])
    done = subprocess.run(
        [str(MEDICI), *map(str, words)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, lower),
    )
    return Said(done.returncode, done.stdout, done.stderr)

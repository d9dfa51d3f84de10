"""Run Foundry's forge from the npm package of this platform: python tools/forge.py ARGS…."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def program(name: str) -> str:
    """Path of a Foundry program: npm's optional package for this platform, else the system's."""
    system = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}[platform.system()]
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    package = f"{name}-{system}-{machine[platform.machine().lower()]}"
    suffix = ".exe" if system == "win32" else ""
    local = ROOT / "node_modules" / "@foundry-rs" / package / "bin" / f"{name}{suffix}"
    found = str(local) if local.exists() else shutil.which(name)
    if found is None:
        sys.exit(f"{name} is not installed: run `make setup`")
    return found


def main() -> None:
    """Replace this process by forge, at the root of the project."""
    forge = program("forge")
    os.chdir(ROOT)
    os.execv(forge, [forge, *sys.argv[1:]])


if __name__ == "__main__":
    main()

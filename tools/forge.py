"""Run Foundry's forge from the npm package of this platform: python tools/forge.py ARGS…."""

from __future__ import annotations

import platform
import shutil
import subprocess
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
    """Run forge at the root of the project and end as it ends."""
    sys.exit(subprocess.run([program("forge"), *sys.argv[1:]], cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()

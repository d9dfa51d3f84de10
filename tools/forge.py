"""Run Foundry's forge from the npm package of this platform: python tools/forge.py ARGS….

`python tools/forge.py --fetch` fetches anvil and forge for a platform that package-lock.json does
not name (it names Linux on x86-64), unless the machine has them on its path.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def package(name: str) -> tuple[str, Path]:
    """Npm package of a Foundry program for this platform, and where its program would be."""
    system = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}[platform.system()]
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    called = f"@foundry-rs/{name}-{system}-{machine[platform.machine().lower()]}"
    suffix = ".exe" if system == "win32" else ""
    return called, ROOT / "node_modules" / called / "bin" / f"{name}{suffix}"


def program(name: str) -> str:
    """Path of a Foundry program: npm's package for this platform, else the system's."""
    local = package(name)[1]
    found = str(local) if local.exists() else shutil.which(name)
    if found is None:
        sys.exit(f"{name} is not installed: run `make setup`")
    return found


def fetch() -> None:
    """Fetch what this platform lacks, at the version that package.json names."""
    pinned = json.loads((ROOT / "package.json").read_text("utf-8"))["optionalDependencies"]
    version = next(iter(pinned.values()))
    missing = [
        f"{package(name)[0]}@{version}"
        for name in ("anvil", "forge")
        if not package(name)[1].exists() and shutil.which(name) is None
    ]
    if missing:
        subprocess.run(
            ["npm", "install", "--no-save", "--no-audit", *missing], cwd=ROOT, check=True
        )


def main() -> None:
    """Run forge at the root of the project and end as it ends."""
    if sys.argv[1:] == ["--fetch"]:
        fetch()
        return
    sys.exit(subprocess.run([program("forge"), *sys.argv[1:]], cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()

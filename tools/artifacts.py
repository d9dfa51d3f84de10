#!/usr/bin/env python3
"""Writes what the Python package needs of the compiled contracts: artifacts and typed clients.

    tools/artifacts.py [--out contracts/out] [--check]

For each contract `src/medici/ledger/artifacts/<Name>.json` (interface and creation code) and
`src/medici/ledger/clients/<name>.py` (one typed method a function); for all of them `errors.json`.
With --check nothing is written; the exit code is 1 when a file differs from what stands committed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))
sys.path.insert(0, str(ROOT / "tools"))

from clients import client_source, index_source, snake, structs_source  # noqa: E402

from medici.ledger.abi import CONTRACTS, Entry  # noqa: E402

ROOM = ROOT / "src" / "medici" / "ledger"
# Libraries whose errors our contracts pass on without naming them in their interface.
LIBRARIES = ("solady/src/utils/SafeTransferLib.sol",)
SOLIDITYS_OWN = [
    {"type": "error", "name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
]


def trimmed(name: str, out: Path) -> dict[str, Any]:
    """The parts of forge's artifact that the package ships."""
    found = sorted(out.glob(f"*.sol/{name}.json"))
    if len(found) != 1:
        raise SystemExit(f"{out} holds {len(found)} artifacts named {name}; run forge build")
    data = json.loads(found[0].read_bytes())
    if data["bytecode"].get("linkReferences"):
        raise SystemExit(f"{name} needs linking, which deployment does not do")
    target = data["metadata"]["settings"]["compilationTarget"]
    return {
        "name": name,
        "source": next(iter(target)),
        "compiler": data["metadata"]["compiler"]["version"],
        "abi": [untyped(item) for item in data["abi"]],
        "bytecode": data["bytecode"]["object"],
    }


def untyped(value: Any) -> Any:
    """An ABI item without the compiler's internal names of plain types; structs keep theirs."""
    if isinstance(value, list):
        return [untyped(part) for part in value]
    if isinstance(value, dict):
        keep = str(value.get("type", "")).startswith("tuple")
        return {
            key: untyped(part)
            for key, part in value.items()
            if key not in ("internalType", "anonymous") or (key == "internalType" and keep)
        }
    return value


def formatted(path: Path, source: str) -> str:
    """Python source as ruff sorts its imports and formats it."""
    for step in (["check", "--select", "I,F401", "--fix", "--quiet"], ["format"]):
        command = [sys.executable, "-m", "ruff", *step, "--stdin-filename", str(path), "-"]
        source = subprocess.run(
            command, input=source, capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout
    return source


def errors(artifacts: list[dict[str, Any]], out: Path) -> list[dict[str, Any]]:
    """Every typed error of ours, also of helper contracts and libraries not deployed by name."""
    items = [item for data in artifacts for item in data["abi"] if item["type"] == "error"]
    for path in sorted(out.glob("*.sol/*.json")):
        data = json.loads(path.read_bytes())
        target = data.get("metadata", {}).get("settings", {}).get("compilationTarget", {})
        source = next(iter(target), "")
        if source.startswith("contracts/src/") or source.endswith(LIBRARIES):
            items += [untyped(item) for item in data["abi"] if item["type"] == "error"]
    by_signature = {Entry.from_json(item).signature: item for item in SOLIDITYS_OWN + items}
    return [by_signature[signature] for signature in sorted(by_signature)]


def files(out: Path) -> dict[Path, str]:
    """Every file to be written, with its content."""
    artifacts = [trimmed(name, out) for name in CONTRACTS]
    found = {
        ROOM / "artifacts" / f"{data['name']}.json": json.dumps(data, indent=1) + "\n"
        for data in artifacts
    }
    found[ROOM / "artifacts" / "errors.json"] = json.dumps(errors(artifacts, out), indent=1) + "\n"
    for data in artifacts:
        path = ROOM / "clients" / f"{snake(data['name'])}.py"
        found[path] = formatted(path, client_source(data))
    path = ROOM / "clients" / "structs.py"
    found[path] = formatted(path, structs_source(artifacts))
    path = ROOM / "clients" / "__init__.py"
    found[path] = formatted(path, index_source([data["name"] for data in artifacts]))
    return found


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "contracts" / "out")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    stale = []
    for path, content in files(arguments.out).items():
        if not path.exists() or path.read_text("utf-8") != content:
            stale.append(path.relative_to(ROOT))
            if not arguments.check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, "utf-8")
    for relative in stale:
        print(("differs: " if arguments.check else "wrote ") + str(relative))
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())

"""How fast a firm works as a person meets it: the program's start, a batch of works, one file.

    python benchmarks/firm.py [--quick] [--json]

Bars are absolute where a person waits (seconds). For the machine's sake each is shown beside a peer
of the same run: an empty Python process for starts, a bare render for the batch. --quick leaves the
whole demonstration out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medici.firm import folder, launch, making
from medici.firm.house import Firm

MEDICI = Path(sys.executable).parent / "medici"
WORKS = 64


def row(name: str, value: float, peer: float | None, bar: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 3),
        "unit": "s",
        "peer": None if peer is None else round(peer, 3),
        "bar": bar,
        "better": "lower",
        "holds": value <= bar,
    }


def cold(*command: str | Path, times: int = 5) -> float:
    """Seconds of a whole fresh process, the best of several."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run(list(map(str, command)), capture_output=True, check=False)
        taken.append(time.perf_counter() - started)
    return min(taken)


def batch(firm: Firm, chain: Any) -> tuple[float, float, str]:
    """Seconds to make, sign, fingerprint and anchor works; to render them alone; one file."""
    firm.generator.sample(0, {})
    began = time.perf_counter()
    renderings = firm.render(range(WORKS))
    rendered = time.perf_counter() - began
    now = datetime.now(UTC)
    entries = [making.enter(firm, rendering, created=now) for rendering in renderings]
    making.anchor(firm, chain, making.certify(firm, chain, entries))
    return time.perf_counter() - began, rendered, entries[0].file


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--json", action="store_true")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "firm"
        folder.init(home)
        firm = Firm.open(home)
        python = cold(sys.executable, "-c", "pass")
        with launch.chain(firm, tied=True, deploy=True) as chain:
            whole, rendered, file = batch(firm, chain)
            verified = cold(MEDICI, "verify", home / file, "--firm", home, times=3)
        rows = [
            row("medici --help, cold", cold(MEDICI, "--help"), python, 0.3),
            row(f"{WORKS} works made, signed, fingerprinted, anchored", whole, rendered, 10.0),
            row("medici verify of one file with its chain, cold", verified, python, 1.0),
        ]
        if not asked.quick:
            began = time.perf_counter()
            command = [MEDICI, "demo", "--dir", Path(temporary) / "demo", "--json"]
            done = subprocess.run(list(map(str, command)), capture_output=True, check=True)
            whole = time.perf_counter() - began
            assert all(json.loads(done.stdout)["checks"].values())
            rows.append(row("medici demo, three rounds", whole, None, 180.0))
    if asked.json:
        print(json.dumps({"benchmark": "firm", "rows": rows}, indent=1))
    else:
        for each in rows:
            mark = "ok" if each["holds"] else "NO"
            print(f"{mark}  {each['name']:<52}{each['value']:>9} s   bar {each['bar']} s")


if __name__ == "__main__":
    main()

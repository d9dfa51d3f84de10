"""Run every benchmark and write docs/leaderboard.md: each figure with its command and commit.

Usage: python tools/leaderboard.py [--quick] [NAME …]. Results are kept in benchmarks/results/; with
names only those benchmarks are run again, and the page is made from all results.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def run(name: str, quick: bool) -> dict[str, Any]:
    """One benchmark's answer, with when and on what it was measured."""
    words = [sys.executable, f"benchmarks/{name}.py", "--json", *(["--quick"] if quick else [])]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"benchmarks/{name}.py failed:\n{done.stderr}")
    said: dict[str, Any] = json.loads(done.stdout)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    said["commit"] = commit.stdout.strip()
    said["measured"] = datetime.now(UTC).date().isoformat()
    said["machine"] = (
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )
    said["command"] = f"python benchmarks/{name}.py" + (" --quick" if quick else "")
    return said


def number(value: float | None) -> str:
    """A figure as people read it."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def page(results: list[dict[str, Any]]) -> str:
    """The whole page."""
    lines = [
        "# Leaderboard",
        "",
        "Written by `make bench`. A peer is measured in the same run on the same machine; a bar is",
        "what we mean to hold. Failed experiments are in [lab-log.md](lab-log.md).",
    ]
    for said in results:
        lines += [
            "",
            f"## {said['benchmark']}",
            "",
            f"`{said['command']}` at {said['commit']}, {said['measured']}, {said['machine']}.",
            "",
            "| figure | value | unit | peer | bar | holds |",
            "| --- | ---: | --- | ---: | ---: | --- |",
        ]
        for row in said["rows"]:
            holds = "" if row["bar"] is None else ("yes" if row["holds"] else "NO")
            lines.append(
                f"| {row['name']} | {number(row['value'])} | {row['unit']} | {number(row['peer'])} "
                f"| {number(row['bar'])} | {holds} |"
            )
        for title, path in said.get("pictures", {}).items():
            lines += ["", f"![{title}](../{path})", "", f"{title[0].upper()}{title[1:]}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    known = sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    quick, names = asked.quick, asked.names
    if unknown := sorted(set(names) - set(known)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    RESULTS.mkdir(exist_ok=True)
    for name in names or known:
        said = run(name, quick)
        (RESULTS / f"{name}.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    results = [json.loads((RESULTS / f"{n}.json").read_text("utf-8")) for n in known
               if (RESULTS / f"{n}.json").exists()]  # fmt: skip
    (ROOT / "docs" / "leaderboard.md").write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()

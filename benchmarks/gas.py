"""What the contracts cost: gas of whole transactions, exact and the same on every machine.

    python benchmarks/gas.py [--quick] [--json] [--check | --update]

Runs the forge tests of contracts/test/gas in isolate mode (every call its own transaction:
intrinsic gas, calldata, cold storage, after refunds) and holds each figure to its bar. Peers with
a number were measured once with the same tool chain; peers with a name in the same run.
Money moves in `TestDollar` with an unlimited allowance, peers of the market in plain ether.

--check also compares with benchmarks/medici-gas.json and fails when a row grew by more than 1 %,
broke its bar, or is missing; --update writes that file anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOTS = ROOT / "contracts" / "out" / "snapshots"
COMMITTED = ROOT / "benchmarks" / "medici-gas.json"
GROWTH = 1.01


@dataclass(frozen=True, slots=True)
class Row:
    """One operation.

    Attributes:
        group: the snapshot file that forge writes.
        name: the row in it.
        bar: what it may cost at most; none when it is only told.
        peer: gas of the best peer, or the name of the row that measures it.
    """

    group: str
    name: str
    bar: int | None = None
    peer: int | str | None = None


# Numbers: ERC-7007 reference, Nouns V3, Zora v3, 0xSplits v1, ERC-1726, EAS, all in ether.
ROWS = (
    Row("provenance", "mint with full provenance, receiver's later", 100_000, 239_390),
    Row("provenance", "mint with full provenance, receiver's first", 117_000,
        "peer: OpenZeppelin bare mint, first"),
    Row("provenance", "anchor 10,000 records", 60_000, 45_947),
    Row("provenance", "lazy mint, 14-node proof, receiver's first", 120_000),
    Row("provenance", "lazy mint, 14-node proof, receiver's later", 103_000),
    Row("provenance", "transfer with validator on, both hold", 50_000,
        "peer: OpenZeppelin transfer, both hold"),
    Row("market", "auction: first bid", 78_000, 44_192),
    Row("market", "auction: outbid, loser refunded", 68_000, 53_631),
    Row("market", "auction: settle a resale with royalty and split of three, later",
        95_000, 97_098),
    Row("market", "one recipient withdraws, later", 45_000, 37_395),
    Row("market", "three people fully paid from one sale, one call for all", 130_000, 158_329),
    Row("market", "three people fully paid from one sale, each by a call", None, 158_329),
    Row("market", "anybody has a recipient paid, later"),
    Row("market", "open an auction of a minted work"),
    Row("market", "open an auction of a lazy work, 14-node proof"),
    Row("market", "auction: settle and mint a lazy work, 14-node proof"),
    Row("market", "create a split of three"),
    Row("market", "pay into a split from outside, later"),
    Row("market", "royalty climbs to a parent, later"),
    Row("shares", "share transfer with votes and dividends, both delegated, both hold", 115_000,
        "peer: OpenZeppelin votes alone, both delegated, both hold"),
    Row("shares", "claim dividends, later", 45_000, 41_813),
    Row("shares", "distribute a dividend, any number of holders", 60_000, 30_130),
    Row("firm", "a whole firm deployed and handed over"),
)  # fmt: skip


def measure() -> dict[str, dict[str, int]]:
    """Gas by snapshot file and row, measured now.

    Raises:
        SystemExit: forge failed; what it said goes to stderr.
    """
    for old in SNAPSHOTS.glob("*.json"):
        old.unlink()
    forge = [sys.executable, str(ROOT / "tools" / "forge.py")]
    run = subprocess.run(
        [*forge, "test", "--isolate", "--match-path", "contracts/test/gas/*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        sys.exit(run.stdout + run.stderr)
    return {
        file.stem: {name: int(gas) for name, gas in json.loads(file.read_text()).items()}
        for file in SNAPSHOTS.glob("*.json")
    }


def table(measured: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """The rows as every benchmark prints them.

    Raises:
        SystemExit: a row was not measured.
    """
    rows = []
    for row in ROWS:
        group = measured.get(row.group, {})
        wanted = [row.name, *([row.peer] if isinstance(row.peer, str) else [])]
        missing = [name for name in wanted if name not in group]
        if missing:
            sys.exit(f"no test in contracts/test/gas measured: {', '.join(missing)}")
        value = group[row.name]
        rows.append(
            {
                "name": row.name,
                "value": value,
                "unit": "gas",
                "peer": group[row.peer] if isinstance(row.peer, str) else row.peer,
                "bar": row.bar,
                "better": "lower",
                "holds": row.bar is None or value <= row.bar,
            }
        )
    return rows


def complaints(rows: list[dict[str, Any]], committed: dict[str, int]) -> list[str]:
    """What is worse than its bar or than the committed figure."""
    found = [
        f"{r['name']}: {r['value']} is above its bar of {r['bar']}" for r in rows if not r["holds"]
    ]
    for row in rows:
        before = committed.get(row["name"])
        if before is None:
            found.append(f"{row['name']}: not in {COMMITTED.name}, run with --update")
        elif row["value"] > before * GROWTH:
            found.append(f"{row['name']}: grew from {before} to {row['value']}")
    names = {row["name"] for row in rows}
    found += [
        f"{name}: in {COMMITTED.name}, but measured no more"
        for name in committed
        if name not in names
    ]
    return found


def main() -> None:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="nothing to leave out: seconds once compiled"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--check", action="store_true", help="compare with the committed figures")
    parser.add_argument("--update", action="store_true", help="write the committed figures anew")
    options = parser.parse_args()

    rows = table(measure())
    if options.update:
        figures = {row["name"]: row["value"] for row in rows}
        COMMITTED.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if options.json:
        print(json.dumps({"benchmark": "gas", "rows": rows}))
    else:
        for row in rows:
            bar = f"{row['bar']:>9,}" if row["bar"] else " " * 9
            peer = f"{row['peer']:>9,}" if row["peer"] else " " * 9
            verdict = "ok " if row["holds"] else "BAD"
            print(f"{verdict} {row['value']:>10,} {bar} {peer}  {row['name']}")
    if options.check:
        committed = json.loads(COMMITTED.read_text(encoding="utf-8"))
        worse = complaints(rows, committed)
        if worse:
            sys.exit("\n".join(worse))


if __name__ == "__main__":
    main()

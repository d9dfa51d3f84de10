"""What the studio's benchmarks share: one thread, rows, the least of several goes, the report.

Import it before numpy and PyTorch, whose thread pools read their settings once.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

Row = dict[str, Any]


def row(
    name: str,
    value: float,
    unit: str = "",
    *,
    bar: float | None = None,
    better: str = "lower",
    peer: float | None = None,
    **more: Any,
) -> Row:
    """One figure.

    Args:
        name: what was measured, and what its peer is.
        value: what it came to.
        unit: of the value.
        bar: what we mean to hold; None where there is none.
        better: ``lower`` or ``higher``.
        peer: the same of somebody else, from the same run.
        more: further keys of the row.
    """
    holds = bar is None or (value <= bar if better == "lower" else value >= bar)
    return {
        "name": name,
        "value": _rounded(value),
        "unit": unit,
        "peer": _rounded(peer),
        "bar": _rounded(bar),
        "better": better,
        "holds": bool(holds),
        **more,
    }


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """Least processor seconds of several goes: neighbours on the machine only ever add."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def report(
    name: str,
    about: str | None,
    measure: Callable[[argparse.Namespace], list[Row]],
    options: Callable[[argparse.ArgumentParser], object] = lambda parser: None,
    pictures: Mapping[str, str] | None = None,
) -> None:
    """Parse the command line, measure, print.

    Args:
        name: the benchmark's, as its file is called.
        about: its docstring.
        measure: called with the options, of which ``quick`` is always one.
        options: adds more of them.
        pictures: what to show beside the rows: title → path from the root of the repository.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options(parser)
    asked = parser.parse_args()
    rows = measure(asked)
    if asked.json:
        print(json.dumps({"benchmark": name, "rows": rows, "pictures": dict(pictures or {})}))
        return
    for r in rows:
        beside = f"  peer {r['peer']}" if r["peer"] is not None else ""
        mark = "  " if r["bar"] is None else "ok" if r["holds"] else "NO"
        print(f"{mark}  {r['name']}: {r['value']} {r['unit']}{beside}")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)

"""The demonstration: an empty folder becomes a firm that has sold works and paid its shareholders.

Everything in it is real but the people: the collectors are simulated, and said to be so.
"""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING, Any

from medici.agents import durable
from medici.errors import WrongUse
from medici.firm import folder as folders
from medici.firm import launch, verifying
from medici.firm.house import Firm
from medici.governance import dividends
from medici.market import earnings
from medici.store import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from medici.ledger.chain import Chain

JSON = dict[str, Any]
MARK = "demo.json"
"""Stands in the state folder of a demo: which one it is, so that another may replace it."""


def play(
    folder: Path, seed: int, rounds: int, progress: Callable[[int], None] = lambda done: None
) -> JSON:
    """Play the demonstration, or finish one that was cut off.

    Args:
        folder: made if needed; a finished demo in it is replaced, anything else is left alone.
        seed: same seed, same works.
        rounds: how many.
        progress: told how many steps are done.

    Raises:
        WrongUse: the folder holds something that is no demo.
    """
    began = time.monotonic()
    firm = _prepare(folder, seed, rounds)
    seconds: dict[str, float] = {}
    current: list[tuple[str, float]] = []

    def watch(number: int, step: str) -> None:
        _clock(seconds, current, step)
        progress(len(durable.STEPS) * (number - 1) + durable.STEPS.index(step) + 1)

    _clock(seconds, current, "launch")
    with launch.chain(firm, tied=True, deploy=True) as chain:
        reports, _ = durable.run(firm, chain, rounds, seed, watch)
        _clock(seconds, current, "check")
        verifying.write_bundle(firm, chain)
        result = _result(firm, chain, reports)
    _clock(seconds, current, "")
    atomic_write(
        firm.settings.state / MARK,
        json.dumps({"seed": seed, "rounds": rounds, "finished": True}).encode(),
    )
    progress(rounds * len(durable.STEPS) + 2)
    generate, certify = seconds.get("make", 0.0), seconds.get("certify", 0.0)
    checking = seconds.get("check", 0.0)
    total = time.monotonic() - began
    result["seconds"] = {
        "total": round(total, 3),
        "generate": round(generate, 3),
        "certify": round(certify, 3),
        "chain": round(total - generate - certify - checking, 3),
        "check": round(checking, 3),
    }
    return result


def _clock(seconds: dict[str, float], current: list[tuple[str, float]], step: str) -> None:
    now = time.monotonic()
    if current:
        name, since = current.pop()
        seconds[name] = seconds.get(name, 0.0) + now - since
    current.append((step, now))


def _prepare(folder: Path, seed: int, rounds: int) -> Firm:
    state = folder / ".medici"
    mark = state / MARK
    wanted = {"seed": seed, "rounds": rounds, "finished": False}
    if mark.exists():
        begun = (folder / "medici.toml").exists()
        if json.loads(mark.read_bytes()) == wanted and begun:
            return Firm.open(folder)
        if begun:
            launch.down(Firm.open(folder))
        for part in (folder / "out", state):
            shutil.rmtree(part, ignore_errors=True)
        for name in ("medici.toml", ".gitignore"):
            (folder / name).unlink(missing_ok=True)
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f"{folder} is not empty and holds no demo", "name another folder with --dir")
    atomic_write(mark, json.dumps(wanted).encode())
    folders.init(folder, name="Medici Demo")
    return Firm.open(folder)


def _result(firm: Firm, chain: Chain, reports: list[JSON]) -> JSON:
    books = earnings.books(chain)
    entries = list(firm.catalogue)
    verdicts = [verifying.verify_file(firm, firm.folder / entry.file) for entry in entries]
    again = firm.render([entry.record.seed for entry in entries])
    from medici.content import content_digest

    same = [
        content_digest(rendering) == entry.id
        for rendering, entry in zip(again, entries, strict=True)
    ]
    return {
        "folder": str(firm.folder),
        "firm": {"chain_id": chain.chain_id, "contracts": chain.contracts.addresses()},
        "simulated": ["collectors"],
        "rounds": reports,
        "money": books.as_json() | {"dividends": str(dividends.distributed(chain))},
        "works": [
            {
                "id": entry.id,
                "file": entry.file,
                "title": entry.title,
                "model": entry.record.model,
                "seed": entry.record.seed,
                "owner": chain.owner_of(entry.id),
            }
            for entry in entries
        ],
        "checks": {
            "every_file_verifies": bool(verdicts)
            and all(verdict["verdict"] == "authentic" for verdict in verdicts),
            "received_equals_paid_plus_owed": books.balanced,
            "rerun_matches": bool(same) and all(same),
        },
    }

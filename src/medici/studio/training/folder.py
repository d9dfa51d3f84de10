"""A run's folder: what its files are called, and whether its model is still to be written.

Training ends before the model is published, which may take long. A run that was stopped in between
is noted as over, so that resuming it publishes instead of training on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from medici.store import atomic_write
from medici.studio.families import RUN
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SNAPSHOT = "snapshot.safetensors"
BEST = "best.safetensors"
UNPUBLISHED = "unpublished.json"


def found_in(folder: Path, *names: str) -> Path | None:
    """The first of a run's files that is there: by name, in a model's folder or in a run's own."""
    places = (place / name for name in names for place in (folder / RUN, folder))
    return next((place for place in places if place.is_file()), None)


def how_to_go_on(run: Path) -> str:
    """What to do after a run was stopped, as words of a hint."""
    if (run / SNAPSHOT).exists():
        return "the same command with --resume goes on"
    return "the same command begins anew"


def note_unpublished(run: Path, budget: Mapping[str, float | None]) -> None:
    """Note that a run is over, by the budget that it had."""
    atomic_write(run / UNPUBLISHED, (json.dumps(dict(budget)) + "\n").encode())


def unpublished(run: Path) -> Mapping[str, Any] | None:
    """The budget of a run that is over while its model is not written; None of any other."""
    try:
        budget = read_json((run / UNPUBLISHED).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return budget if isinstance(budget, dict) else None


def forget_unpublished(run: Path) -> None:
    """The model is written, or the run goes on."""
    (run / UNPUBLISHED).unlink(missing_ok=True)

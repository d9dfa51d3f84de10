"""What a run was trained on, so that it cannot go on with other data and be recorded as theirs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from medici.errors import BadWeights, WrongUse
from medici.store import atomic_write
from medici.untrusted import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from medici.records import Digest

ORIGIN = "data.json"


def same_data(run: Path, root: Digest, *, resume: bool) -> None:
    """Note a new run's data; refuse to resume one that began with others.

    Args:
        run: the run's folder, which exists.
        root: Merkle root of the training data.
        resume: whether the run goes on.

    Raises:
        WrongUse: the run was trained on other data.
        BadWeights: what the folder says of its data cannot be read.
    """
    path = run / ORIGIN
    if resume and path.exists():
        try:
            began = read_json(path.read_text("utf-8"))["root"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadWeights(f"{path} does not say what the run was trained on") from error
        if began != root:
            raise WrongUse(
                f"{run} was trained on other data: root {began}, not {root}",
                "give the data it began with, or train into another folder with --start-from",
                code="other-data",
            )
        return
    atomic_write(path, (json.dumps({"root": root}) + "\n").encode())

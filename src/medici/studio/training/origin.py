"""Where a run comes from: its data, and the model that it began as.

It cannot go on with other data and be recorded as theirs; and what it learnt before it saw its data
is named in its model's record, with the licence that goes with it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medici.errors import BadWeights, WrongUse
from medici.store import atomic_write
from medici.studio.data.licences import together
from medici.studio.data.manifest import NOT_STATED
from medici.studio.families import RECORD, RUN, read_record
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from medici.records import Digest, ModelRecord

ORIGIN = "data.json"
STARTED = "start_from"
# Of ancestors in a row, and of what is said of all of them.
_MOST, _LARGEST = 24, 1 << 18


def note_origin(run: Path, root: Digest | None, parent: Path | None = None) -> None:
    """Note a new run's data, and the model that it begins as.

    Args:
        run: the new run's folder, which exists.
        root: Merkle root of the training data.
        parent: a model folder, or a run's. A run that was not published has no record: of what it
            learnt from the root alone is known, and its licence is not.

    Raises:
        BadWeights: the parent does not say where it comes from, or too much of it.
    """
    told: dict[str, Any] = {"root": root}
    if parent is not None:
        told[STARTED] = _described(parent)
        count = sum(1 for _ in _ancestors(told, parent))
        text = json.dumps(told)
        if count > _MOST or len(text) > _LARGEST:
            raise BadWeights(
                f"{parent} has {count} ancestors, told of in {len(text)} characters",
                f"at most {_MOST}, in {_LARGEST}: a record has to be read again",
            )
    atomic_write(run / ORIGIN, (json.dumps(told, ensure_ascii=False) + "\n").encode())


def same_data(run: Path, root: Digest) -> None:
    """See that a run goes on with what it began with.

    Args:
        run: the run's folder.
        root: Merkle root of the training data.

    Raises:
        WrongUse: the run was trained on other data, or does not say on what.
        BadWeights: what the folder says of its data cannot be read.
    """
    began = _origin(run).get("root")
    if began != root:
        told = f"was trained on other data: root {began}, not {root}"
        raise WrongUse(
            f"{run} {told if began else f'does not say in {ORIGIN} what it was trained on'}",
            "give the data it began with, or train into another folder with --start-from",
            code="other-data",
        )


def with_parent(record: ModelRecord, run: Path) -> ModelRecord:
    """The record of a run's model, with the model that it began as, and under both licences.

    Raises:
        BadWeights: what the run says of its parent cannot be read.
    """
    origin = _origin(run)
    if STARTED not in origin:
        return record
    licences = [_stated(ancestor) for ancestor in _ancestors(origin, run)]
    return replace(
        record,
        data_licence=together([record.data_licence or NOT_STATED, *licences]),
        training={**record.training, STARTED: origin[STARTED]},
    )


def record_of(folder: Path) -> ModelRecord | None:
    """The record of a model's folder or of the run in it; None of a run that was not published.

    Raises:
        BadWeights: it cannot be read.
    """
    places = (folder, folder.parent) if folder.name == RUN else (folder,)
    found = next((p / RECORD for p in places if (p / RECORD).exists()), None)
    return read_record(found) if found is not None else None


def _described(parent: Path) -> dict[str, Any]:
    """What a record will say of a parent; what its run says too, where that is something else."""
    run = parent / RUN if (parent / RUN).is_dir() else parent
    origin, record = _origin(run), record_of(parent)
    told: dict[str, Any] = {"name": parent.resolve().name, "data_licence": NOT_STATED}
    if record is not None:
        told = {
            "model": record.id,
            "name": record.name,
            "weights_sha256": record.weights_sha256,
            "data_root": record.data_root,
            "data_licence": record.data_licence or NOT_STATED,
            "data": record.training.get("data", {}),
            **{k: record.training[k] for k in (STARTED,) if k in record.training},
        }
    if "root" in origin and origin["root"] != told.get("data_root"):
        told |= {"data_root": origin["root"], "data_licence": NOT_STATED}
    if STARTED in origin and origin[STARTED] != told.get(STARTED):
        told[STARTED] = origin[STARTED]
        if record is not None:
            told["data_licence"] = together([told["data_licence"], record.data_licence])
    return told


def _origin(run: Path) -> dict[str, Any]:
    """What a run's folder says of where it comes from; nothing where there is no such file."""
    path = run / ORIGIN
    try:
        found = read_json(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as error:
        raise BadWeights(f"{path} does not say where the run comes from: {error}") from error
    if not isinstance(found, dict):
        raise BadWeights(f"{path} does not say where the run comes from")
    return found


def _ancestors(origin: Mapping[str, Any], where: Path) -> Iterator[Mapping[str, Any]]:
    told: Any = origin
    while STARTED in told:
        told = told[STARTED]
        if not isinstance(told, dict):
            raise BadWeights(f"{where} does not say what it began as")
        yield told


def _stated(told: Mapping[str, Any]) -> str:
    return str(told.get("data_licence") or NOT_STATED)

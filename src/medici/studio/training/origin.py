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
from medici.studio.training.folder import SNAPSHOT
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from medici.records import Digest, ModelRecord
    from medici.studio.families import Training

ORIGIN = "data.json"
PARENT = "parent.json"
STARTED = "start_from"


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


def note_parent(run: Path, parent: Path) -> None:
    """Note the model that a new run begins as.

    Args:
        run: the new run's folder, which exists.
        parent: a model folder, or a run's. A run that was not published has no record: of what it
            learnt from the root alone is known, and its licence is not.

    Raises:
        BadWeights: the parent's record cannot be read.
    """
    told: dict[str, Any] = {"name": parent.name, "data_licence": NOT_STATED}
    record = _record(parent)
    if record is None:
        told |= _unpublished(parent if (parent / SNAPSHOT).exists() else parent / RUN)
    else:
        told = {
            "model": record.id,
            "name": record.name,
            "weights_sha256": record.weights_sha256,
            "data_root": record.data_root,
            "data_licence": record.data_licence,
            "data": record.training.get("data", {}),
        }
        if STARTED in record.training:
            told[STARTED] = record.training[STARTED]
    atomic_write(run / PARENT, (json.dumps(told, ensure_ascii=False) + "\n").encode())


def with_parent(record: ModelRecord, run: Path) -> ModelRecord:
    """The record of a run's model, with the model that it began as, and under both licences.

    Raises:
        BadWeights: what the run says of its parent cannot be read.
    """
    path = run / PARENT
    if not path.exists():
        return record
    licences = _parts(record.data_licence)
    try:
        ancestor = parent = read_json(path.read_text("utf-8"))
        while ancestor is not None:
            licences += _parts(str(ancestor["data_licence"]))
            ancestor = ancestor.get(STARTED)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadWeights(f"{path} does not say what the run began as") from error
    both = together(part for part in licences if part)
    return replace(record, data_licence=both, training={**record.training, STARTED: parent})


def defaults(
    how: Training,
    run: Path,
    sizes: Collection[str],
    rates: Collection[str] = (),
    tuning: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Settings that a user need not name: of a run that goes on its own, of a parent its sizes.

    Args:
        how: what was asked for.
        run: the run's folder.
        sizes: names of settings that are sizes of the networks.
        rates: names of the other settings of a recipe.
        tuning: what is set otherwise when a model is fine-tuned.

    Raises:
        BadWeights: the snapshot or the parent's record cannot be read.
    """
    from medici.studio.training.snapshots import recipe_in

    if how.resume:
        snapshot, known = run / SNAPSHOT, {*sizes, *rates}
        found = recipe_in(snapshot) if snapshot.exists() else {}
        return {k: v for k, v in found.items() if k in known}
    if how.start_from is None:
        return {}
    return sizes_of(how.start_from, sizes) | dict(tuning or {})


def sizes_of(parent: Path, known: Collection[str]) -> dict[str, Any]:
    """Sizes of a parent's networks, as settings: what is fine-tuned has the parent's shape.

    Args:
        parent: a model folder; one without a record gives nothing.
        known: names of settings that are sizes.

    Raises:
        BadWeights: its record cannot be read.
    """
    record = _record(parent)
    training = record.training if record is not None else {}
    recipe = training.get("recipe", {})
    try:
        shape = recipe.get("shape", training.get("shape", recipe))
        return {k: v for k, v in shape.items() if k in known}
    except AttributeError as error:
        raise BadWeights(f"the record of {parent} does not say what it is made of") from error


def snapshot_of(parent: Path, names: Sequence[str] = (SNAPSHOT,)) -> Path:
    """The file of a run that another run begins with.

    Args:
        parent: a model folder with its ``run``, or a run's folder.
        names: of files that will do, the best first.

    Raises:
        WrongUse: there is none.
    """
    places = [folder / name for name in names for folder in (parent / RUN, parent)]
    path = next((place for place in places if place.exists()), None)
    if path is None:
        raise WrongUse(
            f"{parent} holds no training run to start from",
            "a GAN is fine-tuned from the run/ in its folder: its critic is nowhere else",
        )
    return path


def _parts(licence: str) -> list[str]:
    """Licences of which all hold, where an expression says so plainly."""
    parts = [part.strip() for part in licence.split(" AND ")]
    if any(part.count("(") != part.count(")") for part in parts):
        return [licence]
    return [part[1:-1] if part.startswith("(") and part.endswith(")") else part for part in parts]


def _unpublished(run: Path) -> dict[str, Any]:
    """What a run itself says of its data and of what it began as."""
    told: dict[str, Any] = {}
    for file, of, name in ((ORIGIN, "root", "data_root"), (PARENT, None, STARTED)):
        try:
            found = read_json((run / file).read_text("utf-8"))
            told[name] = found if of is None else found[of]
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError) as error:
            raise BadWeights(f"{run / file} does not say where the run comes from") from error
    return told


def _record(folder: Path) -> ModelRecord | None:
    places = (folder, folder.parent) if folder.name == RUN else (folder,)
    found = next((p / RECORD for p in places if (p / RECORD).exists()), None)
    return read_record(found) if found is not None else None

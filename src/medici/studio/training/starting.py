"""What a run begins with that a user need not name: its own settings, or its parent's sizes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from medici.errors import BadWeights, WrongUse
from medici.studio.training.folder import BEST, SNAPSHOT, found_in
from medici.studio.training.origin import record_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from medici.studio.families import Training


def defaults(
    how: Training,
    run: Path,
    sizes: Collection[str],
    rates: Collection[str] = (),
    tuning: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Settings that are not asked for: of a run that goes on all of them, of a parent its sizes.

    Args:
        how: what was asked for.
        run: the run's folder.
        sizes: names of settings that are sizes of the networks.
        rates: names of the other settings of a recipe.
        tuning: what is set otherwise when a model is fine-tuned.

    Raises:
        BadWeights: the snapshot or the parent's record cannot be read; or the run began with
            another value than is asked for, which its record could not tell.
    """
    from medici.studio.training.snapshots import recipe_in, refuse_other

    if how.resume:
        snapshot = run / SNAPSHOT
        began = recipe_in(snapshot) if snapshot.exists() else {}
        began = {k: v for k, v in began.items() if k in {*sizes, *rates}}
        asked = {k: v for k, v in how.settings.items() if k in began}
        refuse_other(snapshot, json.loads(json.dumps(asked)), began)
        return began
    if how.start_from is None:
        return {}
    return sizes_of(how.start_from, sizes) | dict(tuning or {})


def sizes_of(parent: Path, known: Collection[str]) -> dict[str, Any]:
    """Sizes of a parent's networks, as settings: what is fine-tuned has the parent's shape.

    Args:
        parent: a model folder, or a run's.
        known: names of settings that are sizes.

    Raises:
        BadWeights: its record or snapshot cannot be read.
    """
    from medici.studio.training.snapshots import recipe_in

    record = record_of(parent)
    if record is None:
        path = found_in(parent, SNAPSHOT, BEST)
        found = recipe_in(path) if path is not None else {}
    else:
        recipe = record.training.get("recipe", {})
        try:
            found = {**recipe, **recipe.get("shape", record.training.get("shape", {}))}
        except (AttributeError, TypeError) as error:
            raise BadWeights(f"the record of {parent} does not say what it is made of") from error
    return {k: v for k, v in found.items() if k in known}


def snapshot_of(parent: Path, names: Sequence[str] = (SNAPSHOT,)) -> Path:
    """The file of a run that another run begins with.

    Args:
        parent: a model folder with its ``run``, or a run's folder.
        names: of files that will do, the best first.

    Raises:
        WrongUse: there is none.
    """
    path = found_in(parent, *names)
    if path is None:
        raise WrongUse(
            f"{parent} holds no training run to start from",
            "a GAN is fine-tuned from the run/ in its folder: its critic is nowhere else",
        )
    return path

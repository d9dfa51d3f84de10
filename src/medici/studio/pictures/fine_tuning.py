"""Fine-tuning: a new run that begins with the weights of another model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medici.errors import BadWeights
from medici.studio.exact.identity import read_checked
from medici.studio.families import RECORD, WEIGHTS, read_record
from medici.studio.pictures.codes_trainer import SCHEMA as CODES
from medici.studio.pictures.gan import SCHEMA, TRAINED
from medici.studio.pictures.restoring import restore
from medici.studio.training import snapshots
from medici.studio.training.folder import BEST, SNAPSHOT, found_in
from medici.studio.training.starting import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from medici.studio.pictures.codes_trainer import CodesTrainer
    from medici.studio.pictures.gan import Trainer

# What may differ: the rest of the networks is taken over, these parts start anew.
_MAY_DIFFER = ("head", "slots", "classes")


def start_from(trainer: Trainer, folder: Path) -> dict[str, int]:
    """Set a new trainer's networks to those of an earlier run, wherever they fit.

    Both networks come from the run's snapshot; without one the generator alone, from its best
    weights. Optimisers, averages and random numbers begin anew.

    Args:
        trainer: fresh.
        folder: a model folder with its ``run``, or a run's folder.

    Returns:
        how many tensors were taken over and how many start anew.

    Raises:
        WrongUse: the folder holds no floats to begin with.
        BadWeights: they are of another architecture; the message says what differs.
    """
    path = snapshot_of(folder, (SNAPSHOT, BEST))
    schema = SCHEMA if path.name == SNAPSHOT else TRAINED
    about, tensors = snapshots.read_snapshot(path, schema)
    mine, theirs = trainer.recipe.shape.as_json(), about["recipe"]["shape"]
    for key in _MAY_DIFFER:
        mine.pop(key)
    snapshots.refuse_other(path, mine, theirs)
    parts: list[tuple[nn.Module, dict[str, Tensor]]] = [
        (
            trainer.generator,
            snapshots.under(tensors, "g.") if schema == SCHEMA else tensors,
        )
    ]
    if schema == SCHEMA:
        parts.append((trainer.discriminator, snapshots.under(tensors, "d.")))
    # The palette is the new data's: colours are theirs to choose.
    told = _taken(path, parts, without="head.palette")
    trainer.restart_averages()
    return told


def start_codes_from(trainer: CodesTrainer, folder: Path) -> dict[str, int]:
    """Set a new trainer's encoder, decoder and prior to those of an earlier model, where they fit.

    Of a run with its snapshot, what chooses among the palette's colours starts anew, since the
    palette is the new data's. A published model without its run is restored from its integers.

    Args:
        trainer: fresh.
        folder: a model folder, or a run's folder.

    Returns:
        how many tensors were taken over and how many start anew.

    Raises:
        WrongUse: the folder holds nothing to begin with.
        BadWeights: it is of another architecture; the message says what differs.
    """
    if found_in(folder, SNAPSHOT) is None and (folder / RECORD).exists():
        model = read_checked(folder / WEIGHTS, read_record(folder / RECORD))
        latent = model.about.get("latent")
        if not isinstance(latent, dict) or "codes" not in latent:
            raise BadWeights(f"{folder} is no model of codes", "give the body that it has")
        restore(trainer, model, folder.name)
        return {"taken": len(model.tensors), "fresh": len(trainer.networks.encoder.state_dict())}
    path = snapshot_of(folder)
    about, tensors = snapshots.read_snapshot(path, CODES)
    mine, theirs = trainer.recipe.shape.as_json(), about["recipe"]["shape"]
    mine.pop("slots")
    snapshots.refuse_other(path, mine, theirs)
    parts: list[tuple[nn.Module, dict[str, Tensor]]] = [
        (trainer.networks, snapshots.under(tensors, "n."))
    ]
    told = _taken(path, parts, without="decoder.colour2.")
    trainer.restart_averages()
    return told


def _taken(
    path: Path, parts: Sequence[tuple[nn.Module, Mapping[str, Tensor]]], without: str
) -> dict[str, int]:
    taken = fresh = 0
    for network, found in parts:
        state = network.state_dict()
        fits = {
            k: v
            for k, v in found.items()
            if k in state and v.shape == state[k].shape and not k.startswith(without)
        }
        network.load_state_dict(fits, strict=False)
        taken, fresh = taken + len(fits), fresh + len(state) - len(fits)
    if not taken:
        raise BadWeights(f"nothing in {path} fits these networks")
    return {"taken": taken, "fresh": fresh}

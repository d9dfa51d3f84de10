"""Fine-tuning: a chorale network that begins as another model's integers. Needs PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812

from medici.errors import BadWeights
from medici.studio.exact import restored
from medici.studio.exact.identity import read_checked
from medici.studio.families import RECORD, WEIGHTS, read_record
from medici.studio.music.export import FAMILY, SEQUENCE
from medici.studio.music.tokens import TURNS

if TYPE_CHECKING:
    from pathlib import Path

    from medici.studio.exact.sequence import Weights
    from medici.studio.music.networks import ChoraleNetwork
    from medici.studio.music.trainer import Trainer

# What rounding to integers adds to singular values that were 0, as a share of the largest.
_NOTHING = 1e-3


def start_from(trainer: Trainer, folder: Path) -> None:
    """Set a new trainer's network to that of a published model.

    Args:
        trainer: fresh.
        folder: of the model; its integers are enough.

    Raises:
        NoWeights, BadWeights: no such model, not one of music, or of another shape.
    """
    record = read_record(folder / RECORD)
    model = read_checked(folder / WEIGHTS, record)
    if record.family != FAMILY:
        raise BadWeights(f"{folder} is a model of {record.family}, not of {FAMILY}")
    weights = model.sequences[SEQUENCE].weights
    network = trainer.network
    if weights.reads != network.shape.reads:
        raise BadWeights(
            f"{folder} looks back at other steps", "give the near and far that its record names"
        )
    restore(network, weights, str(folder))
    trainer.restart_averages()


@torch.no_grad()
def restore(network: ChoraleNetwork, weights: Weights, name: str) -> None:
    """Write a sequence's integers into a network, as floats.

    Tables are products: what a token says, told in few numbers, times what its place makes of
    them. Each voice's tables are taken apart again by their singular values; how the numbers are
    turned among themselves is not known and does not matter.

    Args:
        network: of the same steps back.
        weights: of the model.
        name: of the model, for messages.

    Raises:
        BadWeights: sizes differ.
    """
    parts = {k: torch.from_numpy(v) for k, v in restored.sequence(weights).items()}
    tables = parts.pop("tables")
    state = network.state_dict()
    own = {"told": parts.pop("conditions"), **parts}
    differ = [k for k, v in own.items() if k not in state or state[k].shape != v.shape]
    if differ or tables.shape[2] != network.shape.width:
        what = ", ".join(differ) or "width"
        raise BadWeights(f"{name} is of another shape: {what}", "give the sizes its record names")
    each = network.shape.inside
    rows = _places(network)
    for turn in range(TURNS):
        mine = [k for k, (other, _) in enumerate(rows) if other == turn]
        wide = tables[mine].movedim(1, 0).flatten(1)  # (values, tables · width)
        left, sizes, right = torch.linalg.svd(wide, full_matrices=False)
        if (sizes[each:] > _NOTHING * sizes[0]).any():
            raise BadWeights(f"{name} tells tokens in more numbers than {each}", "leave out inside")
        roots = sizes[:each].sqrt()
        spare = each - len(roots)  # more numbers than the tables can use
        told = F.pad(left[:, :each] * roots, (0, spare))
        wider = F.pad(roots[:, None] * right[:each], (0, 0, 0, spare))
        again = wider.reshape(each, len(mine), -1)
        # Among features that say the same, as pitch and pitch class, the smallest numbers.
        features = network.features[turn, :-1]
        network.inside[turn] = torch.linalg.pinv(features) @ told
        for k, place in enumerate(mine):
            rows[place][1].copy_(again[:, k])
    network.load_state_dict(own, strict=False)


def _places(network: ChoraleNetwork) -> list[tuple[int, torch.Tensor]]:
    """Of each table, as `Shape.reads` numbers them: whose tokens it tells, and its rows."""
    each = network.shape.inside
    out: list[tuple[int, torch.Tensor]] = []
    for turn, rows in enumerate(network.same, 1):
        out += [(other, rows.data[other * each : (other + 1) * each]) for other in range(turn)]
    for weights in (*network.near, network.far):
        parts = weights.data.view(-1, each, network.shape.width)
        out += [(place % TURNS, part) for place, part in enumerate(parts)]
    return out

"""Slots that are undecided are split: what one draws as its likeliest self, two can draw.

A slot that may be white or blue wherever an eye may be is a resting place of the loss: it is always
drawn white, and no other slot is ever tried there. Only training imports this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from medici.studio.pictures.codes import Decoder
    from medici.studio.training.parallel import Workers

# In steps, and as a share of the drawing: what is split later has no time to become good.
_EVERY, _FROM, _UNTIL = 150, 300, 0.6
# Share of the pixels below which a slot is idle, and nats a pixel above which one is undecided.
_IDLE = 0.004


def due(step: int, done: float) -> bool:
    """Whether slots are looked at in this step, with such a share of the drawing done."""
    return step % _EVERY == 0 and step > _FROM and done < _UNTIL


def split(decoder: Decoder, values: Tensor, seed: int, workers: Workers) -> None:
    """Give the most undecided slot's work to two, where another slot is idle.

    Args:
        decoder: whose slots are looked at.
        values: (n, codes) of some pictures.
        seed: of the noise on the copy, equal in all workers.
        workers: who train together.
    """
    used, undecided = workers.mean_of(decoder.undecided(values)).cpu()
    slot, idle = int(undecided.argmax()), int(used.argmin())
    if slot != idle and used[idle] < _IDLE < undecided[slot]:
        decoder.split(slot, idle, torch.Generator().manual_seed(seed))

"""From exact layers back to floats: what fine-tuning starts from where a model has no run.

The integers are the weights, to a part in thirty thousand of the largest of each layer. What is
lost: norms are folded in, and the scale of scores that are only compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.exact.network import FRACTION
from medici.studio.exact.quantise import PHASES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.exact.network import Layer
    from medici.studio.exact.sequence import Weights

    Floats = NDArray[np.float32]


def layer(made: Layer) -> tuple[Floats, Floats]:
    """Weight and bias as PyTorch lays them out; of a raw layer up to a power of two.

    Args:
        made: ``dense``, ``conv``, ``down`` or ``up``, see `medici.studio.exact.quantise.layer`.

    Returns:
        (outputs, inputs), (outputs, inputs, 3, 3), (outputs, inputs, 4, 4) or
        (inputs, outputs, 4, 4); and (outputs,).
    """
    scale = 2.0**-made.shift
    weight = _laid_back(made.kind, made.weight.astype(np.float64) * scale)
    return weight.astype(np.float32), offsets(made.bias, made.shift)


def offsets(bias: NDArray[np.int64], shift: int) -> Floats:
    """Biases; the half that makes the floor round to nearest is taken off again."""
    half = 1 << (shift - 1) if shift else 0
    return ((bias - half) * 2.0 ** -(shift + FRACTION)).astype(np.float32)


def sequence(made: Weights) -> dict[str, Floats]:
    """A sequence as `medici.studio.training.autoregressive.Autoregressive` calls its parts."""
    parts = {
        "tables": (made.tables * 2.0**-made.shift).astype(np.float32),
        "conditions": (made.conditions * 2.0**-made.shift).astype(np.float32),
        "positions": offsets(made.positions, made.shift),
        "heads": (made.heads * 2.0**-made.score_shift).astype(np.float32),
        "offsets": offsets(made.offsets, made.score_shift),
    }
    for i, block in enumerate(made.blocks):
        name = f"{('first', 'second')[i % 2]}.{i // 2}"
        parts[f"{name}.weight"], parts[f"{name}.bias"] = layer(block)
    return parts


def _laid_back(kind: str, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    if kind == "dense":
        return weight
    if kind != "up":
        side = 3 if kind == "conv" else 4
        return weight.reshape(len(weight), side, side, -1).transpose(0, 3, 1, 2)
    _, outputs, inputs = weight.shape
    out = np.empty((inputs // 4, outputs, 4, 4))
    phases = iter(weight)
    for rows in PHASES:
        for columns in PHASES:
            taps = np.split(next(phases), 4, axis=1)
            for (y, x), tap in zip(((y, x) for y in rows for x in columns), taps, strict=True):
                out[:, :, y, x] = tap.T
    return out

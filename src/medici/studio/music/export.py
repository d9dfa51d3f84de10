"""From a trained chorale network to its exact integer form. Needs PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.studio.exact import quantise
from medici.studio.exact.identity import ExactModel, assemble
from medici.studio.exact.network import INPUT
from medici.studio.exact.sequence import Weights, gumbel_table
from medici.studio.music.plan import LEVELS
from medici.studio.music.tokens import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from medici.studio.exact.network import Layer
    from medici.studio.music.networks import ChoraleNetwork
    from medici.studio.music.score import Score

FAMILY = "music"
SEQUENCE = "notes"
DEFAULT_PSI = 900


def to_weights(network: ChoraleNetwork) -> Weights:
    """The network's integers, rounded once.

    Raises:
        BadWeights: a number is not finite or does not fit.
    """
    tables, conditions = _floats(network.tables()), _floats(network.told)
    whole, shift = quantise.integers(
        "notes.hidden", np.concatenate([tables.ravel(), conditions.ravel()])
    )
    heads, score_shift = quantise.integers("notes.scores", _floats(network.heads))
    blocks: list[Layer] = []
    before = INPUT
    for i, (first, second) in enumerate(zip(network.first, network.second, strict=True)):
        weights = [_floats(x) for x in (first.weight, first.bias, second.weight, second.bias)]
        blocks += [
            quantise.layer(f"in{i}", "dense", *weights[:2], leaky=True),
            quantise.layer(f"out{i}", "dense", *weights[2:], plus=before),
        ]
        before = f"out{i}"
    return Weights(
        tables=whole[: tables.size].reshape(tables.shape),
        conditions=whole[tables.size :].reshape(conditions.shape),
        positions=quantise.offsets("notes.hidden", _floats(network.positions), shift),
        shift=shift,
        blocks=tuple(blocks),
        heads=heads,
        offsets=quantise.offsets("notes.scores", _floats(network.offsets), score_shift),
        score_shift=score_shift,
        noise=gumbel_table(),
        reads=network.shape.reads,
    )


def to_model(
    network: ChoraleNetwork, scores: Sequence[Score], psi: int = DEFAULT_PSI
) -> ExactModel:
    """An exact model of a network.

    Args:
        network: trained.
        scores: what it was trained on; how often each key stands in them is kept.
        psi: the default temperature, in thousandths.

    Raises:
        BadWeights: sums could overflow, or a number does not fit.
    """
    about: dict[str, Any] = {"psi": psi, "silent": SILENT}
    return assemble(
        FAMILY, about, {}, {SEQUENCE: to_weights(network)}, {"keys": key_levels(scores)}
    )


def key_levels(scores: Sequence[Score]) -> Any:
    """Cumulative shares of the 24 keys, major then minor, of `LEVELS`: (24,) int64."""
    counts = np.zeros(24)
    for score in scores:
        tonic, mode = score.key
        counts[12 * mode + tonic] += 1
    # A key that a tenth of a percent of the pieces are in is not learnt; it is never drawn.
    counts[counts < max(2, 0.01 * counts.sum())] = 0
    if not counts.any():
        counts[0] = 1
    return np.rint(np.cumsum(counts) / counts.sum() * LEVELS).astype(np.int64)


def _floats(tensor: Tensor | Any) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(tensor.detach().double().cpu().numpy(), np.float64)


def about_network(about: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says of the training."""
    return {k: about[k] for k in ("recipe", "seed", "step", "average", "spent")}

"""From float weights to exact layers: norms folded, power-of-two scales, rounded once.

numpy only: families hand over plain arrays, whatever they trained with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import BadWeights
from medici.studio.exact.network import FRACTION, HIGHEST, LOWEST, Layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

_FINEST = 20
# Kernel rows (columns) of a 4×4 stride-2 transposed convolution that reach an even or odd output.
PHASES = ((3, 1), (2, 0))


def integers(name: str, weight: Floats, finest: int = _FINEST) -> tuple[NDArray[np.int16], int]:
    """Weights as int16 and the power of two that they were multiplied by.

    Raises:
        BadWeights: a weight is not finite, or too large for int16.
    """
    weight = np.asarray(weight, np.float64)
    if not np.isfinite(weight).all():
        raise BadWeights(f"layer {name} holds a number that is not finite")
    largest = max(float(np.abs(weight).max(initial=0)), 2.0**-finest)
    # The finest power of two at which the largest weight still fits.
    shift = min(finest, int(np.floor(np.log2(HIGHEST / largest))))
    if shift < 1:
        raise BadWeights(f"layer {name} has a weight of {largest:.3g}, too large for int16")
    return np.clip(np.rint(weight * 2.0**shift), LOWEST, HIGHEST).astype(np.int16), shift


def offsets(name: str, bias: Floats, shift: int, *, requantised: bool = True) -> NDArray[np.int64]:
    """Biases at the accumulator's scale; with the half that makes the floor round to nearest.

    Raises:
        BadWeights: a bias is not finite.
    """
    bias = np.asarray(bias, np.float64)
    if not np.isfinite(bias).all():
        raise BadWeights(f"layer {name} holds a number that is not finite")
    half = 1 << (shift - 1) if requantised else 0
    return np.asarray(np.rint(bias * 2.0 ** (shift + FRACTION)).astype(np.int64) + half)


def layer(
    name: str,
    kind: str,
    weight: Floats,
    bias: Floats | None = None,
    *,
    leaky: bool = False,
    wrap: bool = False,
    raw: bool = False,
    source: str | None = None,
    plus: str | None = None,
    grid: tuple[int, int] | None = None,
) -> Layer:
    """An exact layer from weights as PyTorch lays them out.

    Args:
        name: unique in its network.
        kind: ``dense`` takes (outputs, inputs); ``conv`` (outputs, inputs, 3, 3); ``up`` the
            (inputs, outputs, 4, 4) of a transposed convolution with stride 2 and padding 1;
            ``down`` (outputs, inputs, 4, 4) with stride 2 and padding 1. A 1×1 convolution is
            ``dense``. ``bilinear`` takes an empty array.
        weight: norms already folded in, see `folded`.
        bias: (outputs,), or None.
        leaky: whether a leaky ReLU follows.
        wrap: circular padding.
        raw: leave the accumulator as it is (the last layer before an argmax).
        source: as in `Layer`.
        plus: as in `Layer`.
        grid: as in `Layer`.

    Raises:
        BadWeights: a number is not finite or does not fit.
    """
    floats: NDArray[np.float64] = np.asarray(weight, np.float64)
    if kind == "bilinear":
        none = Layer(name, kind, np.zeros(0, np.int16), np.zeros(0, np.int64), 4)
        return replace(none, leaky=leaky, wrap=wrap, source=source, plus=plus)
    laid = _laid_out(kind, floats)
    whole, shift = integers(name, laid)
    bias = np.zeros(laid.shape[-2]) if bias is None else bias
    return Layer(
        name=name,
        kind=kind,
        weight=whole,
        bias=offsets(name, bias, shift, requantised=not raw),
        shift=0 if raw else shift,
        leaky=leaky,
        wrap=wrap,
        source=source,
        plus=plus,
        grid=grid,
    )


def _laid_out(kind: str, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    if kind == "dense":
        return weight.reshape(len(weight), -1)
    if kind in ("conv", "down"):
        return weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)
    phases = []
    for rows in PHASES:
        for columns in PHASES:
            taps = [weight[:, :, y, x].T for y in rows for x in columns]
            phases.append(np.concatenate(taps, axis=1))
    return np.stack(phases)


def seed(weight: Floats, channels: int) -> NDArray[np.float64]:
    """A dense layer that makes a grid: outputs reordered from (channel, y, x) to (y, x, channel).

    Args:
        weight: (channels · h · w, inputs), or a bias (channels · h · w,).
        channels: of the grid.
    """
    floats: NDArray[np.float64] = np.asarray(weight, np.float64)
    rest = floats.shape[1:]
    return floats.reshape(channels, -1, *rest).swapaxes(0, 1).reshape(-1, *rest)


def folded(
    weight: Floats,
    bias: Floats | None,
    scale: Floats,
    offset: Floats,
    *,
    outputs: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A norm after a layer, folded into it: y = scale · (W x + b) + offset.

    Args:
        weight: as PyTorch lays it out.
        bias: (outputs,) or None.
        scale: (outputs,), the norm's weight over its standard deviation.
        offset: (outputs,), the norm's bias less its mean times `scale`.
        outputs: the axis of `weight` that holds the outputs (1 for transposed convolutions).
    """
    shape = [1] * np.ndim(weight)
    shape[outputs] = -1
    scale = np.asarray(scale, np.float64)
    moved = 0.0 if bias is None else np.asarray(bias, np.float64)
    return np.asarray(weight, np.float64) * scale.reshape(shape), moved * scale + offset

"""From a trained float generator to its exact integer form. Needs PyTorch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from safetensors import SafetensorError, safe_open

from medici.errors import BadWeights
from medici.studio.exact.identity import LAYERS, build_network
from medici.studio.exact.network import FRACTION, HIGHEST, LOWEST, SCHEMA, ExactNetwork
from medici.studio.pictures.finish import GROUNDS
from medici.studio.pictures.networks import Generator, Shape

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from numpy.typing import NDArray
    from torch import nn

_FINEST = 20
_MEAN_OVER = 4096
# Kernel rows (columns) of a 4×4 stride-2 transposed convolution that reach an even or odd output.
_TAPS = ((3, 1), (2, 0))


def load_trained(path: Path) -> tuple[Generator, dict[str, Any]]:
    """A generator as training kept it, and what is known of its training.

    Raises:
        BadWeights: not such a file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["medici"])
            state = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
        shape = Shape.from_json(about["recipe"]["shape"])
        palette = ((state["palette"] + 1) * 127.5).round()
        network = Generator(shape, palette, transparent=bool(about["transparent"]))
        network.load_state_dict(state)
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise BadWeights(f"{path} is not a trained generator: {error}") from error
    return network.eval(), about


def to_integers(
    network: Generator, psi: int = 1000
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Fold norms into weights, scale by powers of two, round once.

    Args:
        network: in evaluation mode, norms measured.
        psi: the model's default truncation, in thousandths.

    Returns:
        header and tensors as docs/spec/exact-renderer.md lays them out.

    Raises:
        BadWeights: sums could overflow, or a weight is not finite.
    """
    shape = network.shape
    folded = {
        "mapping": (_dense(network.mapping, network.mapping_norm), "dense", True),
        "seed": (_seed(network.seed, network.seed_norm), "dense", True),
        "up1": (_up(network.up1, network.up1_norm), "up", True),
        "up2": (_up(network.up2, network.up2_norm), "up", True),
        "mask": (_convolution(network.mask), "conv", False),
        "colour1": (_dense(network.colour1), "dense", True),
        "colour2": (_dense(network.colour2), "dense", False),
    }
    tensors: dict[str, NDArray[Any]] = {}
    layers = []
    for name in LAYERS:
        (weight, bias), kind, leaky = folded[name]
        integers, offsets, shift = _quantise(name, weight, bias, requantised=name != "mask")
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = integers, offsets
        layers.append(
            {
                "name": name,
                "kind": kind,
                "shape": list(integers.shape),
                "shift": shift,
                "leaky": leaky,
            }
        )
    palette = cast("torch.Tensor", network.palette)
    tensors["palette"] = ((palette + 1) * 127.5).round().byte().cpu().numpy()
    header = {
        "schema": SCHEMA,
        "latent": {"normal": shape.normal, "codes": shape.codes, "values": shape.values},
        "slots": shape.slots,
        "transparent": network.transparent,
        "colours": len(tensors["palette"]),
        "grounds": [list(g) for g in GROUNDS] if network.transparent else [],
        "psi": psi,
        "layers": layers,
    }
    tensors["mean"] = np.zeros(shape.mapping, np.int16)
    tensors["mean"] = _mean(build_network(header, tensors))
    return header, tensors


def _mean(network: ExactNetwork) -> NDArray[np.int16]:
    """Mean mapped latent over the first seeds, rounded down."""
    z, _ = network.latents(range(_MEAN_OVER))
    total = network.mapped(z).astype(np.int64).sum(0)
    return np.asarray(total // _MEAN_OVER, np.int16)


def _scale_and_offset(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Any, Any]:
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise BadWeights("a norm was never measured; export an averaged generator")
    scale = norm.weight.double() / (variance.double() + norm.eps).sqrt()
    offset = norm.bias.double() - mean.double() * scale
    return scale.detach().cpu().numpy(), offset.detach().cpu().numpy()


def _array(tensor: torch.Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = tensor.detach().double().cpu().numpy()
    return array


def _dense(
    layer: nn.Linear, norm: nn.BatchNorm1d | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    weight, bias = _array(layer.weight), _array(layer.bias)
    if norm is None:
        return weight, bias
    scale, offset = _scale_and_offset(norm)
    return weight * scale[:, None], bias * scale + offset


def _seed(layer: nn.Linear, norm: nn.BatchNorm2d) -> tuple[NDArray[Any], NDArray[Any]]:
    """Outputs reordered from (channel, y, x) to (y, x, channel)."""
    scale, offset = _scale_and_offset(norm)
    weight = _array(layer.weight).reshape(len(scale), 16, -1) * scale[:, None, None]
    return weight.swapaxes(0, 1).reshape(16 * len(scale), -1), np.tile(offset, 16)


def _up(layer: nn.ConvTranspose2d, norm: nn.BatchNorm2d) -> tuple[NDArray[Any], NDArray[Any]]:
    """(in, out, 4, 4) → (phase, out, taps · in): what each of the four output phases sums."""
    scale, offset = _scale_and_offset(norm)
    kernel = _array(layer.weight) * scale[:, None, None]
    phases = []
    for rows in _TAPS:
        for columns in _TAPS:
            taps = [kernel[:, :, y, x].T for y in rows for x in columns]
            phases.append(np.concatenate(taps, axis=1))
    return np.stack(phases), offset


def _convolution(layer: nn.Conv2d) -> tuple[NDArray[Any], NDArray[Any]]:
    if layer.bias is None:
        raise BadWeights("the mask layer has no bias")
    weight = _array(layer.weight).transpose(0, 2, 3, 1)
    return weight.reshape(len(weight), -1), _array(layer.bias)


def _quantise(
    name: str, weight: NDArray[np.float64], bias: NDArray[np.float64], *, requantised: bool
) -> tuple[NDArray[np.int16], NDArray[np.int64], int]:
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise BadWeights(f"layer {name} holds a number that is not finite")
    largest = max(float(np.abs(weight).max()), 2.0**-_FINEST)
    # The finest power of two at which the largest weight still fits.
    shift = min(_FINEST, int(np.floor(np.log2(HIGHEST / largest))))
    if shift < 1:
        raise BadWeights(f"layer {name} has a weight of {largest:.3g}, too large for int16")
    integers = np.clip(np.rint(weight * 2.0**shift), LOWEST, HIGHEST).astype(np.int16)
    offsets = np.rint(bias * 2.0 ** (shift + FRACTION)).astype(np.int64)
    if not requantised:
        return integers, offsets, 0
    # Half a unit, so that the floor of requantising rounds to nearest on average.
    return integers, offsets + (1 << (shift - 1)), shift

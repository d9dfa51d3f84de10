"""From a trained float generator to its exact integer form. Needs PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights
from medici.studio.exact import quantise
from medici.studio.exact.identity import ExactModel, assemble
from medici.studio.exact.network import ONE
from medici.studio.textures.gan import TRAINED
from medici.studio.textures.networks import Generator, Shape
from medici.studio.textures.render import TURN
from medici.studio.training.snapshots import fitting, read_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

FAMILY = "textures"
# Ramps that suit a material by its name; anything else stays grey until a style says otherwise.
SUITS = {
    "brick": "terracotta",
    "bricks": "terracotta",
    "grass": "meadow",
    "gravel": "limestone",
    "leaves": "autumn",
    "rock": "slate",
    "sand": "sandstone",
    "stone": "limestone",
    "wood": "sandstone",
}


def load_trained(path: Path) -> tuple[Generator, dict[str, Any]]:
    """A generator as training kept it, and what is known of its training.

    Raises:
        BadWeights: not such a file.
    """
    about, state = read_snapshot(path, TRAINED, "trained texture generator")
    with fitting(path, "trained texture generator"):
        network = Generator(Shape.from_json(about["shape"]))
        network.load_state_dict(state)
    return network.eval(), about


def sines() -> NDArray[np.int16]:
    """One turn of a sine in Q10; kept in the model, so that no library of mathematics matters."""
    return np.asarray(np.rint(ONE * np.sin(2 * np.pi * np.arange(TURN) / TURN)), np.int16)


def to_exact(
    network: Generator, materials: Sequence[Mapping[str, Any]], psi: int = 1000
) -> ExactModel:
    """Fold norms into weights, scale by powers of two, round once.

    Args:
        network: in evaluation mode, norms measured.
        materials: of each class ``name``, ``relief`` (thousandths), ``tones`` (Q10), ``ramp`` and
            ``waves`` (turns over 2^20 pixels), see `described`.
        psi: the model's default truncation, in thousandths.

    Raises:
        BadWeights: sums could overflow, or a weight is not finite.
    """
    shape = network.shape
    layers = []
    trunk = (network.first, network.second, *network.ups)
    for i, (layer, norm) in enumerate(zip(trunk, network.norms, strict=True)):
        scale, offset = _scale_and_offset(norm)
        up = i >= 2
        weight, bias = quantise.folded(
            _array(layer.weight), None, scale, offset, outputs=1 if up else 0
        )
        name = f"up{i - 1}" if up else f"conv{i + 1}"
        kind = "up" if up else "conv"
        layers.append(quantise.layer(name, kind, weight, bias, leaky=True, wrap=True))
    assert network.last.bias is not None
    layers.append(
        quantise.layer(
            "last", "conv", _array(network.last.weight), _array(network.last.bias), wrap=True
        )
    )
    about = {
        "local": shape.local,
        "shared": shape.shared,
        "waves": shape.waves,
        "materials": [dict(m) for m in materials],
        "psi": psi,
    }
    return assemble(FAMILY, about, {"texture": layers}, more={"sines": sines()})


def described(
    name: str,
    pictures: Sequence[NDArray[np.uint8]],
    relief: float = 1.0,
    waves: Sequence[tuple[float, float]] = (),
) -> dict[str, Any]:
    """What a header says of a material: its tones are the light that 98 % of its pixels lie in."""
    grey = np.concatenate([p.mean(2).ravel() for p in pictures])
    low, high = (round((v / 127.5 - 1) * ONE) for v in np.percentile(grey, (1, 99)))
    return {
        "name": name,
        "relief": round(relief * 1000),
        "tones": [low, high],
        "ramp": SUITS.get(name.lower(), "grey"),
        "waves": [[round(down * (1 << 20)), round(across * (1 << 20))] for down, across in waves],
    }


def _array(tensor: Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = tensor.detach().double().cpu().numpy()
    return array


def _scale_and_offset(norm: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise BadWeights("a norm was never measured; export an averaged generator")
    scale = norm.weight.double() / (variance.double() + norm.eps).sqrt()
    offset = norm.bias.double() - mean.double() * scale
    return _array(scale), _array(offset)

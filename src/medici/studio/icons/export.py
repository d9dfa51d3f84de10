"""From trained float networks to the exact integer form. Needs PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights
from medici.studio.exact import quantise
from medici.studio.exact.identity import assemble
from medici.studio.exact.network import ONE
from medici.studio.icons.gan import Gan
from medici.studio.icons.networks import CELLS, GRID, SIDE, Prior
from medici.studio.training.autoregressive import Autoregressive

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray
    from torch import nn

    from medici.studio.exact.identity import ExactModel
    from medici.studio.exact.network import Layer
    from medici.studio.exact.sequence import Weights
    from medici.studio.icons.codes import Codes
    from medici.studio.icons.networks import Autoencoder, Drawer

_SHARES = 1 << 16


def to_exact(trainer: Codes | Gan, looks: Sequence[str], psi: int = 1000) -> ExactModel:
    """The integer model of a run's averaged networks.

    Args:
        trainer: the run.
        looks: names of the classes.
        psi: the model's default temperature or truncation, in thousandths.

    Raises:
        BadWeights: sums could overflow, or a weight is not finite.
    """
    counts = np.bincount(trainer.classes.numpy(), minlength=len(looks))
    # Where each look's share ends, of 65,536: two bytes of a seed choose.
    ends = (np.cumsum(counts) * _SHARES // counts.sum()).tolist()
    about: dict[str, Any] = {
        "body": trainer.recipe.body,
        "looks": list(looks),
        "ends": ends,
        "psi": psi,
        "side": SIDE,
    }
    if isinstance(trainer, Gan):
        about["latent"] = trainer.recipe.shape.latent
        return assemble("icons", about, {"drawer": _drawer(trainer.settled())})
    shape = trainer.recipe.shape
    about |= {
        "grid": GRID,
        "levels": list(shape.levels),
        # A number is at least level k when it is at least its threshold: rounding after tanh.
        "thresholds": [
            [round(float(np.arctanh(2 * k / n - 1)) * ONE) for k in range(1, n)]
            for n in shape.levels
        ],
        "codes": [[round((2 * k / (n - 1) - 1) * ONE) for k in range(n)] for n in shape.levels],
    }
    network, prior = trainer.settled(), trainer.smoothed["prior"]
    assert isinstance(prior, Prior)
    networks = {"encoder": _encoder(network), "decoder": _decoder(network)}
    return assemble("icons", about, networks, {"prior": _sequence(prior)})


def _sequence(prior: Prior) -> Weights:
    shape = prior.shape
    whole = Autoregressive(
        CELLS - 1,
        shape.values,
        width=shape.hidden,
        inner=shape.hidden,
        blocks=shape.depth,
        periods=CELLS,
        channels=1,
        told_values=shape.looks,
        relative=True,
    )
    state = {
        "tables": prior.tables(),
        "conditions": prior.looks[None],
        "positions": prior.places,
        "heads": prior.head.weight[None],
        "offsets": prior.head.bias[None],
        **{k: v for k, v in prior.state_dict().items() if k.startswith(("first.", "second."))},
    }
    whole.load_state_dict({k: v.detach().cpu() for k, v in state.items()})
    return whole.to_exact()


def _array(tensor: torch.Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = tensor.detach().double().cpu().numpy()
    return array


def _norm(norm: nn.BatchNorm2d) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise BadWeights("a norm was never measured; export an averaged network")
    scale = norm.weight.double() / (variance.double() + norm.eps).sqrt()
    offset = norm.bias.double() - mean.double() * scale
    return _array(scale), _array(offset)


def _normed(name: str, kind: str, part: Any, plus: str | None = None) -> Layer:
    """A convolution, its norm and its leaky ReLU as one exact layer."""
    scale, offset = _norm(part.norm)
    outputs = 1 if kind == "up" else 0
    weight, bias = quantise.folded(_array(part.layer.weight), None, scale, offset, outputs=outputs)
    return quantise.layer(name, kind, weight, bias, leaky=True, plus=plus)


def _plain(name: str, kind: str, layer: nn.Conv2d) -> Layer:
    assert layer.bias is not None
    return quantise.layer(name, kind, _array(layer.weight), _array(layer.bias))


def _encoder(network: Autoencoder) -> list[Layer]:
    parts = network.encoder
    return [
        _normed("down1", "down", parts.down1),
        _normed("down2", "down", parts.down2),
        _normed("mix", "conv", parts.mix, plus="down2"),
        _plain("code", "dense", parts.code),
    ]


def _decoder(network: Autoencoder) -> list[Layer]:
    parts = network.decoder
    layers = [_normed("first", "conv", parts.first)]
    for i, block in enumerate(parts.blocks):
        layers.append(_normed(f"block{i}", "conv", block, plus=layers[-1].name))
    return [
        *layers,
        _normed("up1", "up", parts.up1),
        _normed("mix", "conv", parts.mix, plus="up1"),
        _normed("up2", "up", parts.up2),
        _plain("paint", "conv", parts.paint),
    ]


def _drawer(network: Drawer) -> list[Layer]:
    scale, offset = _norm(network.norm)
    channels = len(scale)
    weight = _array(network.seed.weight).reshape(channels, 16, -1) * scale[:, None, None]
    return [
        quantise.layer(
            "seed",
            "dense",
            quantise.seed(weight.reshape(16 * channels, -1), channels),
            quantise.seed(np.repeat(offset, 16), channels),
            leaky=True,
            grid=(4, 4),
        ),
        _normed("up1", "up", network.up1),
        _normed("up2", "up", network.up2),
        _normed("up3", "up", network.up3),
        _plain("paint", "conv", network.paint),
    ]

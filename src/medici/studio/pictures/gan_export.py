"""From a trained picture GAN to exact layers: norms folded, grouped kernels laid out whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from medici.studio.exact import quantise
from medici.studio.pictures.bodies import Block, DcganBody, Generator, R3ganBody
from medici.studio.pictures.export import array, assemble_pictures, folded, palette_bytes, plain
from medici.studio.pictures.heads import Slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray
    from torch import nn

    from medici.studio.exact.identity import ExactModel
    from medici.studio.exact.network import Layer

_NO_PALETTE = np.zeros((0, 3), np.uint8)


def to_exact(network: Generator, classes: Sequence[str] = (), psi: int = 1000) -> ExactModel:
    """The picture model of a generator.

    Args:
        network: in evaluation mode, norms measured.
        classes: names of its classes, in order.
        psi: the model's default truncation, in thousandths.

    Raises:
        BadWeights: sums could overflow, or a weight is not finite.
    """
    shape, head = network.shape, network.head
    assert len(classes) == shape.classes
    slots = isinstance(head, Slots)
    palette = palette_bytes(cast("torch.Tensor", head.palette)) if slots else _NO_PALETTE
    return assemble_pictures(
        exact_networks(network),
        palette=palette,
        transparent=network.transparent,
        side=shape.side,
        slots=shape.slots if slots else 0,
        psi=psi,
        latent={"normal": shape.latent},
        head="nearest" if slots else "rgb",
        classes=classes,
    )


def exact_networks(network: Generator) -> dict[str, list[Layer]]:
    """The layers of any generator.

    Returns:
        ``map``: latents, then one-hot classes (1024 for the class asked for), all Q10 → mapped
        latents; ``draw``: mapped latents → scores: raw accumulators of slots, or Q10 red, green,
        blue (from -1 to 1) and perhaps alpha (drawn where over 0); ``colours``, with slots only:
        mapped latents → Q10 colours of the slots.

    Raises:
        BadWeights: a weight is not finite or does not fit.
    """
    layer = quantise.layer
    slots = isinstance(network.head, Slots)
    draw = _dcgan if isinstance(network.body, DcganBody) else _r3gan
    mapping = (
        folded(network.mapping, cast("nn.BatchNorm1d", network.mapping_norm))
        if list(network.norms())
        else plain(network.mapping)
    )
    out = layer("out", "conv", *plain(network.body.out), raw=slots)
    networks = {
        "map": [layer("mapping", "dense", *mapping, leaky=True)],
        "draw": [*draw(network.body), out],
    }
    if isinstance(network.head, Slots):
        networks["colours"] = [
            layer("colour1", "dense", *plain(network.head.colour1), leaky=True),
            layer("colour2", "dense", *plain(network.head.colour2)),
        ]
    return networks


def _grid(weight: NDArray[np.float64], bias: NDArray[np.float64] | None, *, leaky: bool) -> Layer:
    channels = len(weight) // 16
    offset = None if bias is None else quantise.seed(bias, channels)
    laid = quantise.seed(weight, channels)
    return quantise.layer("seed", "dense", laid, offset, leaky=leaky, grid=(4, 4))


def _dcgan(body: nn.Module) -> list[Layer]:
    assert isinstance(body, DcganBody)
    layers = [_grid(*folded(body.seed, body.seed_norm), leaky=True)]
    for i, (up, norm) in enumerate(zip(body.ups, body.norms, strict=True), 1):
        weights = folded(cast("nn.ConvTranspose2d", up), cast("nn.BatchNorm2d", norm))
        layers.append(quantise.layer(f"up{i}", "up", *weights, leaky=True))
    return layers


def _r3gan(body: nn.Module) -> list[Layer]:
    assert isinstance(body, R3ganBody)
    layer = quantise.layer
    layers = [_grid(*plain(body.seed), leaky=False)]
    for i, blocks in enumerate(body.blocks):
        if i:
            layers.append(
                layer(f"change{i}", "dense", *plain(cast("nn.Conv2d", body.changes[i - 1])))
            )
            layers.append(layer(f"bilinear{i}", "bilinear", np.zeros(0)))
        for j, block in enumerate(cast("nn.ModuleList", blocks)):
            assert isinstance(block, Block)
            before, name = layers[-1].name, f"block{i}.{j}"
            layers += [
                layer(f"{name}.first", "dense", *plain(block.first), leaky=True),
                layer(f"{name}.middle", "conv", *_ungrouped(block.middle), leaky=True),
                layer(f"{name}.last", "dense", *plain(block.last), plus=before),
            ]
    return layers


def _ungrouped(layer: nn.Conv2d) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """A grouped convolution as a whole one: zero where a group does not look."""
    weight, bias = plain(layer)
    outputs, inputs = weight.shape[0], layer.in_channels
    whole = np.zeros((outputs, inputs, *weight.shape[2:]))
    each, seen = outputs // layer.groups, inputs // layer.groups
    for g in range(layer.groups):
        whole[g * each : (g + 1) * each, g * seen : (g + 1) * seen] = array(layer.weight)[
            g * each : (g + 1) * each
        ]
    return whole, bias

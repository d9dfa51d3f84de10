"""From trained codes to their exact integer form. Needs PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.exact import quantise
from medici.studio.exact.network import ONE
from medici.studio.pictures.export import array, assemble_pictures, folded, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from medici.studio.exact.identity import ExactModel
    from medici.studio.exact.network import Layer
    from medici.studio.pictures.codes import Decoder
    from medici.studio.training.autoregressive import Autoregressive


def to_exact(
    decoder: Decoder,
    prior: Autoregressive,
    palette: NDArray[np.uint8],
    psi: int = 1000,
    directions: Mapping[str, NDArray[np.int16]] | None = None,
    classes: Sequence[str] = (),
) -> ExactModel:
    """Scale by powers of two and round once.

    Args:
        decoder: trained.
        prior: over its codes.
        palette: (k, 3) uint8.
        psi: the model's default temperature, in thousandths.
        directions: named steps of the mapped latent.
        classes: names of what the prior can be told, from its condition 1 on.

    Raises:
        BadWeights: sums could overflow, or a weight is not finite.
    """
    shape = decoder.shape
    layer = quantise.layer
    mapping = [layer("first", "dense", *folded(decoder.first, decoder.norm), leaky=True)]
    for i, block in enumerate(decoder.blocks):
        weight, bias = folded(block.layer, block.norm)  # type: ignore[arg-type]
        before = mapping[-1].name
        mapping.append(layer(f"block{i}", "dense", weight, bias, leaky=True, plus=before))
    steps = (shape.levels - 1) // 2
    levels = np.array([ONE * k // steps for k in range(-steps, steps + 1)], np.int16)
    return assemble_pictures(
        {
            "map": mapping,
            "draw": _draw(decoder),
            "colours": [
                layer("colour1", "dense", *plain(decoder.colour1), leaky=True),
                layer("colour2", "dense", *plain(decoder.colour2), raw=True),
            ],
        },
        palette=palette,
        transparent=decoder.transparent,
        side=shape.side,
        smooth=shape.smooth,
        slots=shape.slots,
        psi=psi,
        latent={"codes": shape.codes},
        prior=prior.to_exact(),
        levels=levels,
        head="indexed",
        directions=directions,
        classes=classes,
    )


def _draw(decoder: Decoder) -> list[Layer]:
    layer = quantise.layer
    weight, bias = array(decoder.seed.weight), array(decoder.seed.bias)
    cells = len(bias) // 256
    weight, bias = quantise.seed(weight, cells), quantise.seed(bias, cells)
    # Scores that are blended between places must be of one size; else they only are compared.
    raw = not decoder.shape.smooth
    if decoder.mask is None:
        return [layer("mask", "dense", weight, bias, raw=raw, grid=(16, 16))]
    layers = [layer("seed", "dense", weight, bias, leaky=True, grid=(16, 16))]
    for i, up in enumerate(decoder.ups):
        layers.append(layer(f"up{i}", "up", *plain(up), leaky=True))  # type: ignore[arg-type]
    return [*layers, layer("mask", "conv", *plain(decoder.mask), raw=raw)]

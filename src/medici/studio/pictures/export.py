"""From a trained float generator to its exact integer form. Needs PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights
from medici.studio.exact import latents, quantise
from medici.studio.exact.fitting import fitted
from medici.studio.exact.identity import ExactModel, assemble
from medici.studio.exact.network import ONE, Network
from medici.studio.exact.sequence import Sequence
from medici.studio.pictures.directions import components
from medici.studio.pictures.finish import GROUNDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Sequence as Row

    import torch
    from numpy.typing import NDArray
    from torch import nn

    from medici.studio.exact.network import Layer
    from medici.studio.exact.sequence import Weights

_MEAN_OVER = 4096
_TRIED, _TRIED_PIXELS = 64, 1 << 20


def assemble_pictures(
    networks: Mapping[str, Row[Layer]],
    *,
    palette: NDArray[np.uint8],
    transparent: bool,
    side: int,
    slots: int,
    psi: int,
    latent: Mapping[str, int],
    prior: Weights | None = None,
    levels: NDArray[np.int16] | None = None,
    head: str = "nearest",
    smooth: int = 0,
    classes: Row[str] = (),
    directions: Mapping[str, NDArray[np.int16]] | None = None,
) -> ExactModel:
    """A picture model from its networks ``map``, ``draw`` and ``colours``.

    The mean of mapped latents, which truncation pulls towards, is taken over the first seeds, and
    so are the numbers that drawing and colours must hold (`medici.studio.exact.fitting`). Normal
    latents are steered along their principal components unless `directions` names others.

    Raises:
        BadWeights: sums could overflow.
    """
    mapped = Network(networks["map"])
    tried = max(4, min(_TRIED, _TRIED_PIXELS // side**2))
    if "normal" in latent:
        size = latent["normal"] * latents.BYTES_A_NORMAL
        z = latents.normals(latents.streams("latent", range(_MEAN_OVER), size))
        if classes:
            drawn = latents.draws(latents.streams("class", range(_MEAN_OVER), 2))[:, 0]
            hot = (drawn[:, None] % len(classes) == np.arange(len(classes))) * float(ONE)
            z = np.concatenate([z, hot], 1)
        everywhere = mapped(z)
        mean = everywhere.astype(np.int64).sum(0) // _MEAN_OVER
        directions = directions or components(everywhere)
    else:
        assert prior is not None
        assert levels is not None
        sequence = Sequence(prior, "prior")
        told = np.zeros((tried, latent["codes"], 1), np.int64) if classes else None
        tokens = sequence.draw(sequence.noise("codes", range(tried), latent["codes"]), told=told)
        z = levels[tokens].astype(np.float64)
        mean = np.zeros(len(networks["map"][-1].bias), np.int64)
    h = mapped(z[:tried])
    fits = {"draw": fitted(networks["draw"], h, last=head != "rgb")}
    if networks.get("colours"):
        fits["colours"] = fitted(networks["colours"], h, last=head == "indexed")
    networks = {**networks, **fits}
    more: dict[str, NDArray[Any]] = {"mean": mean.astype(np.int16), "palette": palette}
    if directions:
        more["directions"] = np.stack(list(directions.values()))
    if levels is not None:
        more["levels"] = levels
    return assemble(
        "pictures",
        {
            "side": side,
            "smooth": smooth,
            "slots": slots,
            "transparent": transparent,
            "grounds": [list(g) for g in GROUNDS] if transparent else [],
            "psi": psi,
            "head": head,
            "classes": list(classes),
            "directions": list(directions or ()),
            "latent": dict(latent),
        },
        networks,
        {"prior": prior} if prior is not None else None,
        more,
    )


def palette_bytes(palette: torch.Tensor) -> NDArray[np.uint8]:
    """(k, 3) in [-1, 1] → (k, 3) uint8."""
    out: NDArray[np.uint8] = ((palette + 1) * 127.5).round().byte().cpu().numpy()
    return out


def array(tensor: torch.Tensor) -> NDArray[np.float64]:
    """A parameter as numpy sees it."""
    out: NDArray[np.float64] = tensor.detach().double().cpu().numpy()
    return out


def plain(
    layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d,
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Weight and bias of a layer without a norm."""
    return array(layer.weight), None if layer.bias is None else array(layer.bias)


def folded(
    layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d, norm: nn.BatchNorm1d | nn.BatchNorm2d
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weight and bias of a layer with the batch norm after it folded in.

    Raises:
        BadWeights: the norm was never measured.
    """
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise BadWeights("a norm was never measured; export an averaged generator")
    scale = array(norm.weight) / np.sqrt(array(variance) + norm.eps)
    offset = array(norm.bias) - array(mean) * scale
    weight, bias = plain(layer)
    spread = weight.shape[1 if weight.ndim == 4 and "Transpose" in type(layer).__name__ else 0]
    if spread != len(scale):  # a dense layer that makes a grid, with one norm a channel
        scale, offset = (np.repeat(x, spread // len(scale)) for x in (scale, offset))
    outputs = 1 if "Transpose" in type(layer).__name__ else 0
    return quantise.folded(weight, bias, scale, offset, outputs=outputs)

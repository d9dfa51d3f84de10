"""Fine-tuning: icon networks that begin as another model's integers. Needs PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from medici.errors import BadWeights, WrongUse
from medici.studio.exact import restored
from medici.studio.exact.identity import read_checked
from medici.studio.families import RECORD, WEIGHTS, read_record
from medici.studio.icons.codes import Codes
from medici.studio.training.layers import open_norms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from medici.studio.exact.identity import ExactModel
    from medici.studio.icons.networks import Autoencoder, Prior
    from medici.studio.icons.trainer import Trainer

_SEEN = 1024  # icons that norms are measured on


def start_from(trainer: Trainer, folder: Path, looks: Sequence[str]) -> None:
    """Set a new trainer's networks to those of a published model.

    A look that the model knows keeps what it means; any other begins as the mean of them all.

    Args:
        trainer: fresh, of the model's sizes.
        folder: of the model; its integers are enough.
        looks: names of the trainer's classes.

    Raises:
        NoWeights, BadWeights: no such model, or one of another shape.
        WrongUse: icons of a GAN, whose critic is not in its folder.
    """
    model = read_checked(folder / WEIGHTS, read_record(folder / RECORD))
    if not isinstance(trainer, Codes) or model.about.get("body") != "codes":
        raise WrongUse(
            "icons of a GAN cannot be fine-tuned: its critic is not part of the model",
            "start from icons of body codes",
        )
    autoencoder = cast("Autoencoder", trainer.networks["autoencoder"])
    prior = cast("Prior", trainer.networks["prior"])
    sizes = (list(trainer.recipe.shape.levels), model.about.get("levels"))
    if sizes[0] != sizes[1]:
        raise BadWeights(f"{folder} has codes of {sizes[1]} levels, not {sizes[0]}")
    try:
        _restore_prior(prior, model, looks)
        _restore_autoencoder(autoencoder, model)
    except (RuntimeError, KeyError, ValueError, TypeError, IndexError) as error:
        raise BadWeights(
            f"{folder} is of another shape: {error}", "give the sizes its record names"
        ) from error
    random = torch.Generator().manual_seed(trainer.seed + 1)
    chosen = torch.randint(len(trainer.data), (_SEEN,), generator=random)
    seen = (trainer.data[chosen].float() / 127.5 - 1).to(trainer.device)
    open_norms(autoencoder, lambda: autoencoder(seen))
    for name, network in trainer.smoothed.items():
        network.load_state_dict(trainer.networks[name].state_dict())


def _restore_prior(prior: Prior, model: ExactModel, looks: Sequence[str]) -> None:
    parts = {
        k: torch.from_numpy(v)
        for k, v in restored.sequence(model.sequences["prior"].weights).items()
    }
    theirs = parts.pop("conditions")[0]
    known = dict(zip(model.about["looks"], theirs, strict=True))
    hot = cast("Tensor", prior.hot)
    state = {
        # A token's row is the sum of its numbers' rows: of all that give it, the smallest.
        "rows": torch.einsum("lv,pvd->pld", torch.linalg.pinv(hot), parts.pop("tables")),
        "looks": torch.stack([known.get(look, theirs.mean(0)) for look in looks]),
        "places": parts.pop("positions"),
        "head.weight": parts.pop("heads")[0],
        "head.bias": parts.pop("offsets")[0],
        **parts,
    }
    prior.load_state_dict(state)


def _restore_autoencoder(network: Autoencoder, model: ExactModel) -> None:
    layers = {
        f"{part}.{layer.name}": restored.layer(layer)
        for part in ("encoder", "decoder")
        for layer in model.networks[part].layers
    }
    places = _places(network)
    if set(places) != set(layers):
        raise KeyError(", ".join(sorted(set(places) ^ set(layers))))
    with torch.no_grad():
        for name, (layer, norm) in places.items():
            weight, bias = (torch.from_numpy(x) for x in layers[name])
            layer.weight.copy_(weight.reshape_as(layer.weight) if weight.ndim == 2 else weight)
            offset = layer.bias if norm is None else norm.bias
            assert offset is not None
            offset.copy_(bias)


def _places(network: Autoencoder) -> Mapping[str, tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Layers and the norms after them, by the names that the exact form has for them."""
    encoder, decoder = network.encoder, network.decoder
    normed: dict[str, Any] = {
        "encoder.down1": encoder.down1,
        "encoder.down2": encoder.down2,
        "encoder.mix": encoder.mix,
        "decoder.first": decoder.first,
        **{f"decoder.block{i}": block for i, block in enumerate(decoder.blocks)},
        "decoder.up1": decoder.up1,
        "decoder.mix": decoder.mix,
        "decoder.up2": decoder.up2,
    }
    found: dict[str, tuple[nn.Conv2d, nn.BatchNorm2d | None]] = {
        "encoder.code": (encoder.code, None),
        "decoder.paint": (decoder.paint, None),
    }
    return found | {k: (v.layer, v.norm) for k, v in normed.items()}

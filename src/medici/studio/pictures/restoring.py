"""Codes that begin as another model's integers: decoder and prior are in them, the encoder is not.

An encoder is learnt back from the model's own works, of which the codes are known and which cost
nothing; so any published model can be fine-tuned, with its run or without. Needs PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from medici.errors import BadWeights
from medici.logs import logger
from medici.studio.data.sampling import batch
from medici.studio.exact import restored
from medici.studio.pictures.codes import quantised, to_tokens
from medici.studio.pictures.networks import as_seen
from medici.studio.training.layers import open_norms

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from medici.studio.exact.identity import ExactModel
    from medici.studio.exact.network import Layer
    from medici.studio.pictures.codes import Decoder
    from medici.studio.pictures.codes_trainer import CodesTrainer, Networks

_WORKS = 16384  # codes that the prior is asked for
_STEPS, _BATCH, _RATE = 1000, 128, 2e-3
_MEASURED = 512
_FORGOTTEN = 0.05  # of the share found, a step
# Standard deviation of scores that the search for their scale begins with, and how many doublings
# it goes up and down.
_SPREAD, _WIDER = 4.0, 4


def restore(trainer: CodesTrainer, model: ExactModel, name: str) -> float:
    """Set a new trainer's networks to those of an exact model.

    Args:
        trainer: fresh, of the model's sizes.
        model: of codes.
        name: of the model, for messages.

    Returns:
        share of the codes of own works that the new encoder finds.

    Raises:
        BadWeights: it is of another shape, or keeps its ground otherwise.
    """
    decoder, prior = trainer.networks.decoder, trainer.networks.prior
    try:
        if bool(model.about["transparent"]) != trainer.transparent:
            which = "on" if trainer.transparent else "without"
            raise BadWeights(f"{name} was not trained on pictures {which} transparent ground")
        parts = {
            k: torch.from_numpy(v)
            for k, v in restored.sequence(model.sequences["prior"].weights).items()
        }
        parts["conditions"] = _told_of(parts["conditions"], list(model.about["classes"]), trainer)
        prior.load_state_dict(parts)
        _restore_decoder(decoder, model, trainer.palette)
    except (RuntimeError, KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise BadWeights(
            f"{name} is of another shape: {error}", "give the sizes its record names"
        ) from error
    works = _codes(model, trainer)
    open_norms(decoder, lambda: decoder.mapped(works[:_MEASURED]))
    found = _learn_encoder(trainer, works)
    _find_scales(trainer)
    with torch.no_grad():  # The same everywhere, whatever each machine's rounding made of it.
        for tensor in trainer.networks.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(trainer.workers.mean_of(tensor))
    trainer.restart_averages()
    logger("studio").info(
        "encoder learnt back from the model's own works", model=name, found=round(found, 3)
    )
    return found


def _told_of(theirs: Tensor, names: list[str], trainer: CodesTrainer) -> Tensor:
    """Rows of the prior's conditions: known classes keep theirs, new ones begin as none told."""
    mine = torch.zeros_like(trainer.networks.prior.conditions)
    if theirs.numel() and mine.numel() and theirs.shape[2] == mine.shape[2]:
        mine[:] = theirs[:, :1]
        for i, name in enumerate(trainer.classes, 1):
            if name in names:
                mine[:, i] = theirs[:, names.index(name) + 1]
    return mine


def _restore_decoder(decoder: Decoder, model: ExactModel, palette: NDArray[np.uint8]) -> None:
    layers = {
        f"{part}.{layer.name}": layer
        for part in ("map", "draw", "colours")
        for layer in model.networks[part].layers
    }
    places: dict[str, tuple[nn.Module, nn.BatchNorm1d | None]] = {
        "map.first": (decoder.first, decoder.norm),
        **{f"map.block{i}": (b.layer, b.norm) for i, b in enumerate(decoder.blocks)},  # type: ignore[misc]
        **{f"draw.up{i}": (up, None) for i, up in enumerate(decoder.ups)},
        **({} if decoder.mask is None else {"draw.mask": (decoder.mask, None)}),
        "colours.colour1": (decoder.colour1, None),
    }
    grid, last = "draw.mask" if decoder.mask is None else "draw.seed", "colours.colour2"
    if set(layers) != {*places, grid, last}:
        raise KeyError(", ".join(sorted(set(layers) ^ {*places, grid, last})))
    for name, (layer, norm) in places.items():
        _set(layer, layers[name], norm)
    _set(decoder.seed, layers[grid], cells=256)
    # New colours begin as the nearest that the model knows.
    theirs = model.tensors["palette"].astype(np.int64)
    gaps = ((palette[:, None].astype(np.int64) - theirs) ** 2).sum(2)
    nearest = torch.from_numpy(gaps.argmin(1))
    weight, bias = (torch.from_numpy(x) for x in restored.layer(layers[last]))
    with torch.no_grad():
        for mine, known in ((decoder.colour2.weight, weight), (decoder.colour2.bias, bias)):
            rows = known.reshape(-1, len(theirs), *known.shape[1:])[:, nearest]
            mine.copy_(rows.flatten(0, 1))


def _set(layer: nn.Module, made: Layer, norm: nn.BatchNorm1d | None = None, cells: int = 0) -> None:
    weight, bias = (torch.from_numpy(x) for x in restored.layer(made))
    if cells:  # (y, x, channel) → (channel, y, x)
        weight = weight.reshape(cells, -1, weight.shape[1]).transpose(0, 1).flatten(0, 1)
        bias = bias.reshape(cells, -1).T.flatten()
    offset = layer.bias if norm is None else norm.bias
    assert isinstance(layer.weight, torch.Tensor)
    assert isinstance(offset, torch.Tensor)
    with torch.no_grad():
        layer.weight.copy_(weight)
        offset.copy_(bias)


def _codes(model: ExactModel, trainer: CodesTrainer) -> Tensor:
    """Codes of the model's own works, (n, codes) from -1 to 1."""
    prior, codes = model.sequences["prior"], trainer.recipe.shape.codes
    told = np.zeros((_WORKS, codes, 1), np.int64) if model.about["classes"] else None
    tokens = prior.draw(prior.noise("codes", range(_WORKS), codes), told=told)
    half = (trainer.recipe.shape.levels - 1) / 2
    return torch.from_numpy(tokens / half - 1).float().to(trainer.device)


def _learn_encoder(trainer: CodesTrainer, works: Tensor) -> float:
    """Show the encoder works of the decoder and the codes they were drawn from."""
    networks, levels = trainer.networks, trainer.recipe.shape.levels
    encoder, random = networks.encoder, torch.Generator().manual_seed(trainer.seed)
    optimiser = torch.optim.AdamW(encoder.parameters(), _RATE)
    found = 0.0
    for step in range(_STEPS):
        for group in optimiser.param_groups:
            group["lr"] = _RATE * min(1.0, 2 - 2 * step / _STEPS)
        chosen = torch.randint(len(works), (_BATCH,), generator=random)
        values = works[chosen]
        with trainer.precision.cast():
            soft = torch.tanh(encoder(_drawn(networks, values, trainer)).float())
        loss = F.mse_loss(soft, values)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        right = to_tokens(soft.detach(), levels) == to_tokens(values, levels)
        found += _FORGOTTEN * (float(right.float().mean()) - found)
    optimiser.zero_grad(set_to_none=True)
    return found


@torch.no_grad()
def _drawn(networks: Networks, values: Tensor, trainer: CodesTrainer) -> Tensor:
    """Pictures of codes as an encoder sees them."""
    first = int(trainer.transparent)
    scores, colours = networks.decoder(values)
    slots = scores.argmax(1)
    palette = torch.from_numpy(trainer.palette).to(values.device)
    chosen = palette[colours.argmax(2)]  # (n, coloured, 3)
    chosen = F.pad(chosen, (0, 1), value=255)
    if first:
        chosen = F.pad(chosen, (0, 0, 1, 0))
    index = slots.flatten(1)[..., None].expand(-1, -1, 4)
    pixels = chosen.gather(1, index).reshape(*slots.shape, 4)
    return as_seen(pixels, transparent=trainer.transparent)


@torch.no_grad()
def _find_scales(trainer: CodesTrainer) -> None:
    """Scores that were only compared get the scales at which real pictures surprise them least."""
    side, levels = trainer.recipe.shape.side, trainer.recipe.shape.levels
    count = max(_BATCH // 4, _MEASURED * 256 // side**2)
    pixels = torch.from_numpy(batch(trainer.data, 0, count, trainer.seed))
    seen = as_seen(pixels, transparent=trainer.transparent).to(trainer.device)
    labels = trainer.labels(pixels).to(trainer.device)
    decoder = trainer.networks.decoder
    values = quantised(trainer.networks.encoder(seen), levels)
    masks = decoder.seed if decoder.mask is None else decoder.mask
    layers = (masks, decoder.colour2)
    for layer, scores in zip(layers, decoder(values), strict=True):
        _scale(layer, float(_SPREAD / scores.std()))
    for layer in layers * 2:
        told: dict[int, float] = {}
        for step in range(-_WIDER, _WIDER + 1):
            _scale(layer, 2.0**step)
            told[step] = float(decoder.surprise(values, labels).mean())
            _scale(layer, 2.0**-step)
        _scale(layer, 2.0 ** min(told, key=told.__getitem__))


def _scale(layer: nn.Linear | nn.Conv2d, factor: float) -> None:
    assert layer.bias is not None
    layer.weight.mul_(factor)
    layer.bias.mul_(factor)

"""Layers whose numbers outgrow int16, scaled down by powers of two.

Convolutions and leaky ReLUs commute with a positive factor, so a layer may give a 2^-k of what it
gave and the next one make up for it: its bias shrinks by as much and it drops fewer bits. Networks
without norms need it, since nothing in training keeps their activations within ±32.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import BadWeights
from medici.studio.exact.network import HIGHEST, INPUT, Layer, Network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medici.studio.exact.network import Numbers

_ROOM = HIGHEST * 2 // 3  # what inputs that were not tried may reach beyond is left free
_TRIED = 8  # bits more, to see how far a saturated layer would go
_MOST = 30  # bits that requantising may drop


def fitted(layers: Sequence[Layer], x: Numbers, *, last: bool) -> list[Layer]:
    """Layers that no longer saturate at inputs like these.

    Args:
        layers: of one network. Layers that fit already stay as they are, to the bit.
        x: inputs, (n, …) Q10; a handful that is typical.
        last: whether the last layer may be scaled as well: where its outputs are only compared.

    Raises:
        BadWeights: no power of two makes room.
    """
    groups = _groups(layers)
    down = dict.fromkeys(groups.values(), 0)  # bits, by group
    fixed = {groups[INPUT]} | (set() if last else {groups[layers[-1].name]})

    def reached(name: str) -> float:
        out = Network(_scaled(layers, groups, down)).between(x, None, name)
        return float(np.abs(out).max(initial=0))

    for layer in layers:
        group = groups[layer.name]
        if group in fixed or not layer.shift:
            continue
        while (far := reached(layer.name)) > _ROOM:
            before = down[group]
            if far >= HIGHEST:  # it may go any distance beyond
                down[group] += _TRIED
                far = reached(layer.name) * 2.0**_TRIED
            down[group] = before + int(np.ceil(np.log2(min(far, HIGHEST << _TRIED) / _ROOM)))
    return _scaled(layers, groups, down)


def _groups(layers: Sequence[Layer]) -> dict[str, str]:
    """What is added to each other, or passed on without weights, has one scale: name → group."""
    groups, before = {INPUT: INPUT}, INPUT
    for layer in layers:
        source, before = layer.source or before, layer.name
        groups[layer.name] = groups[source] if layer.kind == "bilinear" else layer.name
        if layer.plus is not None:
            old, new = groups[layer.name], groups[layer.plus]
            groups = {k: new if v == old else v for k, v in groups.items()}
    return groups


def _scaled(
    layers: Sequence[Layer], groups: Mapping[str, str], down: Mapping[str, int]
) -> list[Layer]:
    """Layers whose outputs are 2^-`down` of what they were."""
    made, before = [], INPUT
    for layer in layers:
        read, given = down[groups[layer.source or before]], down[groups[layer.name]]
        before = layer.name
        if layer.kind == "bilinear" or (not read and not (given and layer.shift)):
            made.append(layer)
            continue
        half = 1 << (layer.shift - 1) if layer.shift else 0
        bias = np.rint((layer.bias - half) * 2.0**-read).astype(np.int64)
        shift = layer.shift - read + given if layer.shift else 0
        if layer.shift and not 1 <= shift <= _MOST:
            raise BadWeights(f"the numbers of layer {layer.name} are too large for int16")
        made.append(replace(layer, bias=bias + (1 << (shift - 1) if shift else 0), shift=shift))
    return made

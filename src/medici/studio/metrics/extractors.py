"""Every feature extractor that can be had here, by its name: built in, imported, or plugged in.

A plug-in is an entry point of the group ``medici.extractors``: something that is called with the
file after the colon (``--extractor NAME:FILE``), or with nothing, and returns an `Extractor`.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from medici.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable

    from medici.studio.metrics.distances import Extractor

GROUP = "medici.extractors"
DEFAULT = "efficientnet-lite0"
BUILT_IN: dict[str, str] = {
    DEFAULT: "medici.studio.metrics.extractor:EfficientNetLite0",
    "inception": "medici.studio.metrics.imported:Inception",
    "dinov2": "medici.studio.metrics.imported:DinoV2",
    "onnx": "medici.studio.metrics.imported:OnnxFeatures",
}


def names() -> list[str]:
    """Names that `extractor` takes."""
    return sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))})


def extractor(said: str = DEFAULT) -> Extractor:
    """An extractor by ``NAME`` or ``NAME:FILE``.

    Args:
        said: one of `names`; ``inception`` and ``onnx`` need a file of weights, ``dinov2`` takes a
            model folder or hub id.

    Raises:
        WrongUse: there is none of that name, or it needs a file.
        MissingPart: a library or the weights are not there.
        BadWeights: the weights cannot be used.
    """
    name, _, file = said.partition(":")
    make = _maker(name)
    made: Extractor = make(file) if file else make()
    return made


def _maker(name: str) -> Callable[..., Extractor]:
    found: Callable[..., Extractor]
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found = getattr(import_module(module), attribute)
        return found
    for point in entry_points(group=GROUP):
        if point.name == name:
            found = point.load()
            return found
    near = difflib.get_close_matches(name, names(), 1)
    hint = f"did you mean {near[0]}?" if near else "extractors here: " + ", ".join(names())
    raise WrongUse(f"no feature extractor is called {name!r}", hint)

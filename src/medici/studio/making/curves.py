"""The curves of a work, where its model draws any: read from the SVG that it exports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medici.records import Rendering
    from medici.studio.families import Generator
    from medici.studio.making.lettering import Command

_FILE = re.compile(
    r'<svg xmlns="http://www\.w3\.org/2000/svg" width="\d+" height="\d+" '
    r'viewBox="0 0 ([1-9]\d*) ([1-9]\d*)"[^<>]*>'
    r"(?:<title>[^<>]*</title>)?((?:<path [^<>]*/>)*)</svg>\s*"
)
_PATH = re.compile(r'<path fill="(#[0-9a-f]{6})"(?: fill-rule="(evenodd)")? d="([^"]*)"/>')
_NUMBER = r"-?\d+(?:\.\d+)?"
_STEP = re.compile(rf"([MLHVCZ])((?:{_NUMBER}(?: {_NUMBER})*)?)")
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Z": 0}


@dataclass(frozen=True, slots=True)
class Layer:
    """Closed outlines in one colour.

    Attributes:
        colour: ``#rrggbb``.
        data: of an SVG path: ``M``, ``L``, ``H``, ``V``, ``C`` and ``Z`` in absolute coordinates.
        even_odd: how its inside is told; nonzero without it.
    """

    colour: str
    data: str
    even_odd: bool = True

    def outline(self) -> tuple[Command, ...]:
        """Its steps, with straight lines as ``L``."""
        out: list[Command] = []
        x = y = 0.0
        for kind, told in _STEP.findall(self.data):
            at = tuple(map(float, told.split()))
            if kind == "H":
                kind, at = "L", (at[0], y)
            elif kind == "V":
                kind, at = "L", (x, at[0])
            out.append((kind, at))
            if at:
                x, y = at[-2:]
        return tuple(out)


@dataclass(frozen=True, slots=True)
class Curves:
    """A work as layers, the lowest first, cut off by its edges.

    Attributes:
        width, height: of the work, in the layers' units.
        layers: what is painted.
    """

    width: int
    height: int
    layers: tuple[Layer, ...]

    def as_svg(self) -> str:
        """The layers as elements."""
        return "".join(
            f'<path fill="{layer.colour}"'
            + (' fill-rule="evenodd"' if layer.even_odd else "")
            + f' d="{layer.data}"/>'
            for layer in self.layers
        )


def curves_of(model: Generator, work: Rendering) -> Curves | None:
    """A work's curves, for models that write SVG of them."""
    return read_curves(model.export(work, "svg")) if "svg" in model.forms else None


def read_curves(svg: bytes) -> Curves | None:
    """The curves of a file, if it is made of filled paths and nothing else.

    None for any other file, and for one that has no curve at all: a pixel picture, which is drawn
    better in whole pixels.
    """
    try:
        file = _FILE.fullmatch(svg.decode())
    except UnicodeDecodeError:
        return None
    if file is None:
        return None
    width, height, inside = file.groups()
    layers = tuple(Layer(c, d, bool(rule)) for c, rule, d in _PATH.findall(inside))
    whole = len(layers) == inside.count("<path ") and all(_plain(x.data) for x in layers)
    if not whole or not any("C" in layer.data for layer in layers):
        return None
    return Curves(int(width), int(height), layers)


def _plain(data: str) -> bool:
    """Whether path data is made of the steps above alone, each with the numbers it takes."""
    steps = _STEP.findall(data)
    whole = "".join(kind + told for kind, told in steps) == data
    return whole and all(len(told.split()) == _TAKES[kind] for kind, told in steps)

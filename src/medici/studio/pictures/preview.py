"""A picture model as one ONNX file: latents in, pixels out, in any runtime.

For previews; the works themselves come from the exact renderer. Pixels differ from it only where
two slots, or two palette colours, are a rounding apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.exact.network import ONE
from medici.studio.exact.onnx import GraphBuilder

if TYPE_CHECKING:
    from medici.studio.pictures.model import PictureModel

_UINT8 = 2  # onnx.TensorProto.UINT8


def onnx_file(model: PictureModel, *, clip: bool = True, small: bool = False) -> bytes:
    """The whole generator of a picture model.

    Inputs: ``latent`` (n, width) float32, what `PictureModel.latent` gives, divided by 1,024; and
    ``psi`` (1,) float32, the truncation, which models with codes do not have. Output: ``pixels``
    (n, side, side, 4) uint8, ground transparent where the model knows transparency.

    Args:
        model: any picture model.
        clip: see `GraphBuilder`.
        small: see `GraphBuilder`; for ONNX Runtime only.

    Raises:
        MissingPart: the onnx package is not installed.
    """
    graph = GraphBuilder(clip=clip, small=small)
    taken: dict[str, list[int | str]] = {"latent": ["n", int(model.map.layers[0].weight.shape[-1])]}
    h = graph.network(model.map, "latent")
    if not model.codes:
        taken["psi"] = [1]
        mean = graph.constant((model.mean / ONE).astype(np.float32))
        h = graph.add("Sub", [h, mean])
        h = graph.add("Add", [graph.add("Mul", [h, "psi"]), mean])
    if model.head == "rgb":
        pixels = _rgb(graph, model, graph.network(model.draw, h))
    else:
        slots = _slots(graph, model, h)
        colours = _colours(graph, model, graph.network(model.colours, h))
        pixels = graph.add("GatherND", [colours, slots], batch_dims=1)
        pixels = graph.add("Reshape", [pixels, graph.whole([0, model.side, model.side, 4])])
    return graph.model(
        taken,
        {"pixels": (pixels, np.uint8, ["n", model.side, model.side, 4])},
        {"model": str(model.id), "name": model.record.name, "licence": model.record.data_licence},
    )


def _slots(graph: GraphBuilder, model: PictureModel, h: str) -> str:
    """Node of (n, side², 1): the slot of each pixel."""
    if not model.smooth and model.draw.layers[-1].grid:
        return graph.add("ArgMax", [graph.network(model.draw, h, rows=True)], axis=2, keepdims=1)
    scores = _smooth(graph, model, graph.network(model.draw, h))
    slots = graph.add("ArgMax", [scores], axis=1, keepdims=0)
    return graph.add("Reshape", [slots, graph.whole([0, model.side**2, 1])])


def _smooth(graph: GraphBuilder, model: PictureModel, scores: str) -> str:
    """Scores between the places of the grid."""
    doubled = graph.constant(np.array([1, 1, 2, 2], np.float32)) if model.smooth else ""
    for _ in range(model.smooth):
        # Half-pixel centres give the weights 1/4 and 3/4, and hold the edge.
        scores = graph.add(
            "Resize",
            [scores, "", doubled],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
    return scores


def _rgb(graph: GraphBuilder, model: PictureModel, values: str) -> str:
    """Node of (n, side, side, 4) uint8 from planes where -1 is black and 1 is full light."""
    values = graph.add("Transpose", [values], perm=[0, 2, 3, 1])
    half, one = (graph.constant(np.array(v, np.float32)) for v in (127.5, 1))
    low, high = (graph.constant(np.array(v, np.float32)) for v in (0, 255))
    colour, alpha = values, ""
    if model.transparent:
        split = graph.whole([0]), graph.whole([3]), graph.whole([4]), graph.whole([3])
        colour = graph.add("Slice", [values, split[0], split[1], split[3]])
        alpha = graph.add("Slice", [values, split[1], split[2], split[3]])
    colour = graph.add("Round", [graph.add("Mul", [graph.add("Add", [colour, one]), half])])
    colour = graph.add("Clip", [colour, low, high])
    if not model.transparent:
        whole = graph.add("Pad", [colour, graph.whole([0, 0, 0, 0, 0, 0, 0, 1]), high])
        return graph.add("Cast", [whole], to=_UINT8)
    seen = graph.add("Greater", [alpha, low])
    opaque = graph.add("Where", [seen, high, low])
    colour = graph.add("Where", [seen, colour, low])
    return graph.add("Cast", [graph.add("Concat", [colour, opaque], axis=3)], to=_UINT8)


def _colours(graph: GraphBuilder, model: PictureModel, values: str) -> str:
    """Node of (n, slots, 4) uint8: every slot's colour, the transparent one first if there is."""
    palette = model.palette.astype(np.float32)
    if model.head == "indexed":
        chosen = graph.add("Reshape", [values, graph.whole([0, -1, len(palette)])])
    else:
        # The nearest colour p of v has the largest 2 v·p - |p|².
        marks = palette / 127.5 - 1
        values = graph.add("Reshape", [values, graph.whole([0, -1, 3])])
        chosen = graph.add("MatMul", [values, graph.constant(2 * marks.T)])
        chosen = graph.add("Sub", [chosen, graph.constant((marks**2).sum(1))])
    chosen = graph.add("ArgMax", [chosen], axis=2, keepdims=0)
    opaque = np.concatenate([model.palette, np.full((len(palette), 1), 255, np.uint8)], axis=1)
    coloured = graph.add("Gather", [graph.constant(opaque), chosen])
    if not model.transparent:
        return coloured
    # One row of zeros before each picture's colours.
    pads = graph.whole([0, 1, 0, 0, 0, 0])
    zero = graph.constant(np.array(0, np.uint8))
    return graph.add("Pad", [coloured, pads, zero], mode="constant")

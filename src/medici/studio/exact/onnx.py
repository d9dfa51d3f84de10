"""Exact networks as ONNX graphs in float32: previews, and runtimes that are not ours.

Weights are the model's integers times a power of two, so nothing of them is lost; what differs from
the exact renderer is that nothing is rounded to Q10 between layers. Numbers in a graph are real
(1.0 where the exact renderer holds 1024). Needs the [onnx] extra, and no PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import MissingPart
from medici.studio.exact.network import HIGHEST, INPUT, LOWEST, ONE, SLOPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from medici.studio.exact.network import Layer, Network

OPSET = 19  # the first in which edges may meet (Pad, mode wrap)
_IR = 9
_RUNTIME = "com.microsoft"
# Weights that share a scale, and how many a layer has at least that is written in bytes.
_BLOCK, _LARGE = 32, 1 << 18


class GraphBuilder:
    """Collects nodes and constants, and makes a model of them.

    Args:
        clip: limit activations to what Q10 holds, as the exact renderer does. Trained networks
            hardly ever come near; without it a graph is a little faster.
        small: write the large dense layers in 8 bits, each 32 weights with a scale of their own,
            for ONNX Runtime alone (its operator MatMulNBits): a third of the file, which one
            picture at a time waits for.

    Raises:
        MissingPart: the onnx package is not installed.
    """

    def __init__(self, *, clip: bool = True, small: bool = False) -> None:
        try:
            import onnx
        except ImportError as error:
            raise MissingPart("onnx is not installed", "pip install 'medici[onnx]'") from error
        self._onnx, self.clip, self.small = onnx, clip, small
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}

    def add(self, operation: str, inputs: Sequence[str], **attributes: Any) -> str:
        """One node; returns the name of its output."""
        name = f"{operation.lower()}_{len(self._nodes)}"
        node = self._onnx.helper.make_node(operation, inputs, [name], name=name, **attributes)
        self._nodes.append(node)
        return name

    def constant(self, array: NDArray[Any]) -> str:
        """A tensor of the file; returns its name."""
        name = f"constant_{len(self._constants)}"
        self._constants[name] = np.ascontiguousarray(array)
        return name

    def whole(self, numbers: Sequence[int]) -> str:
        """A row of whole numbers: shapes, axes, pads."""
        return self.constant(np.array(numbers, np.int64))

    def network(self, network: Network, x: str, *, rows: bool = False) -> str:
        """All layers of an exact network.

        Args:
            network: what to draw.
            x: name of the input: (n, width) if the first layer is dense, else (n, c, h, w).
            rows: leave what a last dense layer lays out to a grid as rows, (n, h·w, c).

        Returns:
            name of the output, (n, outputs) or (n, c, h, w).
        """
        flat = network.layers[0].kind == "dense"
        kept = {INPUT: (x, flat)}
        last = INPUT
        for layer in network.layers:
            given, flat = kept[layer.source or last]
            plus = kept[layer.plus][0] if layer.plus else None
            made = self._layer(layer, given, flat, plus)
            if layer.grid and rows and layer is network.layers[-1]:
                cells = layer.grid[0] * layer.grid[1]
                made = self.add("Reshape", [made, self.whole([0, cells, -1])])
            elif layer.grid:
                made = self.add("Reshape", [made, self.whole([0, *layer.grid, -1])])
                made = self.add("Transpose", [made], perm=[0, 3, 1, 2])
            kept[layer.name] = made, flat and not layer.grid
            last = layer.name
        return kept[last][0]

    def _layer(self, layer: Layer, x: str, flat: bool, plus: str | None) -> str:
        if layer.kind == "dense" and flat:
            weight, bias = _real(layer)
            if self.small and weight.size >= _LARGE and weight.shape[1] % _BLOCK == 0:
                x = self._in_bytes(x, weight, bias)
            else:
                x = self.add("Gemm", [x, self.constant(weight.T), self.constant(bias)])
        else:
            x = getattr(self, f"_{layer.kind}")(layer, x)
        if layer.leaky and layer.kind != "up":
            x = self.add("LeakyRelu", [x], alpha=SLOPE)
        if plus is not None:
            x = self.add("Add", [x, plus])
        if self.clip and layer.shift:
            limits = (np.float32(LOWEST / ONE), np.float32(HIGHEST / ONE))
            x = self.add("Clip", [x, *(self.constant(np.array(v)) for v in limits)])
        return x

    def _in_bytes(self, x: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        outputs, inputs = weight.shape
        blocks = weight.reshape(outputs, -1, _BLOCK)
        scales = np.maximum(np.abs(blocks).max(2) / 127, np.finfo(np.float32).tiny)
        whole = (np.rint(blocks / scales[..., None]) + 128).astype(np.uint8)
        x = self.add(
            "MatMulNBits",
            [x, self.constant(whole), self.constant(scales.astype(np.float32))],
            domain=_RUNTIME,
            K=inputs,
            N=outputs,
            bits=8,
            block_size=_BLOCK,
            accuracy_level=4,
        )
        return self.add("Add", [x, self.constant(bias)])

    def _dense(self, layer: Layer, x: str) -> str:
        weight, bias = _real(layer)
        return self.add("Conv", [x, self.constant(weight[..., None, None]), self.constant(bias)])

    def _conv(self, layer: Layer, x: str) -> str:
        weight, bias = _real(layer)
        taps = weight.reshape(len(weight), 3, 3, -1).transpose(0, 3, 1, 2)
        return self._convolution(layer, x, taps, bias)

    def _up(self, layer: Layer, x: str) -> str:
        # Four convolutions of 2×2, interleaved by joining along axes of their own: a quarter
        # faster in ONNX Runtime than ConvTranspose or DepthToSpace.
        weight, bias = _real(layer)
        bias_name = self.constant(bias)
        rows = []
        if layer.wrap:
            x = self._wrapped(x)
        for p in (0, 1):
            pair = []
            for q in (0, 1):
                taps = weight[2 * p + q].reshape(len(bias), 2, 2, -1).transpose(0, 3, 1, 2)
                pads = [0, 0, 0, 0] if layer.wrap else [1 - p, 1 - q, p, q]
                given = self._corner(x, p, q) if layer.wrap else x
                phase = self.add("Conv", [given, self.constant(taps), bias_name], pads=pads)
                if layer.leaky:
                    phase = self.add("LeakyRelu", [phase], alpha=SLOPE)
                pair.append(self.add("Unsqueeze", [phase, self.whole([4])]))
            # (n, c, h, w, 2) is a row of twice the width; room for the other row is made before it.
            joined = self.add("Concat", pair, axis=4)
            rows.append(self.add("Reshape", [joined, self.whole([0, 0, 0, 1, -1])]))
        width = self.add("Shape", [rows[0]], start=4, end=5)
        size = self.add("Concat", [self.whole([0, 0, -1]), width], axis=0)
        return self.add("Reshape", [self.add("Concat", rows, axis=3), size])

    def _corner(self, x: str, p: int, q: int) -> str:
        """A padded picture without the row and column that phase (p, q) does not read."""
        start, end = self.whole([p, q]), self.whole([p - 1 or 1 << 31, q - 1 or 1 << 31])
        return self.add("Slice", [x, start, end, self.whole([2, 3])])

    def _down(self, layer: Layer, x: str) -> str:
        weight, bias = _real(layer)
        taps = weight.reshape(len(weight), 4, 4, -1).transpose(0, 3, 1, 2)
        return self._convolution(layer, x, taps, bias, strides=[2, 2])

    def _convolution(
        self, layer: Layer, x: str, taps: NDArray[Any], bias: NDArray[Any], **more: Any
    ) -> str:
        pads = [0, 0, 0, 0] if layer.wrap else [1, 1, 1, 1]
        inputs = [self._wrapped(x) if layer.wrap else x, self.constant(taps), self.constant(bias)]
        return self.add("Conv", inputs, pads=pads, **more)

    def _bilinear(self, layer: Layer, x: str) -> str:
        if layer.wrap:
            x = self._wrapped(x)
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        # Half-pixel centres give the weights 1/4 and 3/4, and hold the edge.
        x = self.add(
            "Resize",
            [x, "", scales],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
        if layer.wrap:
            x = self.add("Slice", [x, *map(self.whole, ([2, 2], [-2, -2], [2, 3]))])
        return x

    def _wrapped(self, x: str) -> str:
        return self.add("Pad", [x, self.whole([0, 0, 1, 1, 0, 0, 1, 1])], mode="wrap")

    def model(
        self,
        inputs: Mapping[str, Sequence[int | str]],
        outputs: Mapping[str, tuple[str, type, Sequence[int | str]]],
        about: Mapping[str, str] | None = None,
    ) -> bytes:
        """The file.

        Args:
            inputs: shape of each float32 input, by name.
            outputs: node, element type and shape of each output, by name.
            about: metadata.
        """
        helper, numpy_helper = self._onnx.helper, self._onnx.numpy_helper
        for name, (node, _, _) in outputs.items():
            self._nodes.append(helper.make_node("Identity", [node], [name], name=name))
        graph = helper.make_graph(
            self._nodes,
            "medici",
            [_value(helper, name, np.float32, shape) for name, shape in inputs.items()],
            [_value(helper, name, dtype, shape) for name, (_, dtype, shape) in outputs.items()],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )
        model = helper.make_model(
            graph,
            producer_name="medici",
            ir_version=_IR,
            opset_imports=[
                helper.make_opsetid("", OPSET),
                *([helper.make_opsetid(_RUNTIME, 1)] if self.small else []),
            ],
        )
        helper.set_model_props(model, dict(about or {}))
        # Operators of a runtime have no shapes that the checker knows.
        self._onnx.checker.check_model(model, full_check=not self.small)
        return bytes(model.SerializeToString(deterministic=True))


def network_file(network: Network, *, clip: bool = True) -> bytes:
    """One exact network as an ONNX file: ``x`` in, ``y`` out, in real numbers.

    Dense networks take and give (n, width); others (n, c, h, w), of any height and width.

    Raises:
        MissingPart: the onnx package is not installed.
    """
    graph = GraphBuilder(clip=clip)
    first, last = network.layers[0], network.layers[-1]
    flat = first.kind == "dense"
    end = flat and not any(layer.grid for layer in network.layers)
    y = graph.network(network, "x")
    taken: list[int | str] = ["n", _inputs(first)]
    given: list[int | str] = ["n", len(last.bias) if last.kind != "bilinear" else "c"]
    return graph.model(
        {"x": taken if flat else [*taken, "h", "w"]},
        {"y": (y, np.float32, given if end else [*given, "rows", "columns"])},
    )


def _inputs(layer: Layer) -> int | str:
    from medici.studio.exact.network import TAPS

    return layer.weight.shape[-1] // TAPS[layer.kind] if layer.kind in TAPS else "c"


def _real(layer: Layer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights and biases as real numbers; the half unit that rounds is taken from the bias."""
    scale = 2.0**-layer.shift
    half = (1 << layer.shift) >> 1
    weight = (layer.weight * scale).astype(np.float32)
    return weight, ((layer.bias - half) * scale / ONE).astype(np.float32)


def _value(helper: Any, name: str, dtype: type, shape: Sequence[int | str]) -> Any:
    return helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), list(shape)
    )

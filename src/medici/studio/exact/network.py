"""Exact layers: convolutions and products in integers, the same bits on every machine.

docs/spec/exact-renderer.md is the definition; this is the fast form of it. Integers travel in
float64 arrays: every product and partial sum stays under 2^53 (`certify`), so a BLAS may add them
in any order, on any number of threads, and nothing is ever rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

FRACTION = 10
ONE = 1 << FRACTION
LOWEST, HIGHEST = -(1 << 15), (1 << 15) - 1
SLOPE = 0.1875  # 3/16: of the leaky ReLU
EXACT_LIMIT = 1 << 53
# Taps a kind of layer reads for each output, and how its weight is laid out.
INPUT = "input"
TAPS = {"dense": 1, "conv": 9, "up": 4, "down": 16}
KINDS = (*TAPS, "bilinear")
# Columns of a product are kept under this, so that they stay in the processor's caches.
_CACHED = 5 << 20
# As arrays: numpy turns a Python number into one at each call, which costs more than small sums.
_LOWEST, _HIGHEST, _SLOPE = (np.array(float(v)) for v in (LOWEST, HIGHEST, SLOPE))
_SCALES = tuple(np.array(2.0**-shift) for shift in range(31))


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer with its integers.

    Attributes:
        name: unique in its network.
        kind: ``dense`` (over the last axis), ``conv`` (3×3), ``up`` (×2, four phases of 2×2 taps),
            ``down`` (÷2, 4×4 taps) or ``bilinear`` (×2, no weights).
        weight: dense (outputs, inputs); conv (outputs, 9·inputs); up (4, outputs, 4·inputs);
            down (outputs, 16·inputs); bilinear (0,).
        bias: (outputs,) int64 at the accumulator's scale.
        shift: bits that requantising drops; 0 leaves the accumulator as it is.
        leaky: whether a leaky ReLU follows.
        wrap: whether the picture's edges meet; else everything outside is 0.
        source: the layer whose output this one reads (``input`` is the network's); None for the
            one before.
        plus: a layer whose output is added before clipping (a residual), or None.
        grid: height and width that a dense layer's outputs are laid out to, or None.
    """

    name: str
    kind: str
    weight: NDArray[np.int16]
    bias: NDArray[np.int64]
    shift: int
    leaky: bool = False
    wrap: bool = False
    source: str | None = None
    plus: str | None = None
    grid: tuple[int, int] | None = None

    @property
    def bound(self) -> int:
        """No partial sum of this layer can be larger: K · max|w| · max|a| + max|b|."""
        if self.kind == "bilinear":
            return 16 * -LOWEST + 8
        largest = int(np.abs(self.weight.astype(np.int64)).max(initial=0))
        offset = int(np.abs(self.bias).max(initial=0))
        return int(self.weight.shape[-1]) * largest * -LOWEST + offset

    def as_json(self) -> dict[str, Any]:
        """The layer as a header describes it: everything but the integers, defaults left out."""
        told: dict[str, Any] = {"name": self.name, "kind": self.kind}
        if self.kind != "bilinear":
            told |= {"shape": list(self.weight.shape), "shift": self.shift}
        for key in ("leaky", "wrap", "source", "plus"):
            if getattr(self, key):
                told[key] = getattr(self, key)
        if self.grid:
            told["grid"] = list(self.grid)
        return told

    @classmethod
    def from_json(
        cls, told: Mapping[str, Any], weight: NDArray[Any] | None, bias: NDArray[Any] | None
    ) -> Layer:
        """A layer from its description and its integers.

        Raises:
            ValueError: they disagree.
        """
        name, kind = str(told["name"]), str(told["kind"])
        if kind not in KINDS:
            raise ValueError(f"layer {name} is of unknown kind {kind!r}")
        if kind == "bilinear":
            weight, bias, shift = np.zeros(0, np.int16), np.zeros(0, np.int64), 4
        else:
            shift = int(told["shift"])
            if weight is None or bias is None:
                raise ValueError(f"layer {name} has no integers")
            if weight.dtype != np.int16 or list(weight.shape) != list(told["shape"]):
                raise ValueError(f"{name} is {weight.shape} {weight.dtype}, not {told['shape']}")
            if weight.ndim != (3 if kind == "up" else 2) or weight.shape[-1] % TAPS[kind]:
                raise ValueError(f"{name} is no {kind} layer: {weight.shape}")
            if bias.dtype != np.int64 or bias.shape != (weight.shape[-2],):
                raise ValueError(f"the bias of {name} is {bias.shape} {bias.dtype}")
            if not 0 <= shift <= 30:
                raise ValueError(f"{name} drops {shift} bits")
        grid = told.get("grid")
        return cls(
            name=name,
            kind=kind,
            weight=weight,
            bias=bias,
            shift=shift,
            leaky=bool(told.get("leaky", False)),
            wrap=bool(told.get("wrap", False)),
            source=told.get("source"),
            plus=told.get("plus"),
            grid=(int(grid[0]), int(grid[1])) if grid else None,
        )


def certify(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """The overflow certificate: every layer's bound against the limit of exact float64 integers.

    Raises:
        BadWeights: a layer's sums could pass 2^53, so that its result would depend on the machine.
    """
    return [certified(layer.name, layer.bound) for layer in layers]


def certified(name: str, bound: int) -> dict[str, Any]:
    """One line of a certificate.

    Raises:
        BadWeights: the bound is too large.
    """
    # The leaky ReLU multiplies by three before its shift, and a residual is added to it.
    whole = 3 * bound - LOWEST
    if whole >= EXACT_LIMIT:
        raise BadWeights(
            f"layer {name} can reach {whole}, which float64 does not hold exactly",
            "fewer inputs or smaller weights; the limit is 2^53",
        )
    return {"layer": name, "bound_bits": whole.bit_length(), "limit_bits": 53}


def settle(sums: Numbers, shift: int, leaky: bool, plus: Numbers | None = None) -> Numbers:
    """Requantise by floor, leaky ReLU, residual, clip, in place: specification section 3."""
    if shift:
        sums *= _SCALES[shift]
        np.floor(sums, out=sums)
        if leaky:
            steep = sums * _SLOPE
            np.floor(steep, out=steep)
            np.maximum(sums, steep, out=sums)
        if plus is not None:
            sums += plus
        sums.clip(_LOWEST, _HIGHEST, out=sums)
    return sums


class Network:
    """Layers in a row, with residuals.

    Args:
        layers: each reads the one before, or the earlier one that its `source` names.
        product: multiplies two float64 matrices; any that adds exactly will do.

    Raises:
        BadWeights: the certificate does not hold, or a layer names one that is not before it.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        product: Callable[[Numbers, Numbers], Numbers] = np.matmul,
    ) -> None:
        self.certificate = certify(layers)
        self.layers, self.product = tuple(layers), product
        seen = {INPUT}
        for layer in layers:
            for name in (layer.source, layer.plus):
                if name is not None and name not in seen:
                    raise BadWeights(f"layer {layer.name} reads {name}, which is not before it")
            if layer.name in seen:
                raise BadWeights(f"two layers are called {layer.name}")
            seen.add(layer.name)
        self._kinds = {kind: getattr(self, f"_{kind}") for kind in KINDS}
        self._kept = {n for layer in layers for n in (layer.source, layer.plus) if n is not None}
        # (K, outputs), as the products need them; contiguous, made once.
        self._weights = {
            layer.name: np.ascontiguousarray(layer.weight.swapaxes(-1, -2).astype(np.float64))
            for layer in layers
            if layer.kind != "bilinear"
        }
        self._biases = {layer.name: layer.bias.astype(np.float64) for layer in layers}
        # Layers before the first grid see all inputs at once: their weights are the largest and
        # are read once. What follows goes in batches that stay in the caches.
        flat = next((i for i, layer in enumerate(layers) if layer.grid), -1) + 1
        inside = {layer.name for layer in layers[flat:]}
        reads = {n for layer in layers[flat:] for n in (layer.source, layer.plus) if n}
        self._flat = flat if reads <= inside else 0

    def __call__(self, x: Numbers) -> Numbers:
        """Inputs (n, …) through all layers; Q10 integers in float64, in and out."""
        return self.between(x, None, None)

    def between(self, x: Numbers, after: str | None, until: str | None) -> Numbers:
        """The layers after one name and up to another, both None for all."""
        order = [layer.name for layer in self.layers]
        first = 0 if after is None else order.index(after) + 1
        last = len(order) if until is None else order.index(until) + 1
        split = min(max(self._flat, first), last)
        x = self._through(x, self.layers[first:split])
        rest = self.layers[split:last]
        if not rest:
            return x
        batch = max(1, _CACHED // max(self._columns(x.shape[1:], rest), 1))
        if len(x) <= batch:
            return self._through(x, rest)
        parts = [self._through(x[i : i + batch], rest) for i in range(0, len(x), batch)]
        return np.concatenate(parts)

    def _columns(self, shape: tuple[int, ...], layers: Sequence[Layer]) -> int:
        """Bytes of the widest layer's columns for one input."""
        cells = int(np.prod(shape[:-1]))
        most = 0
        for layer in layers:
            if layer.kind != "bilinear":
                most = max(most, 8 * cells * layer.weight.shape[-1])
            cells = {"up": cells * 4, "bilinear": cells * 4, "down": cells // 4}.get(
                layer.kind, cells
            )
        return most

    def _through(self, x: Numbers, layers: Sequence[Layer]) -> Numbers:
        kept: dict[str, Numbers] = {INPUT: x}
        for layer in layers:
            given = kept[layer.source] if layer.source else x
            plus = kept[layer.plus] if layer.plus else None
            x = self._kinds[layer.kind](given, layer, plus)
            if layer.name in self._kept:
                kept[layer.name] = x
        return x

    def _sums(self, columns: Numbers, layer: Layer, phase: int | None = None) -> Numbers:
        weight = self._weights[layer.name]
        sums = self.product(columns, weight if phase is None else weight[phase])
        sums += self._biases[layer.name]
        return sums

    def _dense(self, x: Numbers, layer: Layer, plus: Numbers | None) -> Numbers:
        if x.ndim == 2:  # as below, without its cost where a sequence draws token by token
            sums = self._sums(x, layer)
        else:
            sums = self._sums(x.reshape(-1, x.shape[-1]), layer).reshape(*x.shape[:-1], -1)
        out = settle(sums, layer.shift, layer.leaky, plus)
        return out.reshape(len(x), *layer.grid, -1) if layer.grid else out

    def _conv(self, x: Numbers, layer: Layer, plus: Numbers | None) -> Numbers:
        n, h, w, c = x.shape
        padded = _padded(x, layer.wrap)
        out = np.empty((n, h, w, len(layer.bias)))
        for y, rows in _bands(h, n * w * 9 * c):
            columns = np.empty((n, rows, w, 9, c))
            for tap in range(9):
                a, b = divmod(tap, 3)
                columns[:, :, :, tap] = padded[:, y + a : y + a + rows, b : b + w]
            sums = self._sums(columns.reshape(-1, 9 * c), layer).reshape(n, rows, w, -1)
            more = None if plus is None else plus[:, y : y + rows]
            out[:, y : y + rows] = settle(sums, layer.shift, layer.leaky, more)
        return out

    def _up(self, x: Numbers, layer: Layer, plus: Numbers | None) -> Numbers:
        n, h, w, c = x.shape
        padded = _padded(x, layer.wrap)
        out = np.empty((n, h, 2, w, 2, len(layer.bias)))
        more = None if plus is None else plus.reshape(out.shape)
        for y, rows in _bands(h, n * w * 4 * c):
            columns = np.empty((n, rows, w, 4, c))
            for phase in range(4):
                p, q = divmod(phase, 2)
                for tap in range(4):
                    a, b = y + p + tap // 2, q + tap % 2
                    columns[:, :, :, tap] = padded[:, a : a + rows, b : b + w]
                sums = self._sums(columns.reshape(-1, 4 * c), layer, phase)
                sums = sums.reshape(n, rows, w, -1)
                added = None if more is None else more[:, y : y + rows, p, :, q]
                out[:, y : y + rows, p, :, q] = settle(sums, layer.shift, layer.leaky, added)
        return out.reshape(n, 2 * h, 2 * w, -1)

    def _down(self, x: Numbers, layer: Layer, plus: Numbers | None) -> Numbers:
        n, h, w, c = x.shape
        padded = _padded(x, layer.wrap)
        columns = np.empty((n, h // 2, w // 2, 16, c))
        for tap in range(16):
            a, b = divmod(tap, 4)
            columns[:, :, :, tap] = padded[:, a : a + h - 1 : 2, b : b + w - 1 : 2]
        sums = self._sums(columns.reshape(-1, 16 * c), layer).reshape(n, h // 2, w // 2, -1)
        return settle(sums, layer.shift, layer.leaky, plus)

    def _bilinear(self, x: Numbers, layer: Layer, plus: Numbers | None) -> Numbers:
        n, h, w, c = x.shape
        mode = "wrap" if layer.wrap else "edge"
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode=mode)  # type: ignore[call-overload]
        tall = np.empty((n, h, 2, w + 2, c))
        tall[:, :, 0] = padded[:, :-2] + 3 * padded[:, 1:-1]
        tall[:, :, 1] = 3 * padded[:, 1:-1] + padded[:, 2:]
        tall = tall.reshape(n, 2 * h, w + 2, c)
        out = np.empty((n, 2 * h, w, 2, c))
        out[:, :, :, 0] = tall[:, :, :-2] + 3 * tall[:, :, 1:-1]
        out[:, :, :, 1] = 3 * tall[:, :, 1:-1] + tall[:, :, 2:]
        out += 8
        return settle(out.reshape(n, 2 * h, 2 * w, c), 4, layer.leaky, plus)


def _padded(x: Numbers, wrap: bool) -> Numbers:
    """One more row and column on every side."""
    if wrap:
        return np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="wrap")
    n, h, w, c = x.shape
    out = np.zeros((n, h + 2, w + 2, c))
    out[:, 1:-1, 1:-1] = x
    return out


def _bands(height: int, numbers_a_row: int) -> list[tuple[int, int]]:
    """Bands of rows whose columns stay in the caches: (first row, rows)."""
    rows = max(1, min(height, _CACHED // max(8 * numbers_a_row, 1)))
    return [(y, min(rows, height - y)) for y in range(0, height, rows)]

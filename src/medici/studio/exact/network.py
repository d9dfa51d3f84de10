"""The exact renderer: the generator in integers, the same bits on every machine.

docs/spec/exact-renderer.md is the definition; this is the fast form of it. Integers travel in
float64 arrays: every product and partial sum stays under 2^53 (`certify`), so a BLAS may add them
in any order, on any number of threads, and nothing is ever rounded.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

RENDERER = "exact/1"
SCHEMA = "medici/exact/1"
FRACTION = 10
ONE = 1 << FRACTION
LOWEST, HIGHEST = -(1 << 15), (1 << 15) - 1
EXACT_LIMIT = 1 << 53
BYTES_A_NORMAL = 12
_LATENT_TAG = b"medici/exact/1/latent"
# Larger batches fall out of the processor's caches; smaller ones leave the product too thin.
_BATCH = 4


@dataclass(frozen=True, slots=True)
class Layer:
    """One linear layer with its integers.

    Attributes:
        name: as in the specification.
        kind: ``dense``, ``up`` (×2, four phases of 2×2 taps) or ``conv`` (3×3).
        weight: dense (outputs, inputs); up (4, outputs, 4·inputs); conv (outputs, 9·inputs).
        bias: (outputs,) int64 at the accumulator's scale.
        shift: bits that requantising drops; 0 leaves the accumulator as it is.
        leaky: whether a leaky ReLU follows.
    """

    name: str
    kind: str
    weight: NDArray[np.int16]
    bias: NDArray[np.int64]
    shift: int
    leaky: bool

    @property
    def bound(self) -> int:
        """No partial sum of this layer can be larger: K · max|w| · max|a| + max|b|."""
        largest = int(np.abs(self.weight.astype(np.int64)).max(initial=0))
        return int(self.weight.shape[-1]) * largest * -LOWEST + int(
            np.abs(self.bias).max(initial=0)
        )


def certify(layers: Sequence[Layer]) -> dict[str, Any]:
    """The overflow certificate: every layer's bound against the limit of exact float64 integers.

    Raises:
        BadWeights: a layer's sums could pass 2^53, so that its result would depend on the machine.
    """
    rows = []
    for layer in layers:
        # The leaky ReLU multiplies by three before its shift.
        bound = 3 * layer.bound
        if bound >= EXACT_LIMIT:
            raise BadWeights(
                f"layer {layer.name} can reach {bound}, which float64 does not hold exactly",
                "fewer inputs or smaller weights; the limit is 2^53",
            )
        rows.append({"layer": layer.name, "bound_bits": bound.bit_length(), "limit_bits": 53})
    return {"rule": "3 (K max|w| max|a| + max|b|) < 2^53", "layers": rows}


class ExactNetwork:
    """The integer network: seeds in, slots and colours out.

    Args:
        layers: mapping, seed, up1, up2, mask, colour1, colour2, in this order.
        mean: (mapping width,) int16, the mean mapped latent that truncation pulls towards.
        header: the description that `medici.studio.exact.identity` hashes.

    Raises:
        BadWeights: the certificate does not hold.
    """

    def __init__(
        self, layers: Sequence[Layer], mean: NDArray[np.int16], header: Mapping[str, Any]
    ) -> None:
        self.certificate = certify(layers)
        self.layers = {layer.name: layer for layer in layers}
        self.mean = mean.astype(np.float64)
        latent = header["latent"]
        self.normal, self.codes = int(latent["normal"]), int(latent["codes"])
        self.values = int(latent["values"])
        self.slots = int(header["slots"])
        # (K, outputs), as the products need them; contiguous, made once.
        self._weights = {
            layer.name: np.ascontiguousarray(layer.weight.swapaxes(-1, -2).astype(np.float64))
            for layer in layers
        }
        self._biases = {layer.name: layer.bias.astype(np.float64) for layer in layers}

    def latents(self, seeds: Sequence[int]) -> tuple[Numbers, NDArray[np.uint8]]:
        """Specification section 2.

        Returns:
            (n, latent) float64 holding Q10 integers, and (n,) the byte that chooses the ground.
        """
        length = self.normal * BYTES_A_NORMAL + self.codes
        stream = np.stack([_shake(seed, length + 1) for seed in seeds])
        normals = stream[:, : self.normal * BYTES_A_NORMAL].reshape(-1, self.normal, BYTES_A_NORMAL)
        # Twelve uniform bytes have a standard deviation of 255.998: the sum is a normal in Q8.
        sums = normals.sum(-1, dtype=np.int64) - BYTES_A_NORMAL * 255 // 2
        z = (sums << (FRACTION - 8)).astype(np.float64)
        if self.codes:
            codes = stream[:, self.normal * BYTES_A_NORMAL : length] % self.values
            hot = (codes[..., None] == np.arange(self.values)) * float(ONE)
            z = np.concatenate([z, hot.reshape(len(z), -1)], axis=1)
        return z, stream[:, length]

    def mapped(self, z: Numbers) -> Numbers:
        """Mapped latents, (n, latent) → (n, mapping width)."""
        return self._dense(z, "mapping")

    def truncate(self, h: Numbers, psi: int) -> Numbers:
        """Pull towards the mean: psi in thousandths, 1000 changes nothing."""
        return h if psi == 1000 else self._between(self.mean, h, psi)

    def blend(self, a: Numbers, b: Numbers, amount: int) -> Numbers:
        """From a (0) to b (1000), in thousandths."""
        return self._between(a, b, amount)

    @staticmethod
    def _between(a: Numbers, b: Numbers, thousandths: int) -> Numbers:
        # Integer floor division: a float quotient could round up to a whole number.
        step = ((b - a).astype(np.int64) * thousandths) // 1000
        return np.clip(a + step, LOWEST, HIGHEST)

    def mask(self, h: Numbers) -> NDArray[np.uint8]:
        """Which slot each pixel takes, (n, mapping width) → (n, 16, 16)."""
        # The largest weights, read once for all pictures; the rest stays in caches batch by batch.
        seeds = self._dense(h, "seed").reshape(len(h), 4, 4, -1)
        out = [self._mask(seeds[i : i + _BATCH]) for i in range(0, len(h), _BATCH)]
        return np.concatenate(out)

    def _mask(self, x: Numbers) -> NDArray[np.uint8]:
        x = self._up(self._up(x, "up1"), "up2")
        scores = self._convolve(x, "mask")
        # numpy's argmax takes the first of equals, as the specification asks.
        return np.asarray(scores.argmax(-1), np.uint8)

    def colours(self, h: Numbers) -> NDArray[np.int64]:
        """The slots' colours in Q10, (n, mapping width) → (n, coloured slots, 3)."""
        out = self._dense(self._dense(h, "colour1"), "colour2")
        return out.reshape(len(h), -1, 3).astype(np.int64)

    def _dense(self, x: Numbers, name: str) -> Numbers:
        return self._settle(x @ self._weights[name], name)

    def _up(self, x: Numbers, name: str) -> Numbers:
        n, h, w, c = x.shape
        padded = np.zeros((n, h + 2, w + 2, c))
        padded[:, 1:-1, 1:-1] = x
        weights = self._weights[name]
        out = np.empty((n, h, 2, w, 2, weights.shape[2]))
        columns = np.empty((n, h, w, 4, c))
        for phase in range(4):
            py, px = divmod(phase, 2)
            for tap in range(4):
                y, z = py + tap // 2, px + tap % 2
                columns[:, :, :, tap] = padded[:, y : y + h, z : z + w]
            product = columns.reshape(-1, 4 * c) @ weights[phase]
            out[:, :, py, :, px] = self._settle(product, name).reshape(n, h, w, -1)
        return out.reshape(n, 2 * h, 2 * w, -1)

    def _convolve(self, x: Numbers, name: str) -> Numbers:
        n, h, w, c = x.shape
        padded = np.zeros((n, h + 2, w + 2, c))
        padded[:, 1:-1, 1:-1] = x
        columns = np.empty((n, h, w, 9, c))
        for tap in range(9):
            y, z = divmod(tap, 3)
            columns[:, :, :, tap] = padded[:, y : y + h, z : z + w]
        product = columns.reshape(-1, 9 * c) @ self._weights[name]
        return self._settle(product, name).reshape(n, h, w, -1)

    def _settle(self, sums: Numbers, name: str) -> Numbers:
        """Bias, requantise by floor, leaky ReLU, clip: specification section 3."""
        layer = self.layers[name]
        sums += self._biases[name]
        if layer.shift:
            sums *= 2.0**-layer.shift
            np.floor(sums, out=sums)
            if layer.leaky:
                np.maximum(sums, np.floor(sums * 0.1875), out=sums)
            np.clip(sums, LOWEST, HIGHEST, out=sums)
        return sums


def _shake(seed: int, length: int) -> NDArray[np.uint8]:
    digest = hashlib.shake_256(_LATENT_TAG + seed.to_bytes(32, "big")).digest(length)
    return np.frombuffer(digest, np.uint8)

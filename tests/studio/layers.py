"""Random layers as an export makes them, for tests that need plausible networks."""

from __future__ import annotations

import numpy as np

from medici.studio.exact.network import ONE, Layer


def layer(name, kind, outputs, inputs, seed=0, shift=14, **more):
    """A layer as an export makes it: fan-in scaled weights, biases with the half unit."""
    random = np.random.default_rng([seed, inputs, outputs])
    taps = {"dense": 1, "conv": 9, "up": 4, "down": 16}[kind]
    shape = (outputs, taps * inputs)
    weight = random.normal(
        0, (1.5 / (taps * inputs)) ** 0.5, (4, *shape) if kind == "up" else shape
    )
    bias = random.normal(0, 0.1, outputs) * ONE * 2**shift + 2 ** (shift - 1)
    return Layer(
        name,
        kind,
        np.rint(weight * 2**shift).astype(np.int16),
        np.rint(bias).astype(np.int64),
        shift,
        **more,
    )

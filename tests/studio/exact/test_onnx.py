"""ONNX graphs say what the exact network says, but for the rounding between layers."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studio.layers import layer

from medici.studio.exact.network import ONE, Layer, Network
from medici.studio.exact.onnx import network_file

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

# In units of Q10; eight of them are one grey level.
_WITHIN = 4


def bilinear(name, **more):
    return Layer(name, "bilinear", np.zeros(0, np.int16), np.zeros(0, np.int64), 4, **more)


def run(network, x, **options):
    session = onnxruntime.InferenceSession(network_file(network, **options))
    x = (x / ONE).astype(np.float32)
    y = session.run(None, {"x": x if x.ndim == 2 else x.transpose(0, 3, 1, 2)})[0]
    return y if y.ndim == 2 else y.transpose(0, 2, 3, 1)


def numbers(*shape):
    return np.rint(np.random.default_rng(1).normal(0, ONE, shape))


NETWORKS = {
    "dense": [layer("a", "dense", 9, 7, leaky=True), layer("b", "dense", 5, 9)],
    "grid": [
        layer("seed", "dense", 2 * 3 * 4, 7, leaky=True, grid=(2, 3)),
        layer("up", "up", 5, 4, leaky=True),
        layer("mask", "conv", 6, 5),
    ],
    "residual after a grid": [
        layer("seed", "dense", 4 * 4 * 6, 7, leaky=True, grid=(4, 4)),
        layer("a", "conv", 6, 6, 1, leaky=True),
        layer("b", "conv", 6, 6, 2, plus="seed"),
        layer("point", "dense", 3, 6, leaky=True),
    ],
    "residual of dense layers": [
        layer("a", "dense", 8, 7, leaky=True),
        layer("b", "dense", 8, 8, leaky=True, plus="a"),
        layer("c", "dense", 4, 8, source="a"),
    ],
}
PLANES = {
    "conv": [layer("a", "conv", 5, 3, leaky=True)],
    "up": [layer("a", "up", 5, 3, leaky=True), layer("b", "up", 4, 5)],
    "down": [layer("a", "down", 5, 3, leaky=True)],
    "bilinear": [bilinear("a"), layer("b", "conv", 4, 3, leaky=True)],
    "up beside bilinear": [
        bilinear("a"),
        layer("b", "up", 3, 3, leaky=True, source="input", plus="a"),
    ],
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("n", [1, 3])
def test_networks_on_latents(name, n):
    network = Network(NETWORKS[name])
    x = numbers(n, 7)
    expected, found = network(x), run(network, x)
    assert found.shape == expected.shape
    assert np.abs(found * ONE - expected).max() <= _WITHIN


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("name", PLANES)
@pytest.mark.parametrize("size", [(4, 4), (6, 10)])
def test_networks_on_planes_of_any_size(name, wrap, size):
    from dataclasses import replace

    network = Network([replace(one, wrap=wrap) for one in PLANES[name]])
    x = numbers(2, *size, 3)
    expected, found = network(x), run(network, x)
    assert found.shape == expected.shape
    assert np.abs(found * ONE - expected).max() <= _WITHIN


def test_activations_are_clipped_as_in_the_exact_renderer():
    network = Network([layer("a", "dense", 6, 7, leaky=True), layer("b", "dense", 4, 6)])
    x = numbers(2, 7) * 60
    expected = network(x)
    assert np.abs(expected).max() > 30_000
    assert np.abs(run(network, x) * ONE - expected).max() <= _WITHIN
    assert np.abs(run(network, x, clip=False) * ONE - expected).max() > 1000


def test_scores_keep_the_accumulators_scale():
    last = layer("b", "dense", 4, 9)
    last = Layer("b", "dense", last.weight, last.bias, 0)
    network = Network([layer("a", "dense", 9, 7, leaky=True), last])
    x = numbers(50, 7)
    expected, found = network(x), run(network, x)
    assert np.abs(found * ONE - expected).max() <= _WITHIN << 14
    assert (found.argmax(1) == expected.argmax(1)).mean() > 0.9


def test_the_same_network_gives_the_same_file():
    assert network_file(Network(NETWORKS["grid"])) == network_file(Network(NETWORKS["grid"]))

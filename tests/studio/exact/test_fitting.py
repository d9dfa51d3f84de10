"""Layers that saturate are scaled down until they do not, and choose what they chose before."""

from __future__ import annotations

import numpy as np
import pytest

from medici.errors import BadWeights
from medici.studio import load_model
from medici.studio.exact import network, quantise
from medici.studio.exact.fitting import fitted
from medici.studio.exact.network import HIGHEST, LOWEST, Network


def layers(gain, *, plus=None, raw=True):
    """Numbers are `gain` times as large from the first layer on, and mean the same."""
    draw, layer = np.random.default_rng(3).normal, quantise.layer
    first = gain * draw(0, 1, (4 * 3, 6))
    return [
        layer("seed", "dense", first, gain * draw(0, 1, 12), leaky=True, grid=(2, 2)),
        layer("wide", "bilinear", np.zeros(0)),
        layer("conv", "conv", draw(0, 0.3, (3, 3, 3, 3)), gain * draw(0, 1, 3), leaky=True),
        layer("more", "conv", draw(0, 0.3, (3, 3, 3, 3)), gain * draw(0, 1, 3), plus=plus),
        layer("mask", "conv", draw(0, 0.3, (5, 3, 3, 3)), gain * draw(0, 1, 5), raw=raw),
    ]


@pytest.fixture
def inputs():
    return np.rint(np.random.default_rng(4).normal(0, 1024, (64, 6)))


def chosen(made, x):
    return Network(made)(x).argmax(-1)


def saturated(made, x):
    names = [layer.name for layer in made if layer.shift]
    outputs = [Network(made).between(x, None, name) for name in names]
    return [
        n for n, x in zip(names, outputs, strict=True) if x.max() >= HIGHEST or x.min() <= LOWEST
    ]


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("plus", [None, "conv", "wide"])
@pytest.mark.parametrize("gain", [30, 900])
def test_a_network_that_outgrew_int16_draws_as_one_that_did_not(inputs, gain, plus, raw):
    small, large = layers(1, plus=plus, raw=raw), layers(gain, plus=plus, raw=raw)
    fits = fitted(large, inputs[:16], last=True)
    wanted = chosen(small, inputs)
    assert saturated(large, inputs)
    assert not saturated(fits, inputs)
    assert (chosen(large, inputs) == wanted).mean() < 0.95
    assert (chosen(fits, inputs) == wanted).mean() > 0.99


def test_what_fits_stays_as_it_is(inputs):
    small = layers(1)
    assert fitted(small, inputs, last=True) == small


def test_outputs_that_mean_something_keep_their_scale(inputs):
    exact, large = layers(1, raw=False)[:-1], layers(40, raw=False)[:-1]
    mask = quantise.layer("mask", "conv", np.full((2, 3, 3, 3), 0.01 / 40), np.zeros(2))
    plain = quantise.layer("mask", "conv", np.full((2, 3, 3, 3), 0.01), np.zeros(2))
    out = Network(fitted([*large, mask], inputs, last=False))(inputs)
    assert np.abs(out - Network([*exact, plain])(inputs)).max() <= 2


def test_numbers_beyond_any_power_of_two_are_refused(inputs):
    grown = [*layers(900), *(_doubled(i) for i in range(6))]
    with pytest.raises(BadWeights, match="too large for int16"):
        fitted(grown, inputs, last=True)


def _doubled(i):
    return quantise.layer(f"d{i}", "dense", np.eye(5) * 8000.0, np.zeros(5))


@pytest.mark.parametrize("name", ["portraits", "ink", "icons", "textures", "chorales"])
def test_no_shipped_model_saturates(monkeypatch, name):
    ends, all_of_them = 0, 0

    def settle(sums, shift, leaky, plus=None):
        nonlocal ends, all_of_them
        out = plain(sums, shift, leaky, plus)
        if shift:
            ends += int(((out >= HIGHEST) | (out <= LOWEST)).sum())
            all_of_them += out.size
        return out

    plain = network.settle
    monkeypatch.setattr(network, "settle", settle)
    model = load_model(name)
    for seed in range(4):
        model.sample(seed)
    assert all_of_them
    assert ends / all_of_them < 1e-5

"""From integers back to floats: what fine-tuning starts from."""

from __future__ import annotations

import numpy as np
import pytest

from medici.studio.exact import quantise, restored

SHAPES = {"dense": (7, 5), "conv": (7, 5, 3, 3), "down": (7, 5, 4, 4), "up": (5, 7, 4, 4)}


@pytest.mark.parametrize("kind", SHAPES)
def test_a_layer_comes_back_as_it_was_laid_out(kind):
    random = np.random.default_rng(3)
    weight, bias = random.normal(size=SHAPES[kind]), random.normal(size=7)
    told, offset = restored.layer(quantise.layer("one", kind, weight, bias, leaky=True))
    assert told.shape == weight.shape
    assert np.abs(told - weight).max() < np.abs(weight).max() / 2**14
    assert np.abs(offset - bias).max() < 1e-6


def test_raw_layers_come_back_up_to_a_power_of_two():
    weight, bias = np.random.default_rng(3).normal(size=(7, 5)), np.arange(7.0)
    told, offset = restored.layer(quantise.layer("last", "dense", weight, bias, raw=True))
    factor = np.abs(told).max() / np.abs(weight).max()
    assert np.log2(factor) == pytest.approx(round(np.log2(factor)), abs=1e-3)
    assert np.allclose(offset / factor, bias, atol=1e-3)


@pytest.mark.train
def test_a_sequence_comes_back_and_scores_alike():
    torch = pytest.importorskip("torch")
    from medici.studio.training.autoregressive import Autoregressive

    sizes = {"width": 12, "inner": 9, "blocks": 2, "heads": 6, "periods": 6}
    torch.manual_seed(1)
    first, second = (Autoregressive(6, 4, channels=1, told_values=3, **sizes) for _ in range(2))
    with torch.no_grad():
        for layer in first.second:
            layer.weight.normal_(0, 0.3)
    parts = restored.sequence(first.to_exact())
    second.load_state_dict({k: torch.from_numpy(v) for k, v in parts.items()})
    tokens, told = torch.randint(4, (20, 6)), torch.randint(3, (20, 6, 1))
    with torch.no_grad():
        assert (first(tokens, told) - second(tokens, told)).abs().max() < 2e-3

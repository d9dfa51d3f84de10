"""Running averages of weights."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from medici.studio.training.averages import Averages  # noqa: E402


@pytest.mark.parametrize("early", [3, 9])
def test_an_average_follows_its_definition(early):
    network = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(0.0)
    averages = Averages(network, (0.5,), early)
    expected = 0.0
    for step, value in enumerate((8.0, 4.0, 2.0)):
        with torch.no_grad():
            network.weight.fill_(value)
        averages.update(network, step)
        decay = min(0.5, (1 + step) / (1 + early + step))
        expected = decay * expected + (1 - decay) * value
    averages.copy_to(network, "0.5")
    assert float(network.weight.detach()) == pytest.approx(expected)


def test_without_decays_the_live_weights_are_sampled():
    network = torch.nn.Linear(1, 1)
    averages = Averages(network, ())
    before = network.weight.clone()
    averages.update(network, 0)
    assert averages.names == ("live",)
    averages.copy_to(network, "live")
    assert (network.weight == before).all()

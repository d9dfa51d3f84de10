"""Every size from 16 to 1,024 pixels is built and stepped once, narrow so that it is quick."""

from __future__ import annotations

import pytest
from tests.studio.training.trainees import drawings, trainer

torch = pytest.importorskip("torch")

from medici.studio.pictures.bodies import SIDES, GanShape, Generator  # noqa: E402
from medici.studio.pictures.critics import critic, deviation  # noqa: E402

pytestmark = pytest.mark.train

NARROW = {"batch": 2, "width": 2, "widest": 8, "critic": 2, "critic_widest": 8, "lazy": 1}


@pytest.mark.parametrize("body", ["dcgan", "r3gan"])
@pytest.mark.parametrize("side", SIDES)
def test_each_size_is_built_and_stepped_once(side, body, monkeypatch):
    monkeypatch.setattr("medici.studio.pictures.gan._CALIBRATED", 2)
    head = "slots" if side <= 64 else "rgb"
    # Second derivatives of the largest pictures take longer than all else together.
    gamma = 5.0 if side <= 128 else 0.0
    made = trainer(drawings(4, side), body=body, head=head, gamma=gamma, **NARROW)
    before = [p.detach().clone() for p in made.generator.parameters()]
    made.advance()
    assert any((a != b).any() for a, b in zip(before, made.generator.parameters(), strict=True))
    assert made.samples(1, "0.5").shape == (1, side, side, 4)


def test_channels_double_towards_small_sizes_up_to_the_widest():
    shape = GanShape(side=64, width=16, widest=100, critic=24, critic_widest=1000)
    assert shape.channels() == [100, 100, 64, 32, 16]
    assert shape.critic_channels() == [24, 48, 96, 192, 384]


def test_an_untrained_residual_network_keeps_the_variance_of_its_features():
    shape = GanShape(body="r3gan", head="rgb", side=64, blocks=2, width=16)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Generator(shape, torch.zeros(0, 3), transparent=False)
    with torch.no_grad():
        spread = network(torch.randn(32, 64)).std()
    assert 0.2 < spread < 2


def test_the_critic_sees_when_samples_are_all_the_same():
    same = torch.ones(8, 3, 4, 4) * torch.randn(1, 3, 4, 4)
    assert deviation(same).max() < 1e-3
    assert deviation(torch.randn(8, 3, 4, 4)).min() > 0.5


def test_a_class_moves_the_score_only_of_a_critic_with_classes():
    x, kinds = torch.randn(4, 3, 16, 16), torch.tensor([0, 1, 0, 1])
    plain = critic(GanShape(critic=4, critic_widest=8), 3)
    assert (plain(x) == plain(x, kinds)).all()
    told = critic(GanShape(critic=4, critic_widest=8, classes=2), 3)
    assert not torch.allclose(told(x, kinds), told(x, 1 - kinds))

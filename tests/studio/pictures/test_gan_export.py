"""Exact layers of a trained GAN draw what its floats draw."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studio.training.trainees import drawings, trainer

torch = pytest.importorskip("torch")

from medici.errors import BadWeights  # noqa: E402
from medici.studio.exact.network import Network  # noqa: E402
from medici.studio.pictures.gan_export import exact_networks, to_exact  # noqa: E402
from medici.studio.pictures.model import preview  # noqa: E402

pytestmark = pytest.mark.train


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Norms measured over fewer latents."""
    monkeypatch.setattr("medici.studio.pictures.gan._CALIBRATED", 128)


def trained(**settings):
    made = trainer(drawings(side=32), width=16, widest=64, blocks=2, **settings)
    for _ in range(8):
        made.advance()
    return made.averaged("0.9"), made.classes


def latents(n, classes=0):
    random = np.random.default_rng(0)
    z = np.rint(random.normal(size=(n, 8)) * 1024)
    if not classes:
        return z, torch.from_numpy(z / 1024).float(), None
    kinds = random.integers(0, classes, n)
    hot = np.eye(classes)[kinds] * 1024
    return np.concatenate([z, hot], 1), torch.from_numpy(z / 1024).float(), torch.from_numpy(kinds)


@pytest.mark.parametrize("labels", [None, "colour"])
@pytest.mark.parametrize("body", ["dcgan", "r3gan"])
def test_slots_in_integers_are_the_slots_in_floats(body, labels):
    network, classes = trained(body=body, head="slots", labels=labels)
    exact = {k: Network(v) for k, v in exact_networks(network).items()}
    whole, z, kinds = latents(32, len(classes))
    h = exact["map"](whole)
    with torch.no_grad():
        scores, mapped = network.parts(z, kinds)
        colours = network.head.colours(mapped)
    assert (exact["draw"](h).argmax(-1) == scores.argmax(1).numpy()).mean() > 0.99
    assert np.abs(exact["colours"](h) / 1024 - colours.flatten(1).numpy()).max() < 0.02


@pytest.mark.parametrize("body", ["dcgan", "r3gan"])
def test_colours_in_integers_are_within_a_grey_level_or_two_of_floats(body):
    network, _ = trained(body=body, head="rgb")
    exact = {k: Network(v) for k, v in exact_networks(network).items()}
    whole, z, _ = latents(32)
    with torch.no_grad():
        scores, _ = network.parts(z)
    gap = np.abs(exact["draw"](exact["map"](whole)) / 1024 - scores.movedim(1, 3).numpy())
    assert gap.max() < 2 / 127.5
    assert "colours" not in exact


def test_a_model_knows_its_head_and_classes():
    network, classes = trained(body="dcgan", head="rgb", labels="colour")
    about = to_exact(network, classes).about
    assert about["head"] == "rgb"
    assert list(about["classes"]) == ["blue", "green", "red"]


def test_a_gan_is_steered_along_its_principal_components():
    network, _ = trained(head="slots")
    model = preview(to_exact(network))
    assert model.directions[0] == "component-1"
    ground = {"ground": "transparent"}
    plain = model.natives(range(8), ground)
    steps = []
    for amount in (0.5, 2.0):
        moved = model.natives(range(8), {**ground, "directions": {"component-1": amount}})
        steps.append(int((moved != plain).any(-1).sum()))
    assert 0 < steps[0] < steps[1]


def test_weights_that_are_not_finite_are_not_exported():
    network, _ = trained(body="r3gan", head="slots")
    with torch.no_grad():
        network.body.blocks[0][0].middle.weight[0, 0, 0, 0] = float("inf")
    with pytest.raises(BadWeights, match=r"block0\.0\.middle holds a number that is not finite"):
        to_exact(network)

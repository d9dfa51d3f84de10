"""The picture GAN's step: both bodies, both heads, labels, augmentation, precision."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studio.training.trainees import drawings, trainer

torch = pytest.importorskip("torch")

from medici.errors import BadData, WrongUse  # noqa: E402
from medici.records import Digest  # noqa: E402
from medici.studio.data.folder import PictureSet  # noqa: E402
from medici.studio.pictures.gan import load_trained  # noqa: E402
from medici.studio.pictures.heads import as_seen, to_pixels  # noqa: E402
from medici.studio.pictures.recipe import Recipe  # noqa: E402

pytestmark = pytest.mark.train


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


@pytest.mark.parametrize("transparent", [True, False])
@pytest.mark.parametrize("head", ["slots", "rgb"])
@pytest.mark.parametrize("body", ["dcgan", "r3gan"])
def test_a_step_moves_both_networks(body, head, transparent):
    made = trainer(drawings(transparent=transparent), body=body, head=head)
    before = weights(made.generator), weights(made.discriminator)
    told = [made.advance() for _ in range(3)]
    assert made.step == 3
    assert all(np.isfinite(list(row.values())).all() for row in told)
    assert not (weights(made.generator) == before[0]).all()
    assert not (weights(made.discriminator) == before[1]).all()
    pictures = made.samples(5, made.averages[-1])
    assert pictures.shape == (5, 16, 16, 4)
    assert set(np.unique(pictures[..., 3])) <= ({0, 255} if transparent else {255})


def test_slots_paint_with_the_colours_of_the_data_alone():
    data = drawings()
    made = trainer(data)
    for _ in range(4):
        made.advance()
    pictures = made.samples(20, "0.5")
    known = {tuple(c) for c in data.pixels.reshape(-1, 4).tolist()}
    assert {tuple(c) for c in pictures.reshape(-1, 4).tolist()} <= known
    assert all(len(np.unique(p.reshape(-1, 4), axis=0)) <= 4 for p in pictures)


def test_classes_are_what_the_labels_say_and_can_be_asked_for():
    made = trainer(labels="colour")
    assert made.classes == ("blue", "green", "red")
    assert made.recipe.shape.classes == 3
    for _ in range(3):
        made.advance()
    network, z = made.averaged("0.9"), torch.randn(6, 8)
    with torch.no_grad():
        asked = [network.parts(z, torch.full((6,), c))[0] for c in range(3)]
        assert (network.parts(z, torch.full((6,), 1))[0] == asked[1]).all()
    assert not (asked[0] == asked[1]).all()
    with pytest.raises(WrongUse, match="must be told classes"):
        network(z)


def test_labels_that_are_not_there_are_refused_with_those_that_are():
    with pytest.raises(BadData, match="gives no 'hair' of 24 of 24 samples") as caught:
        trainer(labels="hair")
    assert "colour" in caught.value.hint
    data = drawings()
    bare = PictureSet(data.pixels, data.names, data.digests)
    with pytest.raises(BadData, match="gives no 'colour'"):
        trainer(bare, labels="colour")


def test_pictures_of_another_size_are_refused():
    from medici.studio.pictures.gan import Trainer

    with pytest.raises(BadData, match="32 pixels a side, not 16"):
        Trainer(drawings(side=32), Recipe(), 0, torch.device("cpu"))


def test_fifty_pictures_are_enough_and_are_augmented():
    made = trainer(drawings(50), augment="auto")
    assert made.augments
    for _ in range(4):
        made.advance()
    assert made.samples(4, "0.9").std() > 0
    many = np.zeros((3000, 16, 16, 4), np.uint8)
    many[::2] = 255
    names = tuple(map(str, range(3000)))
    data = PictureSet(many, names, tuple(Digest("0" * 64) for _ in names))
    assert not trainer(data, augment="auto").augments
    assert trainer(data, augment="diffaugment").augments


@pytest.mark.parametrize("body", ["dcgan", "r3gan"])
def test_bfloat16_trains_weights_of_float32(body):
    made = trainer(body=body, precision="bfloat16")
    for _ in range(3):
        made.advance()
    assert made.precision.half
    assert {p.dtype for p in made.generator.parameters()} == {torch.float32}
    assert weights(made.generator).isfinite().all()


def test_penalties_are_taken_lazily(monkeypatch):
    from medici.studio.pictures import gan

    taken = []
    real = gan.gradient_penalty
    monkeypatch.setattr(gan, "gradient_penalty", lambda *a: taken.append(made.step) or real(*a))
    made = trainer(body="r3gan", lazy=3)
    for _ in range(7):
        made.advance()
    assert taken == [0, 0, 3, 3, 6, 6]  # R1 and R2
    taken.clear()
    made = trainer(body="dcgan", lazy=3)
    for _ in range(4):
        made.advance()
    assert taken == [0, 3]  # R1 alone


def test_the_kept_generator_is_the_average_with_norms_of_its_own(tmp_path):
    made = trainer()
    for _ in range(4):
        made.advance()
    made.keep(tmp_path / "best.safetensors", "0.9")
    network, about = load_trained(tmp_path / "best.safetensors")
    assert about["average"] == "0.9"
    assert about["step"] == 4
    assert Recipe.from_json(about["recipe"]) == made.recipe
    random = torch.Generator().manual_seed(9)
    with torch.no_grad():
        again = to_pixels(network(torch.randn(6, 8, generator=random)))
    assert (again == made.samples(6, "0.9")).all()


def test_pictures_survive_the_way_the_critic_sees_them():
    for transparent in (True, False):
        pixels = drawings(transparent=transparent).pixels
        seen = as_seen(torch.from_numpy(pixels), transparent=transparent)
        assert (to_pixels(seen) == pixels).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"boddy": "dcgan"}, "no setting 'boddy'"),
        ({"body": "vae"}, "body 'vae' is not known"),
        ({"side": 48}, "side 48 is not known"),
        ({"batch": 0}, "batch must be a whole number from 1 up"),
        ({"gamma": -1.0}, "gamma must be a number from 0 up"),
        ({"width": 2.5}, "width must be a whole number"),
        ({"averages": [1.5]}, "averages are decays"),
        ({"loss": "hinge"}, "loss 'hinge' is not known"),
        ({"precision": "int4"}, "precision 'int4' is not known"),
    ],
)
def test_settings_are_checked_by_name(settings, message):
    with pytest.raises(WrongUse, match=message):
        Recipe.from_settings(settings)


def test_a_recipe_survives_json():
    recipe = Recipe.from_settings({"body": "r3gan", "side": 64, "averages": [0.9], "gamma": 2.0})
    assert Recipe.from_json(recipe.as_json()) == recipe
    assert (recipe.chosen_loss, recipe.second_gamma) == ("relativistic", 2.0)
    assert (Recipe().chosen_loss, Recipe().second_gamma) == ("logistic", 0.0)

"""Picture codes: what is trained in floats is what the exact renderer draws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.studio.pictures.small_codes import CPU, SHAPE, TINY, labelled, trained  # noqa: E402

from medici.errors import BadData, BadWeights, WrongUse  # noqa: E402
from medici.studio.data.folder import read_folder  # noqa: E402
from medici.studio.families import Training, load_model  # noqa: E402
from medici.studio.pictures import finish  # noqa: E402
from medici.studio.pictures.codes import (  # noqa: E402
    Decoder,
    blended,
    quantised,
    quarter,
    to_tokens,
)
from medici.studio.pictures.codes_export import to_exact  # noqa: E402
from medici.studio.pictures.codes_recipe import read_settings  # noqa: E402
from medici.studio.pictures.codes_trainer import CodesTrainer  # noqa: E402
from medici.studio.pictures.fine_tuning import start_codes_from  # noqa: E402
from medici.studio.pictures.labels import Labels  # noqa: E402
from medici.studio.pictures.model import preview  # noqa: E402
from medici.studio.pictures.projection import distances, project  # noqa: E402
from medici.studio.pictures.style import read_codes  # noqa: E402
from medici.studio.pictures.training import body_for, head_for, train  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from medici.studio.data.folder import PictureSet

pytestmark = pytest.mark.train


@pytest.fixture
def data(pictures: Path) -> PictureSet:
    return read_folder(pictures)


def test_the_loss_falls_and_the_prior_learns(data):
    trainer = CodesTrainer(data, TINY, 0, CPU)
    told = [trainer.advance() for _ in range(200)]
    assert told[-1]["pixel_nats"] < 0.4 * told[0]["pixel_nats"]
    # The first bits are those of a uniform draw.
    assert told[-1]["prior_bits"] < 0.97 * 6 * np.log2(5)


def test_the_exact_model_draws_what_the_float_decoder_draws(data):
    trainer = trained(data, 120)
    networks = trainer.averaged("0.9985")
    model = preview(trainer.exact("0.9985"))
    tokens = model.tokens(range(64), model.parse(None))
    with torch.no_grad():
        scores, colours = networks.decoder(torch.from_numpy(model.levels[tokens]).float() / 1024)
    slots = scores.argmax(1).flatten(1)
    chosen = torch.nn.functional.pad(colours.argmax(-1) + 1, (1, 0)).gather(1, slots).numpy()
    table = np.concatenate([np.zeros((1, 3), np.uint8), trainer.palette])
    drawn = model.natives(range(64), {"ground": "transparent"})
    same = (drawn[..., :3].reshape(64, 256, 3) == table[chosen]).all(-1)
    assert same.mean() > 0.995
    assert ((drawn[..., 3].reshape(64, 256) > 0) == (slots.numpy() > 0)).mean() > 0.995


@pytest.mark.parametrize("smooth", [0, 1])
def test_larger_sides_come_out_exact_too(data, smooth):
    shape = replace(SHAPE, side=64, smooth=smooth, channels=(6, 5, 4))
    large = replace(data, pixels=data.pixels.repeat(4, 1).repeat(4, 2))
    trainer = trained(large, 3, replace(TINY, shape=shape))
    model = preview(trainer.exact("0.9985"))
    native = model.natives([3], {"ground": "transparent"})
    assert native.shape == (1, 64, 64, 4)
    work = model.sample(3, {"ground": "transparent", "scale": 4})
    assert work.pixels.shape == (256, 256, 4)
    if not smooth:
        assert (work.pixels[::4, ::4] == native[0]).all()


@pytest.mark.parametrize("smooth", [0, 1])
def test_a_decoder_that_outgrew_int16_is_drawn_as_the_float_one_draws(data, smooth):
    shape = replace(SHAPE, side=64, smooth=smooth, channels=(6, 5, 4))
    large = replace(data, pixels=data.pixels.repeat(4, 1).repeat(4, 2))
    trainer = trained(large, 30, replace(TINY, shape=shape))
    networks = trainer.averaged("0.9985")
    for part in networks.decoder.seed.parameters():
        part.data *= 2000  # training does so, given hours: no norm holds these layers
    exact = to_exact(networks.decoder, networks.prior, trainer.palette)
    model = preview(exact)
    tokens = model.tokens(range(20), model.parse(None))
    with torch.no_grad():
        scores, _ = networks.decoder(torch.from_numpy(model.levels[tokens]).float() / 1024)
    assert scores.abs().max() > 32
    drawn = finish.smooth(model.draw(model.map(model.levels[tokens])), smooth)
    assert (drawn.argmax(-1) == scores.argmax(1).numpy()).mean() > 0.995


def test_a_resumed_run_gives_the_same_weights(data, tmp_path):
    whole = trained(data, 20)
    half = trained(data, 11)
    half.save(tmp_path / "snapshot.safetensors")
    again = CodesTrainer(data, TINY, 5, CPU)
    again.load(tmp_path / "snapshot.safetensors")
    for _ in range(9):
        again.advance()
    assert again.step == whole.step
    for name, value in whole.networks.state_dict().items():
        assert torch.equal(value, again.networks.state_dict()[name]), name
    assert again.exact("0.9985").id == whole.exact("0.9985").id


def test_the_prior_draws_the_class_that_is_asked_for(data, tmp_path):
    quick = replace(TINY, labels="colour", rate=5e-3, averages=(0.95,))
    trainer = CodesTrainer(labelled(data), quick, 0, CPU)
    for step in range(500):
        trainer.fraction = step / 500
        trainer.advance()
    model = preview(trainer.exact("0.95"))
    assert model.classes == ("blue", "green", "red")
    assert model.exact.about["classes"] == ["blue", "green", "red"]
    for kind, channel in (("red", 0), ("green", 1), ("blue", 2)):
        drawn = model.natives(range(32), {"class": kind, "ground": "transparent"})
        figures = drawn[(drawn[..., 3] > 0) & (drawn[..., :3].max(-1) < 220)]
        assert (figures[:, :3].argmax(-1) == channel).mean() > 0.7, kind
    trainer.save(tmp_path / "snapshot.safetensors")
    with pytest.raises(BadWeights, match="classes"):
        CodesTrainer(data, TINY, 0, CPU).load(tmp_path / "snapshot.safetensors")


def test_a_class_must_be_in_the_labels(data):
    with pytest.raises(BadData, match="gives no 'colour'"):
        CodesTrainer(data, replace(TINY, labels="colour"), 0, CPU)


@pytest.mark.parametrize("side", [16, 64])
def test_an_undecided_slot_is_split_into_an_idle_one(side):
    shape = replace(SHAPE, side=side, channels=(6, 5, 4))
    decoder = Decoder(shape, 8, transparent=True)
    masks = decoder.mask or decoder.seed
    with torch.no_grad():
        rows = masks.bias.unflatten(0, (5, -1))
        rows[:] = -20
        rows[2], rows[4] = 5, 4.5  # coloured slots 1 and 3
        decoder.colour2.bias.zero_()
        decoder.colour2.bias[3 * 8] = 20  # slot 3 is of one colour
        decoder.colour2.weight.zero_()
    values = torch.zeros(6, 6)
    used, undecided = decoder.undecided(values)
    assert used[1] > used[3] > 0.2
    assert used[0] < 0.01 > used[2]
    assert undecided[1] == pytest.approx(float(used[1]) * np.log(8), rel=0.01)
    assert undecided[3] < 0.01
    decoder.split(1, 2, torch.Generator().manual_seed(0))
    again, _ = decoder.undecided(values)
    assert again[2] > 0.1
    assert again[3] > 0.1
    assert (decoder.colour2.bias[8:16] != decoder.colour2.bias[16:24]).all()


def test_a_run_splits_slots_while_there_is_time_and_goes_on(data, monkeypatch):
    for name, value in (("EVERY", 4), ("FROM", 0), ("UNTIL", 0.6)):
        monkeypatch.setattr(f"medici.studio.pictures.splitting._{name}", value)
    monkeypatch.setattr("medici.studio.pictures.splitting._IDLE", 0.2)
    split = []
    plain = Decoder.split
    monkeypatch.setattr(
        Decoder, "split", lambda self, *told: (split.append(told[:2]), plain(self, *told))
    )
    trainer = trained(data, 30)
    assert 0 < len(split) <= 7
    assert all(slot != idle for slot, idle in split)
    trainer.fraction = 0.5  # of a budget of which 0.75 is for drawing: too late by now
    before = len(split)
    for _ in range(8):
        trainer.advance()
    assert len(split) == before
    assert trainer.exact("0.9985").id


def test_a_snapshot_of_other_sizes_is_refused_by_name(data, tmp_path):
    trained(data, 1).save(tmp_path / "snapshot.safetensors")
    other = CodesTrainer(data, replace(TINY, shape=replace(SHAPE, codes=7)), 0, CPU)
    with pytest.raises(BadWeights, match="codes"):
        other.load(tmp_path / "snapshot.safetensors")


def test_a_folder_of_drawings_becomes_a_model_that_loads(pictures, tmp_path):
    settings = {"body": "codes", "codes": 5, "width": 32, "prior": 16, "slots": 5, "batch": 8}
    how = Training(steps=25, settings={**settings, "snapshot_seconds": 1000.0})
    record = train(pictures, tmp_path / "own", how, judged=16)
    model = load_model(tmp_path / "own")
    assert model.id == record.id
    assert "codes" in record.training["architecture"]
    work = model.sample(4)
    assert (model.sample(4, work.style).pixels == work.pixels).all()
    assert (tmp_path / "own" / "sheet.png").exists()


def test_side_and_size_are_one_setting(pictures, tmp_path):
    def asked(**sizes):
        how = Training(steps=2, settings={"body": "codes", **sizes})
        return train(pictures, tmp_path / "own", how)

    for name in ("side", "size"):  # the pictures are 16×16: what was asked for is told
        with pytest.raises(BadData, match="at least 32×32 is needed"):
            asked(**{name: 32})
    with pytest.raises(WrongUse, match="the same setting"):
        asked(side=16, size=16)


def test_encoder_and_decoder_come_to_rest_before_the_prior(data):
    trainer = trained(data, 2)
    trainer.step = 5000
    rates = {}
    for fraction in (0.0, 0.7, 0.8, 0.99):
        trainer.fraction = fraction
        told = trainer.advance()
        assert ("pixel_nats" in told) == (fraction < 0.75)
        rates[fraction] = [group["lr"] for group in trainer.optimiser.param_groups]
    pictures, prior = zip(*rates.values(), strict=True)
    assert pictures[0] > 10 * pictures[1] > 0
    assert prior[0] == prior[1] > prior[2] > 10 * prior[3]


def test_a_picture_of_the_model_is_found_again(data):
    model = preview(trained(data, 120).exact("0.9985"))
    picture = model.natives([31], {"ground": "transparent"})[0]
    style = project(model, picture)
    assert style.keys() == {"codes"}
    assert (model.natives([0], {**style, "ground": "transparent"})[0] == picture).all()


def test_projection_comes_closer_than_any_of_many_seeds(data):
    model = preview(trained(data, 60).exact("0.9985"))
    stranger = data.pixels[0]
    seeds = model.tokens(range(200), model.parse(None))
    best = distances(model, seeds, stranger).min()
    found = np.array([read_codes(project(model, stranger)["codes"], model.steps)])
    assert distances(model, found, stranger)[0] <= best


def test_directions_come_from_labels_or_from_the_spread(data):
    names = trained(data, 5).exact("0.9985").about["directions"]
    assert names[0] == "component-1"
    samples = [
        {"file": n, "attributes": {"hat": "tall"} if i % 3 else {}}
        for i, n in enumerate(data.names)
    ]
    labelled = replace(data, source={"samples": samples})
    model = preview(trained(labelled, 5).exact("0.9985"))
    assert model.directions == ("hat",)
    plain = {"ground": "transparent"}
    moved = model.natives(range(20), {**plain, "directions": {"hat": 4}})
    assert (moved != model.natives(range(20), plain)).any()


def test_labels_are_the_nearest_colours():
    palette = np.array([[0, 0, 0], [250, 10, 10], [9, 200, 30]], np.uint8)
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (2, 8, 8, 4), dtype=np.uint8)
    labels = Labels(palette, pixels, transparent=True)(torch.from_numpy(pixels)).numpy()
    gaps = ((pixels[..., None, :3].astype(int) - palette.astype(int)) ** 2).sum(-1)
    expected = np.where(pixels[..., 3] > 0, gaps.argmin(-1) + 1, 0)
    assert (labels == expected).all()


def test_the_likelihood_of_a_pixel_is_a_mixture_over_slots():
    torch.manual_seed(0)
    decoder = Decoder(SHAPE, 3, transparent=False).eval()
    values = quantised(torch.randn(2, 6), 5)
    labels = torch.randint(3, (2, 16, 16))
    scores, colours = decoder(values)
    mask, chosen = scores.softmax(1), colours.softmax(-1)
    likely = torch.einsum("nshw,nsk->nkhw", mask, chosen)
    expected = -likely.gather(1, labels[:, None]).log().mean()
    assert torch.allclose(decoder.surprise(values, labels).mean(), expected, atol=1e-5)


@pytest.mark.parametrize("phase", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_quarter_is_what_blending_gives_there(phase):
    scores = torch.randn(2, 3, 5, 4)
    expected = blended(scores)[:, :, phase[0] :: 2, phase[1] :: 2]
    assert torch.allclose(quarter(scores, *phase), expected, atol=1e-6)


def test_codes_are_the_levels_of_their_values():
    values = quantised(torch.linspace(-4, 4, 101)[:, None], 5)
    assert set(to_tokens(values, 5).flatten().tolist()) == {0, 1, 2, 3, 4}


def test_the_body_follows_the_data(data):
    assert body_for(data) == "dcgan"
    assert head_for(data) == "slots"
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (30, 16, 16, 4), dtype=np.uint8)
    noise[..., 3] = 255
    assert head_for(replace(data, pixels=noise)) == "rgb"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"cods": 3}, "did you mean codes"),
        ({"levels": 4}, "3, 5 or 9"),
        ({"batch": 0}, "batch"),
        ({"slots": "many"}, "slots must be a whole number"),
    ],
)
def test_wrong_settings_are_named(settings, words):
    with pytest.raises(WrongUse) as caught:
        read_settings(settings, 16)
    assert words in caught.value.message + caught.value.hint


def test_a_side_between_the_sizes_is_refused():
    with pytest.raises(WrongUse, match="not one of"):
        read_settings({}, 48)


def test_a_run_can_start_from_another_one(data, tmp_path):
    first = trained(data, 6)
    first.save(tmp_path / "run" / "snapshot.safetensors")
    recoloured = replace(data, pixels=data.pixels[..., [2, 0, 1, 3]])
    second = CodesTrainer(recoloured, TINY, 9, CPU)
    told = start_codes_from(second, tmp_path)
    assert told["taken"] > told["fresh"] > 0
    state, before = second.networks.state_dict(), first.networks.state_dict()
    assert torch.equal(state["decoder.seed.weight"], before["decoder.seed.weight"])
    assert torch.equal(
        second.averaged("0.9985").prior.state_dict()["tables"], state["prior.tables"]
    )
    assert (second.palette != first.palette).any()
    second.advance()
    other = CodesTrainer(data, replace(TINY, shape=replace(SHAPE, codes=7)), 0, CPU)
    with pytest.raises(BadWeights, match="codes"):
        start_codes_from(other, tmp_path)
    with pytest.raises(WrongUse, match="no training run"):
        start_codes_from(other, tmp_path / "run" / "nothing")


def test_places_that_are_drawn_badly_can_be_made_to_count_for_more(data):
    trainer = CodesTrainer(data, replace(TINY, focus=1.0), 0, CPU)
    surprise = torch.full((4, 256), 0.1)
    surprise[:, 7] = 2.0
    for _ in range(300):
        focused = trainer._focused(surprise)
    bad = trainer._errors[7] / trainer._errors.mean()
    assert bad > 5
    assert focused > 1.5 * surprise.mean()
    plain = CodesTrainer(data, replace(TINY, focus=0.0), 0, CPU)
    assert plain._focused(surprise) == surprise.mean()


def test_a_focused_run_resumes_to_the_same_weights(data, tmp_path):
    recipe = replace(TINY, focus=0.5)
    whole, half = trained(data, 6, recipe), trained(data, 3, recipe)
    half.save(tmp_path / "snapshot.safetensors")
    again = CodesTrainer(data, recipe, 5, CPU)
    again.load(tmp_path / "snapshot.safetensors")
    for _ in range(3):
        again.advance()
    assert again.exact("0.9985").id == whole.exact("0.9985").id

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from medici.errors import BadStyle, BadWeights, WrongUse
from medici.studio import conformance
from medici.studio.diffusion.model import largest_difference, to_pixels
from medici.studio.diffusion.style import SCHEDULERS
from medici.studio.families import Generator, family, load_model

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.train
QUICK = {"steps": 3}


@pytest.fixture(scope="module")
def model(trained: Path) -> Any:
    return load_model(trained)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[8:24, 8:24] = [200, 40, 40, 255]
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def test_it_keeps_every_promise_of_the_protocol(model: Any, trained: Path) -> None:
    assert isinstance(model, Generator)
    report = conformance.check(family("diffusion"), trained, QUICK, within=2)
    assert report.ok, str(report)


def test_a_seed_gives_the_same_picture_alone_and_in_any_batch(model: Any) -> None:
    alone = [model.sample(seed, QUICK) for seed in (7, 8, 9)]
    for order in ((7, 8, 9), (9, 7, 8)):
        together = dict(zip(order, model.sample_many(order, QUICK), strict=True))
        assert all(largest_difference(together[w.seed], w) <= 1 for w in alone)
    assert largest_difference(alone[0], alone[1]) > 2


def test_seeds_that_differ_beyond_32_bits_make_other_pictures(model: Any) -> None:
    small, large, larger = model.sample_many([5, 5 + 2**32, 5 + 2**33], QUICK)
    assert largest_difference(small, large) > 2
    assert largest_difference(large, larger) > 2


def test_the_style_of_a_work_makes_it_again(model: Any, trained: Path) -> None:
    work = model.sample(3, QUICK)
    told = json.loads(json.dumps(work.style))
    assert set(told) == set(model.keys)
    again = load_model(trained).sample(work.seed, told)
    assert largest_difference(work, again) <= 1
    assert again.style == work.style


@pytest.mark.parametrize("name", SCHEDULERS)
def test_every_scheduler_draws_and_only_its_own_way(model: Any, name: str) -> None:
    work = model.sample(1, {"steps": 4, "scheduler": name})
    assert work.pixels[..., :3].std() > 5
    assert largest_difference(work, model.sample(1, {"steps": 4, "scheduler": name})) <= 1


def test_scale_enlarges_every_pixel_to_a_square(model: Any) -> None:
    small, large = model.sample(1, QUICK), model.sample(1, {**QUICK, "scale": 3})
    assert (large.pixels[1::3, 1::3] == small.pixels).all()
    assert large.pixels.shape == (48, 48, 4)


def test_an_edit_stays_nearer_to_its_picture_the_weaker_it_is(model: Any, picture: Path) -> None:
    wanted = np.asarray(Image.open(picture).resize((16, 16), Image.Resampling.BOX), np.int16)

    def gap(strength: float) -> float:
        style = {"steps": 10, "image": str(picture), "strength": strength}
        return float(np.abs(model.sample(5, style).pixels - wanted).mean())

    assert gap(0.1) < gap(1.0)


def test_what_a_mask_keeps_is_kept_to_the_level(model: Any, picture: Path, tmp_path: Path) -> None:
    mask = np.zeros((16, 16), np.uint8)
    mask[:, 8:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    style = {"image": str(picture), "mask": str(tmp_path / "mask.png"), "strength": 1.0, **QUICK}
    work = model.sample(2, style)
    wanted = np.asarray(Image.open(picture).resize((16, 16), Image.Resampling.BOX))
    assert np.abs(work.pixels[:, :8].astype(int) - wanted[:, :8]).max() <= 1
    assert np.abs(work.pixels[:, 8:].astype(int) - wanted[:, 8:]).max() > 2
    assert work.style["image_digest"]
    assert work.style["mask_digest"]


def test_a_projection_is_nearer_than_any_sample_and_can_be_made_again(
    model: Any, picture: Path
) -> None:
    wanted = np.asarray(Image.open(picture).resize((16, 16), Image.Resampling.BOX), np.int16)
    work = model.encode(picture)
    gaps = [np.abs(w.pixels - wanted).mean() for w in model.sample_many(range(8), QUICK)]
    assert np.abs(work.pixels - wanted).mean() < min(gaps)
    assert largest_difference(model.sample(work.seed, work.style), work) <= 1


def test_a_record_knows_that_its_picture_was_exchanged(model: Any, picture: Path) -> None:
    style = model.sample(0, {**QUICK, "image": str(picture)}).style
    Image.new("RGBA", (32, 32), "blue").save(picture)
    with pytest.raises(BadStyle, match="another picture"):
        model.sample(0, style)


@pytest.mark.parametrize(
    "style",
    [
        {"setps": 4},
        {"prompt": "a house"},
        {"steps": 0},
        {"steps": True},
        {"steps": 2.5},
        {"scheduler": "magic"},
        {"scheduler": ["ddim"]},
        {"strength": -0.1},
        {"scale": 65},
        {"mask": "x.png"},
        {"image": 5},
        {"image": "not-there.png"},
        {"image_digest": "00"},
        {"strength": float("nan")},
    ],
)
def test_a_style_that_cannot_be_is_refused(model: Any, style: dict[str, Any]) -> None:
    with pytest.raises(BadStyle):
        model.sample(0, style)


@pytest.mark.parametrize("seed", [-1, 2**53, 1.5, True, "1"])
def test_a_seed_that_json_cannot_carry_is_refused(model: Any, seed: Any) -> None:
    with pytest.raises(BadStyle):
        model.sample(seed)


def test_there_are_no_other_forms(model: Any) -> None:
    assert list(model.forms) == []
    with pytest.raises(WrongUse, match="svg"):
        model.export(model.sample(0, QUICK), "svg")


def test_weights_other_than_the_record_names_are_refused(trained: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(trained, copy)
    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(BadWeights, match="its record says"):
        load_model(copy)


def test_floats_become_levels_and_colour_gets_alpha() -> None:
    ramp = np.linspace(-0.1, 1.1, 12, dtype=np.float32).reshape(2, 2, 3)
    ramp[0, 0, 0] = np.nan
    made = to_pixels(ramp)
    assert made.shape == (2, 2, 4)
    assert (made[..., 3] == 255).all()
    assert made[0, 0, 0] == 0
    assert made[1, 1, 2] == 255
    assert to_pixels(ramp[..., :1]).shape == (2, 2, 4)

"""Pipelines of others: a tiny latent one with random weights stands for any of them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from tests.studio.hub import COMMIT, serving

from medici.errors import BadStyle, BadWeights, NoWeights, WrongUse
from medici.studio.diffusion.family import Diffusion
from medici.studio.diffusion.model import largest_difference
from medici.studio.families import load_model

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.train
QUICK = {"steps": 2, "prompt": "a red house"}


@pytest.fixture(scope="module")
def model(painter: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("adopted") / "painter"
    Diffusion().adopt(painter, out)
    return load_model(out)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (40, 40), (200, 40, 40)).save(tmp_path / "red.png")
    return tmp_path / "red.png"


def test_a_folder_taken_in_has_a_record_with_its_card_s_licence(model: Any) -> None:
    assert model.record.renderer == "float/diffusers"
    assert model.record.data_licence == "openrail++"
    assert model.record.training["pipeline"] == "StableDiffusionPipeline"
    assert set(model.record.data_root) == {"0"}


def test_a_prompt_steers_and_a_seed_repeats(model: Any) -> None:
    work = model.sample(4, QUICK)
    assert work.pixels.shape == (32, 32, 4)
    assert largest_difference(work, model.sample_many([3, 4], QUICK)[1]) <= 1
    assert largest_difference(work, model.sample(4, {**QUICK, "prompt": "sea"})) > 0
    assert work.style["prompt"] == "a red house"
    assert largest_difference(work, model.sample(4, work.style)) <= 1


def test_size_guidance_negative_and_scheduler_reach_the_pipeline(model: Any) -> None:
    plain = model.sample(4, QUICK)
    wide = model.sample(4, {**QUICK, "width": 48, "height": 16})
    assert wide.pixels.shape == (16, 48, 4)
    for more in ({"guidance": 40.0}, {"negative": "blue", "guidance": 9}, {"scheduler": "euler"}):
        assert largest_difference(plain, model.sample(4, {**QUICK, **more})) > 0
    assert largest_difference(plain, model.sample(4, QUICK)) <= 1


def test_a_picture_is_edited_inpainted_and_projected(
    model: Any, picture: Path, tmp_path: Path
) -> None:
    edited = model.sample(1, {**QUICK, "image": str(picture), "strength": 0.5})
    assert edited.pixels.shape == (32, 32, 4)
    mask = np.zeros((32, 32), np.uint8)
    mask[16:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    told = {**QUICK, "image": str(picture), "mask": str(tmp_path / "mask.png"), "strength": 0.9}
    assert largest_difference(model.sample(1, told), edited) > 0
    through = model.encode(picture)
    assert through.style["strength"] == 0
    assert largest_difference(through, model.sample(9, through.style)) <= 1


def test_what_the_pipeline_refuses_is_a_bad_style(model: Any) -> None:
    with pytest.raises(BadStyle, match="width") as caught:
        model.sample(0, {**QUICK, "width": 33})
    assert "multiple of 8" in caught.value.hint
    with pytest.raises(BadStyle):
        model.sample(0, {"prompt": 5})


def test_a_folder_can_be_taken_in_where_it_stands(painter: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(painter, home)
    record = Diffusion().adopt(home, home, name="mine", licence="CC0-1.0")
    assert load_model(home).id == record.id
    assert (record.name, record.data_licence) == ("mine", "CC0-1.0")
    with pytest.raises(WrongUse, match="there already"):
        Diffusion().adopt(painter, home)


def test_a_model_comes_from_a_hub_and_draws_the_same(
    painter: Path, model: Any, tmp_path: Path
) -> None:
    with serving(painter) as (address, taken):
        record = Diffusion().adopt("artist/tiny", tmp_path / "m", endpoint=address)
    assert record.training["revision"] == COMMIT
    assert record.id == model.id
    assert "README.md" in taken
    assert (
        largest_difference(load_model(tmp_path / "m").sample(1, QUICK), model.sample(1, QUICK)) <= 1
    )


@pytest.mark.parametrize("source", ["artist/tiny", "./nowhere", "/nowhere", "nowhere"])
def test_a_source_that_is_not_there_leaves_nothing(source: str, tmp_path: Path) -> None:
    with serving(tmp_path) as (address, _):
        pass
    with pytest.raises((NoWeights, WrongUse)):
        Diffusion().adopt(source, tmp_path / "m", endpoint=address)
    assert list(tmp_path.iterdir()) == []


def test_a_pickle_offered_as_weights_is_refused(painter: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(painter, home)
    weights = home / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(BadWeights, match="pickle"):
        Diffusion().adopt(home, tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    "part",
    [
        ["os", "system"],
        ["subprocess", "Popen"],
        ["my_code", "UNet"],
        ["diffusers", "__import__"],
        ["diffusers.utils", "logging"],
        ["..", "x"],
        [1, 2],
        ["diffusers"],
    ],
)
def test_code_that_comes_with_a_model_is_never_run(
    painter: Path, tmp_path: Path, part: list[Any]
) -> None:
    home = tmp_path / "home"
    shutil.copytree(painter, home)
    (home / "my_code.py").write_text("raise SystemExit('run')")
    index = json.loads((home / "model_index.json").read_text())
    index["unet"] = part
    (home / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(BadWeights, match=r"model_index\.json"):
        Diffusion().adopt(home, tmp_path / "m")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"_class_name": ["x", "Y"]}', '{"a": 1}'])
def test_a_damaged_description_is_named(painter: Path, tmp_path: Path, text: str) -> None:
    home = tmp_path / "home"
    shutil.copytree(painter, home)
    (home / "model_index.json").write_text(text)
    with pytest.raises(BadWeights, match=r"model_index\.json"):
        Diffusion().adopt(home, tmp_path / "m")


def test_weights_that_are_cut_short_are_named_when_opened(painter: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(painter, home)
    weights = home / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    Diffusion().adopt(home, home)
    with pytest.raises(BadWeights, match="home"):
        load_model(home).sample(0, QUICK)


def test_a_folder_that_is_no_pipeline_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(NoWeights, match=r"model_index\.json"):
        Diffusion().adopt(tmp_path, tmp_path / "m")

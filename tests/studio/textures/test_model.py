"""Sampling a texture model: sizes, styles, materials, records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from tests.studio.textures import tiny

from medici.content import content_digest
from medici.errors import BadData, BadStyle, BadWeights, WrongUse
from medici.studio.families import Family, Generator, family, load_model
from medici.studio.textures.model import TextureModel

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"width": 64, "height": 64}


def test_the_family_and_its_models_keep_the_protocol(texture: TextureModel) -> None:
    assert isinstance(family("textures"), Family)
    assert isinstance(texture, Generator)
    assert set(texture.keys) == set(texture.sample(1, SMALL).style)


@pytest.mark.parametrize("size", [(64, 64), (64, 80), (208, 64), (1024, 64), (64, 2048)])
def test_any_whole_number_of_cells_is_a_size(texture: TextureModel, size: tuple[int, int]) -> None:
    work = texture.sample(1, {"width": size[0], "height": size[1]})
    assert work.pixels.shape == (size[1], size[0], 4)
    assert work.pixels.dtype == np.uint8
    assert (work.pixels[..., 3] == 255).all()
    assert work.kind == "texture"


def test_sizes_that_are_no_whole_cells_are_refused(texture: TextureModel) -> None:
    with pytest.raises(BadStyle) as refused:
        texture.sample(1, {"width": 100})
    assert "96 or 112" in refused.value.hint


def test_many_equal_one_at_a_time_and_a_style_makes_the_work_again(texture: TextureModel) -> None:
    style = {**SMALL, "mix": {"material": "soil", "amount": 0.4}, "ramp": "lapis", "psi": 0.8}
    many = texture.sample_many([3, 1, 2], style)
    for seed, work in zip([3, 1, 2], many, strict=True):
        assert work.seed == seed
        assert content_digest(texture.sample(seed, style)) == content_digest(work)
        assert content_digest(texture.sample(seed, work.style)) == content_digest(work)
    assert len({content_digest(work) for work in many}) == 3
    assert texture.sample_many([], style) == []


@pytest.mark.parametrize(
    "style",
    [
        {"material": "soil"},
        {"psi": 0.5},
        {"ramp": "verdigris"},
        {"ramp": ["#000000", "#ff00ff", "#ffffff"]},
        {"variation": 1},
        {"blend": {"seed": 9, "amount": 0.5}},
        {"mix": {"material": "soil", "amount": 0.5}},
        {"mix": {"material": "soil", "amount": 0.5, "pattern": "bands"}},
        {"mix": {"material": "soil", "amount": 0.5, "pattern": "even"}},
        {"scale": 2},
    ],
)
def test_every_key_changes_the_picture(texture: TextureModel, style: dict[str, Any]) -> None:
    size = {"width": 128, "height": 128, "material": "cloth"}
    plain, steered = texture.sample(1, size), texture.sample(1, {**size, **style})
    assert content_digest(plain) != content_digest(steered)


def test_each_seed_has_a_material_of_its_own(texture: TextureModel) -> None:
    works = texture.sample_many(range(24), SMALL)
    drawn = [work.style["material"] for work in works]
    assert 6 < drawn.count("cloth") < 18
    for work in works[:4]:
        told = {**SMALL, "material": work.style["material"]}
        assert content_digest(texture.sample(work.seed, told)) == content_digest(work)
        assert (texture.light(work.seed, SMALL) == texture.light(work.seed, told)).all()
    mixed = texture.sample_many(range(8), {**SMALL, "mix": {"material": "soil", "amount": 0.5}})
    assert {work.style["material"] for work in mixed} == {"cloth"}


def test_relief_changes_the_maps_and_not_the_albedo(texture: TextureModel) -> None:
    plain = texture.sample(1, {**SMALL, "relief": 1})
    deep = texture.sample(1, {**SMALL, "relief": 2})
    assert content_digest(plain) == content_digest(deep)
    assert texture.maps(plain).height.std() < texture.maps(deep).height.std()
    own = texture.sample(1, {**SMALL, "material": "soil"})
    assert (texture.maps(own).height == texture.maps(texture.sample(1, {**own.style, "relief": -1})).height).all()  # fmt: skip  # noqa: E501


@pytest.mark.parametrize("pattern", ["patches", "bands"])
def test_a_mix_covers_about_its_share_and_is_pure_at_its_ends(
    texture: TextureModel, pattern: str
) -> None:
    size = {"width": 512, "height": 512}

    def weights(amount: float) -> Any:
        mix = {"material": "soil", "amount": amount, "pattern": pattern}
        return texture._grid(1, texture.parse({**size, "mix": mix})).weights

    assert 0.2 < weights(0.35)[..., 1].mean() / 1024 < 0.5
    assert (weights(0.35).sum(-1) == 1024).all()
    assert weights(0).tolist() == [1024, 0]
    assert (weights(1)[..., 1] == 1024).all()


def test_scale_enlarges_smoothly_and_still_tiles(texture: TextureModel) -> None:
    style = {**SMALL, "scale": 3, "variation": 0, "ramp": "grey"}
    large = texture.sample(2, style).pixels[..., 0].astype(int)
    small = texture.sample(2, {**style, "scale": 1}).pixels[..., 0].astype(int)
    assert large.shape == (192, 192)
    # The middle of every native pixel keeps its value.
    assert np.abs(large[1::3, 1::3] - small).max() <= 1
    across = np.abs(large[:, 0] - large[:, -1]).mean()
    assert across < np.abs(np.diff(small, axis=1)).mean()


def test_a_coloured_model_shows_its_own_colours_until_a_ramp_is_asked_for(tmp_path: Path) -> None:
    tiny.write(tmp_path / "rgb", planes=3)
    model = load_model(tmp_path / "rgb")
    assert isinstance(model, TextureModel)
    own = model.sample(1, SMALL).pixels
    assert (own[..., :3] == model.light(1, SMALL)).all()
    assert (own[..., 0] != own[..., 1]).any()
    grey = model.sample(1, {**SMALL, "ramp": "grey"}).pixels
    assert (grey[..., 0] == grey[..., 1]).all()


def test_encoding_finds_the_material_and_the_seed(texture: TextureModel, tmp_path: Path) -> None:
    size = {"width": 256, "height": 256}
    for material, seed in (("cloth", 4), ("soil", 7)):
        given = texture.light(seed, {**size, "material": material})[..., 0]
        Image.fromarray(given).save(tmp_path / "given.png")
        found = texture.encode(tmp_path / "given.png")
        assert (found.style["material"], found.seed) == (material, seed)
        assert found.pixels.shape == (256, 256, 4)


def test_encoding_what_is_no_picture_names_the_file(texture: TextureModel, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("words")
    with pytest.raises(BadData, match=r"notes\.png"):
        texture.encode(tmp_path / "notes.png")


def test_weights_of_another_family_or_damaged_ones_are_refused(tmp_path: Path) -> None:
    record = tiny.write(tmp_path / "a")
    weights = tmp_path / "a" / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(BadWeights, match="its record says"):
        family("textures").load(tmp_path / "a", record)


def test_a_bad_seed_is_refused(texture: TextureModel) -> None:
    with pytest.raises(BadStyle, match="seed"):
        texture.sample(-1, SMALL)
    with pytest.raises(WrongUse):
        texture.sample(1 << 60, SMALL)

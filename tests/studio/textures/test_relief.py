"""Maps for physically based rendering: they tile, are of unit length, and follow the light."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medici.errors import WrongUse
from medici.studio.textures import relief

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.textures.model import TextureModel


def bumps(height: int = 64, width: int = 96) -> NDArray[np.int64]:
    """Light that tiles."""
    y, x = np.mgrid[:height, :width]
    wave = np.sin(2 * np.pi * 3 * y / height) + np.cos(2 * np.pi * 4 * x / width)
    grain = np.random.default_rng(0).normal(0, 60, (height, width))
    return np.clip(300 * wave + grain, -1024, 1024).astype(np.int64)


@pytest.mark.parametrize("scale", [1, 2])
def test_maps_tile_wherever_the_light_does(scale: int) -> None:
    tone = bumps()
    plain = relief.maps(tone, 1000, scale)
    moved = relief.maps(np.roll(tone, (17, 40), (0, 1)), 1000, scale)
    for name in ("height", "normal", "roughness", "occlusion"):
        assert (getattr(moved, name) == np.roll(getattr(plain, name), (17, 40), (0, 1))).all()


def test_normals_are_of_unit_length() -> None:
    normal = relief.maps(bumps(), 3000).normal.astype(np.int64) - 128
    length = np.sqrt((normal**2).sum(-1))
    assert np.abs(length - 127).max() < 1.0
    assert (normal[..., 2] > 0).all()
    assert np.abs(normal[..., :2]).max() > 40


def test_a_flat_light_is_a_flat_surface() -> None:
    flat = relief.maps(np.full((64, 64), 200), 1000)
    assert (flat.height == 32768).all()
    assert (flat.normal == [128, 128, 255]).all()
    assert (flat.occlusion == 255).all()


def test_a_slope_up_to_the_right_leans_left_and_one_upwards_leans_down() -> None:
    y, x = np.mgrid[:96, :96]
    across = np.minimum(x % 48, 47 - x % 48) * 30
    down = np.minimum(y % 48, 47 - y % 48) * 30
    normal = relief.maps(across, 1000).normal
    assert (normal[:, 8:16, 0] < 128).all()
    assert (normal[:, 32:40, 0] > 128).all()
    # y points upwards in the map: where the surface rises downwards, it leans up.
    normal = relief.maps(down, 1000).normal
    assert (normal[8:16, :, 1] > 128).all()
    assert (normal[32:40, :, 1] < 128).all()


def test_negative_relief_turns_the_surface_inside_out() -> None:
    up, down = relief.height(bumps(), 1000), relief.height(bumps(), -1000)
    assert np.abs(up + down).max() <= 1


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 30),
    st.integers(0, 2**32 - 1),
)
def test_the_mean_equals_its_definition_at_any_size(h: int, w: int, radius: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(-20000, 20000, (h, w))
    y, x = seed % h, seed % w
    rows = [(y + i) % h for i in range(-radius, radius + 1)]
    columns = [(x + i) % w for i in range(-radius, radius + 1)]
    total = int(values[np.ix_(rows, columns)].sum())
    assert relief.mean(values, radius)[y, x] == total // (2 * radius + 1) ** 2


@given(st.lists(st.integers(0, 2**51), min_size=1, max_size=20))
def test_roots_are_floors(squares: list[int]) -> None:
    roots = relief.roots(np.array(squares, np.int64))
    for n, r in zip(squares, roots.tolist(), strict=True):
        assert r * r <= n < (r + 1) * (r + 1)


def test_forms_are_pictures_of_the_size_of_the_work(texture: TextureModel) -> None:
    work = texture.sample(3, {"width": 96, "height": 64, "scale": 2})
    sizes = {"height.png": "I;16", "normal.png": "RGB", "roughness.png": "L", "albedo.png": "RGB"}
    for form, mode in sizes.items():
        with Image.open(io.BytesIO(texture.export(work, form))) as image:
            assert (image.size, image.mode) == ((192, 128), mode)


def test_the_archive_holds_all_maps_and_is_the_same_every_time(texture: TextureModel) -> None:
    work = texture.sample(3, {"width": 64, "height": 64})
    data = texture.export(work, "pbr.zip")
    assert data == texture.export(work, "pbr.zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert set(archive.namelist()) == {*texture.forms, "texture.json"} - {"pbr.zip"}
        for name in archive.namelist():
            if name.endswith(".png"):
                assert archive.read(name) == texture.export(work, name)


def test_an_unknown_form_is_refused(texture: TextureModel) -> None:
    work = texture.sample(3, {"width": 64, "height": 64})
    with pytest.raises(WrongUse, match="no form 'svg'"):
        texture.export(work, "svg")

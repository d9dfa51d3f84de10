"""The exact texture renderer: no seam, no dependence on bands, threads or size of the job."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.studio.textures import tiny

from medici.content import content_digest
from medici.errors import BadWeights
from medici.studio.exact.network import Network
from medici.studio.textures import seams
from medici.studio.textures.render import TURN, Grid, TextureNetwork, integer_root, levels

if TYPE_CHECKING:
    from medici.studio.textures.model import TextureModel


def grid(texture: TextureModel, **style: Any) -> Grid:
    return texture._grid(5, texture.parse({"width": 96, "height": 80, **style}))


@pytest.mark.parametrize(("down", "across"), [(1, 0), (0, 1), (2, 5), (4, 3)])
def test_rolling_the_grid_by_cells_rolls_the_picture_by_whole_cells(
    texture: TextureModel, down: int, across: int
) -> None:
    plain = texture.network.whole(grid(texture))
    moved = seams.moved(texture, down, across).network.whole(grid(texture))
    step = texture.network.cell
    assert (moved == np.roll(plain, (down * step, across * step), (0, 1))).all()
    assert plain.std() > 10


@pytest.mark.parametrize("band", [1, 2, 3, 5, 64])
def test_the_height_of_a_band_changes_nothing(texture: TextureModel, band: int) -> None:
    whole = texture.network.whole(grid(texture), 4)
    assert (texture.network.whole(grid(texture), band) == whole).all()


def test_bands_equal_the_network_run_on_the_whole_grid_at_once(texture: TextureModel) -> None:
    latents = texture.network.latents(grid(texture), range(5))
    at_once = texture.exact.networks["texture"](latents[None])[0]
    assert (texture.network.whole(grid(texture)) == at_once).all()


def test_a_slow_product_in_plain_integers_gives_the_same_texture(texture: TextureModel) -> None:
    def product(a: Any, b: Any) -> Any:
        return (a.astype(np.int64) @ b.astype(np.int64)).astype(np.float64)

    exact = texture.exact
    plain = Network(exact.networks["texture"].layers, product)
    slow = TextureNetwork(plain, exact.about, exact.tensors["sines"])
    assert (slow.whole(grid(texture)) == texture.network.whole(grid(texture))).all()


def test_a_wider_texture_of_the_same_seed_begins_with_the_same_latents(
    texture: TextureModel,
) -> None:
    narrow = texture.network.latents(grid(texture, material="soil"), [0, 1])
    wide = texture.network.latents(grid(texture, material="soil", width=160), [0, 1])
    assert (wide[:, :6] == narrow).all()


@pytest.mark.parametrize("height", [64, 80, 96, 208])
def test_waves_turn_a_whole_number_of_times_whatever_the_size(
    texture: TextureModel, height: int
) -> None:
    told = grid(texture, height=height)
    turns = (height + 16) // 32
    assert told.cycles[0, 0].tolist() == [turns, 0]
    first = tiny.LOCAL + tiny.SHARED
    cosine, sine = texture.network.latents(told, range(told.rows + 1))[:, 0, first : first + 2].T
    assert (cosine[0], sine[0]) == (cosine[-1], sine[-1])
    assert np.allclose(np.hypot(cosine, sine), 1024, atol=2)
    turned = np.unwrap(np.arctan2(sine, cosine), period=2 * np.pi)
    if turns * 2 < told.rows:
        assert turned[-1] - turned[0] == pytest.approx(2 * np.pi * turns, abs=0.01)


def test_other_threads_and_another_process_give_the_same_digest(
    texture: TextureModel, tmp_path: Any
) -> None:
    tiny.write(tmp_path / "tiny")
    here = content_digest(texture.sample(11, {"width": 128, "height": 64}))
    program = (
        "import sys; from medici.studio.families import load_model;"
        "from medici.content import content_digest;"
        "m = load_model(sys.argv[1]);"
        "print(content_digest(m.sample(11, {'width': 128, 'height': 64})))"
    )
    for threads in ("1", "3"):
        told = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "tiny")],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == here


def test_a_layer_that_does_not_wrap_is_no_texture_network(texture: TextureModel) -> None:
    exact = texture.exact
    layers = list(exact.networks["texture"].layers)
    layers[1] = replace(layers[1], wrap=False)
    with pytest.raises(BadWeights, match="does not wrap"):
        TextureNetwork(Network(layers), exact.about, exact.tensors["sines"])


def test_a_short_table_of_sines_is_refused(texture: TextureModel) -> None:
    exact = texture.exact
    with pytest.raises(BadWeights, match=str(TURN)):
        TextureNetwork(exact.networks["texture"], exact.about, exact.tensors["sines"][:-1])


def test_a_blend_goes_from_one_seed_to_the_other(texture: TextureModel) -> None:
    size = {"width": 64, "height": 64, "variation": 0, "material": "soil"}
    first, second = texture.light(1, size), texture.light(2, size)
    nothing = texture.light(1, {**size, "blend": {"seed": 2, "amount": 0}})
    whole = texture.light(1, {**size, "blend": {"seed": 2, "amount": 1}})
    half = texture.light(1, {**size, "blend": {"seed": 2, "amount": 0.5}})
    assert (nothing == first).all()
    assert (whole == second).all()
    assert (half != first).any()
    assert (half != second).any()


def test_levels_round_to_nearest_and_clip() -> None:
    given = np.array([-5000.0, -1024, -1020, 0, 4, 1020, 1024, 5000])
    assert levels(given).tolist() == [0, 0, 0, 128, 128, 255, 255, 255]


def test_integer_roots_are_floors() -> None:
    assert [integer_root(n) for n in (0, 1, 3, 4, 10**12 - 1, 10**12)] == [
        0, 1, 1, 2, 10**6 - 1, 10**6,
    ]  # fmt: skip

"""Figures of textures: known good and known bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.studio.textures.conftest import cloth, soil

from medici.errors import WrongUse
from medici.studio.textures import metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.textures.model import TextureModel


def tiling(seed: int, side: int = 64) -> NDArray[np.uint8]:
    """Blurred noise that tiles, because it was blurred round the edge."""
    grain = np.random.default_rng(seed).normal(0, 1, (side, side))
    for axis in (0, 1):
        grain = sum(np.roll(grain, s, axis) for s in range(-3, 4))
    return np.clip(128 + 8 * grain, 0, 255).astype(np.uint8)


def test_what_tiles_has_no_seam_and_a_crop_of_it_has() -> None:
    whole = [tiling(seed) for seed in range(40)]
    cut = [picture[:50, :50] for picture in whole]
    assert abs(metrics.seam_excess(whole)) < 0.05
    assert metrics.seam_excess(cut) > 1
    assert metrics.seam_ratio(tiling(1)[:50, :50])["across"] > 1.5


def test_textures_of_the_model_have_no_seam(texture: TextureModel) -> None:
    size = {"width": 64, "height": 64}
    made = [texture.sample(s, {**size, "material": "soil"}).pixels for s in range(48)]
    assert abs(metrics.seam_excess(made)) < 0.05
    assert abs(metrics.seam_excess([p[:51, :53] for p in made])) > 0.2


def test_a_mirrored_join_is_no_step_and_a_flat_picture_has_none() -> None:
    half = tiling(3)[:40]
    mirrored = np.concatenate([half, half[::-1]])
    assert metrics.seam_ratio(mirrored)["down"] == 0
    assert metrics.seam_ratio(np.zeros((8, 8), np.uint8))["down"] == 1
    with pytest.raises(WrongUse, match="two pixels"):
        metrics.seam_ratio(np.zeros((1, 8), np.uint8))


def test_statistics_tell_materials_apart_and_like_from_like() -> None:
    a, b = cloth()[..., None], soil()[..., None]
    same = metrics.unlike(metrics.statistics(a[:, :96]), metrics.statistics(a[:, 96:]))
    other = metrics.unlike(metrics.statistics(a[:, :96]), metrics.statistics(b[:, :96]))
    assert metrics.unlike(metrics.statistics(a), metrics.statistics(a)) == 0
    assert same < other / 4
    with pytest.raises(WrongUse, match="64 pixels"):
        metrics.statistics(a[:50])


def test_correlation_finds_a_period() -> None:
    told = metrics.statistics(cloth(period=24)[..., None])
    down = told.correlation[:, 32]
    assert down[0] == pytest.approx(1, abs=1e-6)
    assert 22 <= 14 + int(down[14:].argmax()) <= 26


def test_histogram_distance_is_in_grey_levels() -> None:
    a = tiling(4)[..., None] // 2 + 40
    moved = (a + 8).astype(np.uint8)
    told = metrics.distances(metrics.statistics(a), metrics.statistics(moved))
    assert told["histogram"] == pytest.approx(8, abs=0.01)
    assert told["correlation"] == pytest.approx(0, abs=1e-9)


class Moments:
    """Features that are a crop's mean and spread at two sizes: enough to see the controls."""

    name = "moments"

    def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        x = pictures.astype(np.float64).mean(-1)
        small = x.reshape(len(x), 12, 8, 12, 8).mean((2, 4))
        steps = np.abs(np.diff(x, axis=2)).mean((1, 2))
        return np.stack([x.mean((1, 2)), x.std((1, 2)), small.std((1, 2)), steps], 1)


def test_patch_figures_stand_beside_floor_and_controls() -> None:
    real = [np.repeat(soil(320)[..., None], 3, 2)]
    rows = metrics.patch_rows(real, real, Moments(), 60)
    assert set(rows) == {"model", "floor", "shuffled", "noise", "collapse"}
    assert rows["model"]["fid"] < rows["noise"]["fid"] / 20
    assert rows["model"]["fid"] < rows["shuffled"]["fid"]
    assert rows["collapse"]["recall"] < rows["model"]["recall"]


def test_shuffling_keeps_every_pixel_of_a_picture() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    mixed = metrics.shuffled(pictures, np.random.default_rng(1))
    assert (np.sort(mixed.reshape(3, -1), 1) == np.sort(pictures.reshape(3, -1), 1)).all()
    assert (mixed != pictures).any()


def test_crops_of_a_small_picture_are_refused() -> None:
    with pytest.raises(WrongUse, match="96 pixels"):
        metrics.crops([np.zeros((95, 200, 3), np.uint8)], 1, 0)

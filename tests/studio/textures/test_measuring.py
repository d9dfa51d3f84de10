"""The table of a texture model: every figure beside a floor and controls, in every material."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from tests.studio.textures.conftest import cloth, soil

from medici.errors import WrongUse
from medici.studio.metrics.table import Table
from medici.studio.textures.data import read_materials
from medici.studio.textures.measuring import CONTROLS, FIGURES, measure

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.textures.model import TextureModel


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer textures of each material."""
    monkeypatch.setattr("medici.studio.textures.measuring._JUDGED", 3)
    monkeypatch.setattr("medici.studio.textures.measuring._SEAMED", 12)


class Coarse:
    """Features that need no weights: means and deviations of a crop's quarters."""

    name = "coarse"

    def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(n, 32) from (n, 96, 96, 3)."""
        parts = pictures[..., 0].reshape(len(pictures), 4, 24, 4, 24).astype(np.float64)
        return np.concatenate([parts.mean((2, 4)), parts.std((2, 4))], 1).reshape(-1, 32)


class Real:
    """A model that answers with real pictures, turned so that no border is a seam."""

    def __init__(self, model: TextureModel) -> None:
        self.materials, self.network = model.materials, model.network

    def light(self, seed: int, style: dict[str, Any]) -> NDArray[np.uint8]:
        """A grey picture of a material."""
        picture = {"cloth": cloth, "soil": soil}[style["material"]](192)
        return np.roll(picture, (60 + 5 * seed, 31 + 7 * seed), (0, 1))[..., None]


def test_real_pictures_are_near_the_floor_and_an_untrained_model_is_not(
    texture: TextureModel, materials: Path
) -> None:
    data = read_materials(materials)
    good = measure(Real(texture), data, data, Coarse(), 60)  # type: ignore[arg-type]
    bad = measure(texture, data, data, Coarse(), 60)
    for figure in ("histogram", "spectrum", "correlation", "fid"):
        assert good.gap("model", figure) < bad.gap("model", figure) / 2
    for control, figure in (
        ("shuffled", "correlation"),
        ("noise", "spectrum"),
        ("shuffled", "seam"),
    ):
        assert good.gap(control, figure) > good.gap("floor", figure)
    assert good.rows["floor"]["seam"] < 0.1
    assert set(good.about["materials"]) == {"cloth", "soil"}
    assert tuple(good.controls) == CONTROLS
    assert "that it was trained on" in good.warnings[0]
    assert Table.from_json(good.as_json()).figures == FIGURES


def test_one_material_can_be_asked_for_and_a_missing_one_is_named(
    texture: TextureModel, materials: Path, tmp_path: Path
) -> None:
    (tmp_path / "judge" / "cloth").mkdir(parents=True)
    Image.fromarray(cloth(200)).save(tmp_path / "judge" / "cloth" / "a.png")
    train, judge = read_materials(materials), read_materials(tmp_path / "judge")
    found = measure(texture, train, judge, Coarse(), 20, {"material": "cloth"})
    assert list(found.about["materials"]) == ["cloth"]
    assert found.warnings == ()
    with pytest.raises(WrongUse, match="no real pictures of soil"):
        measure(texture, train, judge, Coarse(), 20)
    with pytest.raises(WrongUse, match="too few"):
        measure(texture, train, judge, Coarse(), 5)

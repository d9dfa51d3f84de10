from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from tests.studio.textures import tiny

from medici.studio.families import load_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.textures.model import TextureModel


@pytest.fixture(scope="session")
def texture(tmp_path_factory: pytest.TempPathFactory) -> TextureModel:
    """The tiny model, loaded as any model is."""
    folder = tmp_path_factory.mktemp("texture")
    tiny.write(folder)
    return load_model(folder)


def cloth(side: int = 192, period: int = 24) -> NDArray[np.uint8]:
    """A woven surface: stripes of a period, and grain."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[:side, :side]
    stripes = 60 * (np.sin(2 * np.pi * y / period) > 0.3) + 20 * np.sin(2 * np.pi * x / 9)
    return np.clip(100 + stripes + random.normal(0, 12, (side, side)), 0, 255).astype(np.uint8)


def soil(side: int = 192) -> NDArray[np.uint8]:
    """Grains in no order."""
    random = np.random.default_rng(2)
    grain = random.normal(0, 1, (side, side))
    for axis in (0, 1):
        grain = sum(np.roll(grain, s, axis) for s in range(-2, 3))
    return np.clip(120 + 8 * grain, 0, 255).astype(np.uint8)


@pytest.fixture
def materials(tmp_path: Path) -> Path:
    """A folder of two grey materials."""
    folder = tmp_path / "materials"
    for name, pixels in (("cloth", cloth()), ("soil", soil())):
        (folder / name).mkdir(parents=True)
        Image.fromarray(pixels).save(folder / name / f"{name}.png")
    return folder

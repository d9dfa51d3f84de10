from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from tests.studio import tiny

from medici.studio import load_model

if TYPE_CHECKING:
    from pathlib import Path

    from medici.studio import PictureModel


@pytest.fixture(scope="session")
def portraits() -> PictureModel:
    """The shipped model."""
    return load_model()


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    tiny.write(tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.fixture
def tiny_model(tiny_folder: Path) -> PictureModel:
    return load_model(tiny_folder)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of 24 small drawings: a coloured figure on transparent ground."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(3)
    for i in range(24):
        pixels = np.zeros((16, 16, 4), np.uint8)
        top, left = random.integers(1, 6, 2)
        colour = np.array([[200, 40, 40], [40, 160, 90], [50, 80, 200]], np.uint8)[i % 3]
        pixels[top : top + 8, left : left + 7] = [*colour, 255]
        pixels[top + 2 : top + 4, left + 2 : left + 5] = [250, 240, 220, 255]
        Image.fromarray(pixels).save(folder / f"{i:02d}.png")
    return folder

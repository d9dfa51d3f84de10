from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


def painted(number: int, side: int = 48) -> Image.Image:
    """An opaque picture like no other: three soft lights on a coloured ground."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[:side, :side] / side
    light = random.uniform(40, 120, 3) * np.ones((side, side, 1))
    for _ in range(3):
        at_x, at_y, wide = random.uniform(0.1, 0.9, 3)
        spot = np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / (0.02 + 0.1 * wide))
        light = light + spot[..., None] * random.uniform(-90, 130, 3)
    return Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))


@pytest.fixture
def paintings(tmp_path: Path) -> Path:
    """A folder of 20 pictures of 48 pixels, as an artist would have it."""
    folder = tmp_path / "paintings"
    folder.mkdir()
    for i in range(20):
        painted(i).save(folder / f"no {i}.png")
    return folder

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from medici.studio.families import Training, load_model
from medici.studio.icons.family import Icons

if TYPE_CHECKING:
    from pathlib import Path

    from medici.studio.icons.model import IconModel

TINY = {
    "batch": 8,
    "first": 30,
    "levels": [3, 3],
    "encoder": [6, 8],
    "decoder": [10, 8, 6],
    "blocks": 1,
    "hidden": 12,
    "depth": 1,
    "channels": [10, 8, 6, 4],
    "width": 4,
    "latent": 6,
    "precision": "float32",
}


def draw(folder: Path, count: int, start: int = 0) -> Path:
    """Discs and boxes, solid and in outline, as ink on transparent ground."""
    folder.mkdir()
    samples = []
    for i in range(start, start + count):
        random = np.random.default_rng(i)
        image = Image.new("RGBA", (64, 64))
        pen = ImageDraw.Draw(image)
        left, top = (int(v) for v in random.integers(6, 20, 2))
        box = (left, top, left + int(random.integers(24, 36)), top + int(random.integers(24, 36)))
        shape = pen.ellipse if i % 2 else pen.rectangle
        look = "fill" if i % 3 else "bold"
        shape(box, fill="black" if look == "fill" else None, outline="black", width=6)
        image.save(folder / f"{i:03d}.png")
        attributes = {"look": look, "mirror": "no" if i % 5 == 0 else "yes"}
        samples.append({"file": f"{i:03d}.png", "attributes": attributes})
    source = {"schema": "medici/source/1", "licence": "CC0-1.0", "samples": samples}
    (folder / "source.json").write_text(json.dumps(source), "utf-8")
    return folder


@pytest.fixture(scope="session")
def icon_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("icons") / "train", 24)


@pytest.fixture(scope="session")
def tune_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("icons") / "tune", 12, start=100)


@pytest.fixture(scope="session")
def model_folder(
    icon_folder: Path, tune_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A tiny model with codes, trained a few steps."""
    out = tmp_path_factory.mktemp("models") / "tiny-icons"
    Icons().train(icon_folder, out, Training(steps=60, tune=tune_folder, settings=TINY))
    return out


@pytest.fixture(scope="session")
def model(model_folder: Path) -> IconModel:
    loaded = load_model(model_folder)
    assert loaded.record.family == "icons"
    return loaded  # type: ignore[return-value]

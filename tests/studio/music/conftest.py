from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.studio.music import tiny

from medici.studio.families import load_model
from medici.studio.music.scores import save_scores

if TYPE_CHECKING:
    from pathlib import Path

    from medici.studio.music.model import MusicModel


@pytest.fixture(scope="session")
def singer(tmp_path_factory: pytest.TempPathFactory) -> MusicModel:
    """The tiny model, loaded as any model is."""
    folder = tmp_path_factory.mktemp("singer")
    tiny.write(folder)
    return load_model(folder)


@pytest.fixture
def songbook(tmp_path: Path) -> Path:
    """A data folder of hymns, cached."""
    folder = tmp_path / "songbook"
    source = {"licence": "CC0-1.0", "title": "Hymns", "authors": ["Test"]}
    save_scores(folder, tiny.varied(8), source)
    return folder

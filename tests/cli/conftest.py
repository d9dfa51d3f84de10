import pytest
from PIL import Image
from tests.program import run


@pytest.fixture
def art(tmp_path):
    """A folder of twenty small pictures."""
    folder = tmp_path / "art"
    folder.mkdir()
    for i in range(20):
        Image.new("RGB", (16, 16), (10 * i, 200, 90)).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def here(tmp_path):
    """An empty folder, and the program run in it."""

    def medici(*words, code=0, **how):
        said = run(*words, cwd=tmp_path, **how)
        assert said.code == code, said.err + said.out
        return said

    medici.folder = tmp_path
    return medici

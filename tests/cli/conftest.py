import pytest
from tests.program import run


@pytest.fixture
def here(tmp_path):
    """An empty folder, and the program run in it."""

    def medici(*words, code=0):
        said = run(*words, cwd=tmp_path)
        assert said.code == code, said.err + said.out
        return said

    medici.folder = tmp_path
    return medici

import pytest
from tests.studio.making.tiles import Tiles


@pytest.fixture
def tiles() -> Tiles:
    return Tiles()

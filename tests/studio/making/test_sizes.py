"""Which models draw larger by themselves."""

from __future__ import annotations

import pytest

from medici.studio import load_model
from medici.studio.making.sizes import drawn_at


@pytest.mark.parametrize(
    ("name", "side", "style"),
    [
        ("portraits", 512, {}),  # repeats pixels
        ("ink", 512, {"scale": 4}),
        ("ink", 1 << 20, {"scale": 16}),  # its most
        ("icons", 600, {"scale": 16}),
        ("textures", 2048, {}),  # more of it, not larger
        ("chorales", 512, {}),  # no pictures
    ],
)
def test_a_model_says_how_large_it_draws_itself(name, side, style):
    assert drawn_at(load_model(name), 3, side) == style

"""How many works a page takes."""

from __future__ import annotations

import pytest

from medici.studio.making.sheet import fitting


@pytest.mark.parametrize(
    ("width", "columns", "scale", "expected"),
    [
        (16, None, None, (8, 4)),
        (512, None, None, (8, 1)),
        (640, None, 2, (3, 2)),
        (9000, None, None, (1, 1)),
        (100, 20, None, (20, 2)),
        (100, 60, 3, (60, 3)),
    ],
)
def test_a_page_is_laid_out_to_fit_where_that_is_left_open(width, columns, scale, expected):
    assert fitting(width, columns, scale, 4) == expected

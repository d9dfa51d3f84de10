from __future__ import annotations

import numpy as np

from medici.studio.icons.plan import plan_of, seen_plan, told


def test_a_plan_says_how_much_ink_goes_where() -> None:
    grey = np.zeros((1, 32, 32), np.uint8)
    grey[0, :8, 8:16] = 255  # one place, full
    grey[0, 16:20, :8] = 255  # one place, half
    plan = plan_of(grey, 4, 5)[0].reshape(4, 4)
    assert plan.tolist() == [[0, 4, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]]
    assert plan_of(grey, 0, 5).shape == (1, 0)


def test_cells_see_a_plan_from_where_they_stand() -> None:
    plan = np.arange(16)[None]
    seen = told(plan, 4, 99)[0].reshape(8, 8, 7, 7)
    for y in range(8):
        for x in range(8):
            assert seen[y, x, 3, 3] == y // 2 * 4 + x // 2
    # The cell at the upper left sees its own place in the middle, the others right and below.
    assert (seen[0, 0, :3] == 99).all()
    assert seen[0, 0, 3, 3:].tolist() == [0, 1, 2, 3]
    assert seen[7, 7, 0, :4].tolist() == [0, 1, 2, 3]
    # All of a plan is seen from everywhere.
    assert all(set(range(16)) <= set(row) for row in seen_plan(4).tolist())

"""Settings of the small denoiser: what cannot be is refused by its own rule."""

from __future__ import annotations

from typing import Any

import pytest

from medici.errors import WrongUse
from medici.studio.diffusion.recipe import Recipe


@pytest.mark.parametrize(
    ("setting", "value", "rule"),
    [
        ("size", 20, "size: 16 to 64 in steps of 8"),
        ("widths", [8, 12], "widths: 1 to 4 of them, each a multiple of 8"),
        ("layers", 0, "layers: 1 to 4"),
        ("batch", 0, "batch: 1 to 4096"),
        ("rate", 1.0, "rate: over 0 and under 1"),
        ("average", 1.0, "average: under 1"),
        ("precision", "float8", "precision: auto, float32, bfloat16"),
        ("judged", 9, "judged: 10 or more"),
        ("shown", 16, "shown: a multiple of 20, which is a row of the sheet"),
        ("shown", 30, "shown: a multiple of 20, which is a row of the sheet"),
    ],
)
def test_what_cannot_be_trained_is_refused_by_its_own_rule(
    setting: str, value: Any, rule: str
) -> None:
    with pytest.raises(WrongUse, match=f"cannot be trained with {setting}") as caught:
        Recipe.from_settings({setting: value})
    assert caught.value.hint == rule


def test_the_least_that_the_rules_allow_is_taken() -> None:
    least = {"size": 16, "widths": [8], "layers": 1, "batch": 1, "judged": 10, "shown": 20}
    assert Recipe.from_settings(least).as_json().items() >= least.items()

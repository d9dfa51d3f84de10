"""What may be asked of a texture, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from medici.errors import BadStyle
from medici.studio.checking import check_seed
from medici.studio.textures.style import KEYS, parse_style

MATERIALS = ("brick", "grass")


def parse(**given: Any) -> Any:
    return parse_style(given, MATERIALS, 16, 900)


def test_a_style_is_complete_and_reads_back_as_itself() -> None:
    style = parse(
        width=128,
        psi=0.75,
        ramp=["#000000", "#ABCDEF"],
        blend={"seed": 4, "amount": 0.25},
        mix={"material": "grass", "amount": 0.5},
        relief=-2,
    )
    told = style.as_json()
    assert set(told) == set(KEYS)
    assert parse_style(told, MATERIALS, 16, 900) == style
    assert (told["material"], told["height"], told["psi"]) == ("brick", 512, 0.75)
    assert told["ramp"] == ["#000000", "#abcdef"]
    assert parse().as_json()["psi"] == 0.9


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("width", 100, "96 or 112"),
        ("width", 48, "64 to 8192"),
        ("height", 8208, "64 to 8192"),
        ("height", True, "64 to 8192"),
        ("height", 64.0, "64 to 8192"),
        ("scale", 9, "1 to 8"),
        ("material", "gras", "did you mean grass"),
        ("material", 3, "brick, grass"),
        ("psi", 1.6, "0 to 1.5"),
        ("psi", 0.12345, "three decimals"),
        ("psi", float("nan"), "0 to 1.5"),
        ("relief", -5, "-4 to 4"),
        ("variation", 2, "0 to 1"),
        ("ramp", "terracota", "did you mean terracotta"),
        ("ramp", ["#000000"], "2 to 8"),
        ("ramp", ["#000000", "red"], "2 to 8"),
        ("blend", {"seed": 1}, "towards seed"),
        ("blend", {"seed": -1, "amount": 0.5}, "towards seed"),
        ("mix", {"material": "grass"}, "second material"),
        ("mix", {"material": "moss", "amount": 0.5}, "brick, grass"),
        ("mix", {"material": "grass", "amount": 0.5, "pattern": "dots"}, "second material"),
        ("colour", 1, "known keys"),
        ("heigth", 64, "did you mean height"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(key: str, value: Any, hint: str) -> None:
    with pytest.raises(BadStyle) as refused:
        parse(**{key: value})
    assert hint in refused.value.hint
    assert key in refused.value.message or "unknown" in refused.value.message


@pytest.mark.parametrize("seed", [-1, 1 << 53, 1.0, True, "7", None])
def test_bad_seeds_are_refused(seed: Any) -> None:
    with pytest.raises(BadStyle):
        check_seed(seed)

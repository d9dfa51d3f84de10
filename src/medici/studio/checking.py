"""Checks of seeds and style values that are the same in every family."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from medici.errors import BadStyle

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_SEED = (1 << 53) - 1
"""JSON readers hold whole numbers exactly up to here."""
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def check_seed(seed: object) -> int:
    """A seed that JSON can carry exactly.

    Raises:
        BadStyle: not a whole number from 0 to 2^53 - 1.
    """
    return StyleChecks({}).whole("seed", seed, 0, LARGEST_SEED)


def colour_bytes(text: str) -> tuple[int, int, int]:
    """``#rrggbb`` → three bytes."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


class StyleChecks:
    """Checks against a family's schema; every message names the key and says what it can be.

    Args:
        keys: what a model understands, each with a sentence on its values.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self.keys = keys

    def known(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        """A style whose keys are all known.

        Raises:
            BadStyle: an unknown key; the hint names the nearest.
        """
        told = dict(given or {})
        for key in told:
            if key not in self.keys:
                near = difflib.get_close_matches(str(key), self.keys, n=1)
                known = "known keys: " + ", ".join(self.keys)
                hint = f"did you mean {near[0]}?" if near else known
                raise BadStyle(f"unknown style key {key!r} for this model", hint)
        return told

    def wrong(self, key: str, value: object, hint: str = "") -> BadStyle:
        """The error of a value that cannot be."""
        can = hint or self.keys.get(key, "0 to 2^53 - 1")
        return BadStyle(f"style {key} cannot be {value!r}", can)

    def whole(self, key: str, value: object, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, value)
        return value

    def thousandths(self, key: str, value: object, low: int, high: int) -> int:
        """A number with at most three decimals, as thousandths from `low` to `high`."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, value)
        if not low <= value * 1000 <= high:  # so no NaN either
            raise self.wrong(key, value)
        number = round(value * 1000)
        if abs(number - value * 1000) > 1e-6:
            raise self.wrong(key, value, f"{self.keys[key]}; at most three decimals")
        return number

    def colour(self, key: str, value: object) -> str:
        """``#rrggbb`` in lower case."""
        if isinstance(value, str) and _COLOUR.fullmatch(value.lower()):
            return value.lower()
        raise self.wrong(key, value)

    def colours(self, key: str, value: object, least: int, most: int) -> tuple[str, ...]:
        """A list of so many colours."""
        if not isinstance(value, list | tuple) or not least <= len(value) <= most:
            raise self.wrong(key, value)
        try:
            return tuple(self.colour(key, colour) for colour in value)
        except BadStyle:
            raise self.wrong(key, value) from None

    def blend(self, value: object) -> tuple[int | None, int]:
        """``{"seed": …, "amount": …}`` as a seed, or None, and thousandths."""
        if value is None:
            return None, 0
        if not isinstance(value, dict) or set(value) != {"seed", "amount"}:
            raise self.wrong("blend", value)
        try:
            amount = self.thousandths("blend", value["amount"], 0, 1000)
            return self.whole("blend", value["seed"], 0, LARGEST_SEED), amount
        except BadStyle:
            raise self.wrong("blend", value) from None

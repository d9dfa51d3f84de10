"""Reading what strangers wrote."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DEEPEST = 64
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")


def read_json(text: bytes | str, parse_int: Callable[[str], Any] | None = None) -> Any:
    """A JSON document whose depth has a bound.

    Python's reader counts on the recursion limit, which libraries raise: then a deep document
    overflows the stack and ends the process.

    Args:
        text: UTF-8.
        parse_int: reads whole numbers; int by default.

    Raises:
        TypeError: neither bytes nor text.
        ValueError: no JSON, not UTF-8, holding text that cannot be UTF-8 (half of a surrogate
            pair), or nested more than 64 levels deep.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    elif not isinstance(text, str):
        raise TypeError(f"JSON is text, not {type(text).__name__}")
    if depth(text) > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} levels deep")
    found = json.loads(text, parse_int=parse_int)
    if "\\ud" in text.lower():
        json.dumps(found, ensure_ascii=False, default=str).encode("utf-8")
    return found


def depth(text: str) -> int:
    """How deeply a JSON text is nested; of what is no JSON, at least as deep as a reader gets.

    Where there are few brackets it is their number, which is no less.
    """
    brackets = text.count("[") + text.count("{")
    if brackets <= DEEPEST:
        return brackets
    deepest = level = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub("", text)):
        level += 1 if bracket in "[{" else -1
        deepest = max(deepest, level)
    return deepest

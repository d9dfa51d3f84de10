"""A user's settings against the dataclass they are for: names, types, finite numbers from 0 up."""

from __future__ import annotations

import difflib
import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WORDS = {
    "bool": "true or false",
    "int": "a whole number from 0 up",
    "float": "a number from 0 up",
    "str": "a word",
}
# No network and no time has a size beyond: what is larger is a slip, and would end in a traceback.
_LARGEST = 1 << 31


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST


def _is_float(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and 0 <= value < _LARGEST


_CHECKS: dict[str, Callable[[object], bool]] = {
    "bool": lambda value: isinstance(value, bool),
    "int": _is_int,
    "float": _is_float,
    "str": lambda value: isinstance(value, str),
}


def typed(
    kind: type[Any], settings: Mapping[str, Any], but: set[str] | None = None
) -> dict[str, Any]:
    """The settings that are fields of a dataclass, checked by its annotations; lists as tuples.

    Args:
        kind: a dataclass whose fields are ``bool``, ``int``, ``float``, ``str``, tuples of these,
            or one of them or None.
        settings: a user's, among them perhaps others'.
        but: fields that are no settings.

    Raises:
        WrongUse: a value of another type, a negative, infinite or absurdly large number.
    """
    found: dict[str, Any] = {}
    for known in fields(kind):
        if known.name not in settings or known.name in (but or ()):
            continue
        found[known.name] = _checked(known.name, str(known.type), settings[known.name])
    return found


def refuse_unknown(settings: Mapping[str, Any], known: set[str], whose: str) -> None:
    """See that every setting has a known name.

    Raises:
        WrongUse: one has not; the hint names the nearest, or all.
    """
    for name in settings:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else "known: " + ", ".join(sorted(known))
            raise WrongUse(f"{whose} have no setting {name!r}", hint)


def _checked(name: str, annotation: str, value: object) -> object:
    plain = annotation.removesuffix(" | None")
    if value is None and plain != annotation:
        return None
    if not plain.startswith("tuple["):
        if not _CHECKS[plain](value):
            raise WrongUse(f"{name} must be {_WORDS[plain]}, not {value!r}")
        return value
    inside = [part.strip() for part in plain[len("tuple[") : -1].split(",")]
    many = inside[-1] == "..."
    right = isinstance(value, list | tuple) and (bool(value) if many else len(value) == len(inside))
    if not right or not all(_CHECKS[inside[0]](one) for one in value):  # type: ignore[attr-defined]
        count = "one or more" if many else str(len(inside))
        raise WrongUse(f"{name} must be a list of {count}, each {_WORDS[inside[0]]}, not {value!r}")
    return tuple(value)  # type: ignore[arg-type]

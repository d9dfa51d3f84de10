"""SPDX licence expressions: are they ones, and what do they forbid.

Parsing and the licences' categories come from AboutCode's ``license-expression``, which carries the
SPDX list; what the Creative Commons letters mean is known here.
"""

from __future__ import annotations

import difflib
from functools import cache
from typing import TYPE_CHECKING, Any

from medici.errors import MissingPart, WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterable

OWN = "LicenseRef-"
_FREE = ("Permissive", "Public Domain")
_SHARED = ("Copyleft", "Copyleft Limited")
# Worst first: what an expression of alternatives is compared by.
FLAGS = ("no-commercial", "no-derivatives", "restricted", "own", "share-alike")


def normalise(text: str) -> str:
    """An SPDX expression in its canonical spelling.

    Raises:
        WrongUse: it names a licence that SPDX does not know, or is no expression.
        MissingPart: the library that knows SPDX is not installed.
    """
    parsed, library = _parse(text), _library()
    unknown = [str(s) for s in library.unknown_license_keys(parsed) if not str(s).startswith(OWN)]
    if unknown:
        near = difflib.get_close_matches(unknown[0].upper(), _categories_upper(), 1, 0.5)
        meant = f"did you mean {_categories_upper()[near[0]]}? " if near else ""
        raise WrongUse(
            f"{unknown[0]!r} is no licence that SPDX lists",
            f"{meant}a licence of your own is written {OWN}NAME",
        )
    return str(parsed.render("{symbol.key}"))


def if_listed(text: object) -> str | None:
    """A licence in its canonical spelling, None where SPDX does not know it.

    For what packages and hubs say in passing (``BSD``, ``other``, ``UNLICENSED``): not a statement
    that a programme can rely on, so that somebody has to make one.

    Raises:
        MissingPart: the library that knows SPDX is not installed.
    """
    try:
        return normalise(str(text)) if text else None
    except WrongUse:
        return None


def forbids(text: str) -> set[str]:
    """What stands against publishing works under a licence, of `FLAGS`; empty when nothing does.

    Of alternatives (OR) the kindest counts; of licences together (AND) all do. ``share-alike`` is a
    condition, ``own`` a licence that only a person can judge.

    Raises:
        WrongUse: see `normalise`.
        MissingPart: the library that knows SPDX is not installed.
    """
    normalise(text)
    return _flags(_parse(text))


def together(licences: Iterable[str]) -> str:
    """One expression for a set whose samples have these licences: all of them hold."""
    found = sorted(set(licences))
    return " AND ".join(f"({one})" if " OR " in one and len(found) > 1 else one for one in found)


def _flags(node: Any) -> set[str]:
    parts = getattr(node, "args", ())
    kind = type(node).__name__
    if kind in ("AND", "OR"):
        found = [_flags(part) for part in parts]
        return set().union(*found) if kind == "AND" else min(found, key=_badness)
    if kind == "LicenseWithExceptionSymbol":  # an exception only ever permits more
        return _flags(node.license_symbol)
    key = str(node.key)
    if key.startswith(OWN):
        return {"own"}
    letters = key.split("-")
    creative = letters[0] == "CC"
    category = _categories()[key]
    found_flags = set()
    if (creative and "NC" in letters) or "Noncommercial" in key:
        found_flags.add("no-commercial")
    if creative and "ND" in letters:
        found_flags.add("no-derivatives")
    if category in _SHARED or (creative and "SA" in letters):
        found_flags.add("share-alike")
    if not found_flags and category not in _FREE:
        found_flags.add("restricted")
    return found_flags


def _badness(flags: set[str]) -> tuple[bool, ...]:
    return tuple(flag in flags for flag in FLAGS)


def _parse(text: str) -> Any:
    try:
        parsed = _library().parse(text)
    except MissingPart:
        raise
    except Exception as error:  # its parser fails in several ways of its own on nonsense
        raise WrongUse(
            f"{text!r} is no SPDX licence expression", "write it like CC-BY-4.0 or MIT OR CC0-1.0"
        ) from error
    if parsed is None:
        raise WrongUse("a licence was left empty", "write it like CC-BY-4.0")
    return parsed


@cache
def _library() -> Any:
    try:
        from license_expression import get_spdx_licensing
    except ImportError as error:
        raise MissingPart(
            "checking licences needs the SPDX list, which is not installed",
            "pip install 'medici[data]'",
        ) from error
    return get_spdx_licensing()


@cache
def _categories() -> dict[str, str]:
    from license_expression import get_license_index

    found = {}
    for one in get_license_index():
        for key in (one.get("spdx_license_key"), *one.get("other_spdx_license_keys", [])):
            if key:
                found[str(key)] = str(one.get("category"))
    return found


@cache
def _categories_upper() -> dict[str, str]:
    return {k.upper(): k for k in _categories() if not k.startswith(OWN)}

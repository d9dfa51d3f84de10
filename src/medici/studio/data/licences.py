"""SPDX licence expressions: are they ones, and what do they forbid.

Parsing and the licences' categories come from AboutCode's ``license-expression``, which carries the
SPDX list; what the Creative Commons letters mean is known here.
"""

from __future__ import annotations

import difflib
import re
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
    """One expression for what stands under all of these licences, each of which holds."""
    found = sorted({part for one in licences for part in _terms(one)}, key=_bare)
    if len(found) == 1 and _wrapped(found[0]):
        return found[0][1:-1]
    return " AND ".join(found)


def _terms(licence: str) -> list[str]:
    """What an expression joins by AND; itself in brackets where it says anything else."""
    terms: list[list[str]] = [[]]
    depth = 0
    for word in re.findall(r"[()]|[^\s()]+", licence):
        depth += {"(": 1, ")": -1}.get(word, 0)
        joins = depth == 0 and word.upper() == "AND"
        if depth < 0:
            break
        if depth == 0 and word.upper() == "OR":
            return [f"({licence})"]
        terms.append([]) if joins else terms[-1].append(word)
    told = [" ".join(term).replace("( ", "(").replace(" )", ")") for term in terms]
    # Between brackets, names alone: sentences are kept as they are.
    names = all(_wrapped(t) or " " not in t or " WITH " in t.upper() for t in told)
    if depth:  # Brackets that do not match could set free what stands beside them.
        return [f"({' '.join(re.sub(r'[()]', ' ', licence).split())})"]
    return told if all(told) and (names or len(told) == 1) else [f"({licence})"]


def _bare(term: str) -> str:
    return term.lstrip("(")


def _wrapped(term: str) -> bool:
    return term.startswith("(") and term.endswith(")")


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

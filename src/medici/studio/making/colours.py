"""Colours as designers write them, and whether one can be read on another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from medici.errors import BadStyle

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEX = re.compile(r"#[0-9a-f]{6}")
READABLE = 4.5
"""Least contrast of running text. Source: WCAG 2.2, success criterion 1.4.3 (level AA)."""
READABLE_LARGE = 3.0
"""Least contrast of large text and of logos that must be told apart. Source: WCAG 2.2, 1.4.3."""

VISIBLE = 3.0
"""Least contrast of graphics with what is beside them. Source: WCAG 2.2, 1.4.11 (level AA)."""

RGB = tuple[int, int, int]


def parse_colour(text: object) -> str:
    """A colour in its one written form, ``#rrggbb``; ``#rgb`` and capitals are understood.

    Raises:
        BadStyle: it is none.
    """
    if isinstance(text, str):
        said = text.strip().lower()
        if re.fullmatch(r"#[0-9a-f]{3}", said):
            said = "#" + "".join(2 * digit for digit in said[1:])
        if _HEX.fullmatch(said):
            return said
    raise BadStyle(f"{text!r} is no colour", "write it like #d1495b")


def colour_or_none(value: object) -> str | None:
    """A colour as `parse_colour` has it; None for whatever else a style may name."""
    try:
        return parse_colour(value)
    except BadStyle:
        return None


def rgb(colour: str) -> RGB:
    """``#rrggbb`` → three bytes."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def to_hex(colour: Iterable[int]) -> str:
    """Three bytes → ``#rrggbb``; what follows them (alpha) does not count."""
    red, green, blue = list(colour)[:3]
    return f"#{int(red):02x}{int(green):02x}{int(blue):02x}"


def mix(one: str, other: str, eighths: int) -> str:
    """The colour so many eighths of the way from one to the other, in integers.

    Linear in sRGB bytes, halves rounded up: cheap, the same everywhere, good enough for tints.
    """
    return to_hex(
        (a * (8 - eighths) + b * eighths + 4) // 8
        for a, b in zip(rgb(one), rgb(other), strict=True)
    )


def luminance(colour: str) -> float:
    """Relative luminance, 0 (black) to 1 (white). Source: WCAG 2.2, definition of that name."""
    parts = []
    for byte in rgb(colour):
        light = byte / 255
        parts.append(light / 12.92 if light <= 0.04045 else ((light + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 (equal) to 21 (black on white). Source: WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable_on(
    ground: str, wanted: str, others: Iterable[str] = (), least: float = READABLE
) -> str:
    """The colour wanted if it can be read on the ground, else the first of the others that can.

    When none reaches `least`, black or white, whichever stands out more: one of the two always has
    a contrast of at least 4.58.
    """
    for colour in (wanted, *others):
        if contrast(colour, ground) >= least:
            return colour
    return max(("#000000", "#ffffff"), key=lambda colour: contrast(colour, ground))

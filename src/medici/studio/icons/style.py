"""Style parameters of the icon family: what may be steered, in which range, made canonical."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.errors import BadStyle
from medici.studio.icons.finish import LARGEST_SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LARGEST_SEED = (1 << 53) - 1
ANY = "any"
SYMMETRIES = ("none", "auto", "mirror")
OPEN_CELL = ".."
INK = "#111827"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_CODES = re.compile(r"(?:[0-9a-f]{2}|\.\.)*")

# Key → what it does; the same words serve help texts and error messages.
KEYS: dict[str, str] = {
    "codes": "two hex digits for each of the 64 cells, '..' where the model may draw; or null",
    "ground": '"transparent" or a colour like "#ffffff"',
    "ink": 'a colour like "#111827"',
    "look": 'one of the model\'s looks, or "any"',
    "psi": "temperature, 0 to 1.5: lower is more typical, higher more daring",
    "scale": f"pixels a side for each of the 32 native pixels, 1 to {LARGEST_SCALE}",
    "symmetry": '"none", "auto" (near mirror images are made exact) or "mirror" (left half)',
    "weight": "-1 to 1: thinner to bolder; 0 as drawn",
}


@dataclass(frozen=True, slots=True)
class Style:
    """A checked style; fractions are held in thousandths, as the renderer takes them."""

    psi: int
    look: str = ANY
    ink: str = INK
    ground: str = "transparent"
    scale: int = 16
    weight: int = 0
    symmetry: str = "auto"
    codes: str | None = None

    def as_json(self) -> dict[str, Any]:
        """All keys, defaults included: a record must not depend on what defaults were then."""
        return {
            "codes": self.codes,
            "ground": self.ground,
            "ink": self.ink,
            "look": self.look,
            "psi": self.psi / 1000,
            "scale": self.scale,
            "symmetry": self.symmetry,
            "weight": self.weight / 1000,
        }


def parse_style(
    given: Mapping[str, Any] | None,
    default_psi: int,
    looks: Sequence[str],
    cells: int,
    values: int,
) -> Style:
    """Check a style and fill in what it leaves open.

    Args:
        given: keys of `KEYS` with JSON values.
        default_psi: the model's own temperature, in thousandths.
        looks: what the model calls its classes.
        cells: of an icon's codes; 0 for models without codes.
        values: a cell's code may have.

    Raises:
        BadStyle: an unknown key (the hint names the nearest), or a value out of range.
    """
    given = dict(given or {})
    for key in given:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else "known keys: " + ", ".join(KEYS)
            raise BadStyle(f"unknown style key {key!r}", hint)
    psi = default_psi if "psi" not in given else _thousandths("psi", given["psi"], 0, 1500)
    return Style(
        psi=psi,
        look=_one_of("look", given.get("look", ANY), (ANY, *looks)),
        ink=_colour("ink", given.get("ink", INK)),
        ground=_ground(given.get("ground", "transparent")),
        scale=_whole("scale", given.get("scale", 16), 1, LARGEST_SCALE),
        weight=_thousandths("weight", given.get("weight", 0), -1000, 1000),
        symmetry=_one_of("symmetry", given.get("symmetry", "auto"), SYMMETRIES),
        codes=_codes(given.get("codes"), cells, values),
    )


def check_seed(seed: object) -> int:
    """A seed that JSON can carry exactly.

    Raises:
        BadStyle: not a whole number from 0 to 2^53 - 1.
    """
    return _whole("seed", seed, 0, LARGEST_SEED)


def colour_bytes(text: str) -> tuple[int, int, int]:
    """``#rrggbb`` → three bytes."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _wrong(key: str, value: object) -> BadStyle:
    return BadStyle(f"style {key} cannot be {value!r}", KEYS.get(key, "0 to 2^53 - 1"))


def _whole(key: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _wrong(key, value)
    return value


def _thousandths(key: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -2 <= value <= 2:
        raise _wrong(key, value)
    number = round(value * 1000)
    if not low <= number <= high or abs(number - value * 1000) > 1e-6:
        raise BadStyle(f"style {key} cannot be {value!r}", f"{KEYS[key]}; at most three decimals")
    return number


def _one_of(key: str, value: object, choices: Sequence[str]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    raise BadStyle(f"style {key} cannot be {value!r}", "one of: " + ", ".join(choices))


def _colour(key: str, value: object) -> str:
    if isinstance(value, str) and _COLOUR.fullmatch(value.lower()):
        return value.lower()
    raise _wrong(key, value)


def _ground(value: object) -> str:
    return "transparent" if value == "transparent" else _colour("ground", value)


def _codes(value: object, cells: int, values: int) -> str | None:
    if value is None:
        return None
    if not cells:
        raise BadStyle("this model has no codes", "leave codes out")
    if not isinstance(value, str) or len(value) != 2 * cells or not _CODES.fullmatch(value.lower()):
        raise BadStyle(f"style codes must be {2 * cells} characters", KEYS["codes"])
    value = value.lower()
    pairs = [value[i : i + 2] for i in range(0, len(value), 2)]
    for pair in pairs:
        if pair != OPEN_CELL and int(pair, 16) >= values:
            raise BadStyle(
                f"style codes hold {pair}", f"cells of this model are below {values:02x}"
            )
    return value

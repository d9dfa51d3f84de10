"""Style parameters of the icon family: what may be steered, in which range, made canonical."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.errors import BadStyle
from medici.studio.checking import StyleChecks
from medici.studio.icons.finish import LARGEST_SCALE
from medici.studio.making.colours import VISIBLE, contrast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ANY = "any"
SYMMETRIES = ("none", "auto", "mirror")
OPEN_CELL = ".."
INK = "#111827"
TRANSPARENT = "transparent"
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
CHECK = StyleChecks(KEYS)


@dataclass(frozen=True, slots=True)
class Style:
    """A checked style; fractions are held in thousandths, as the renderer takes them."""

    psi: int
    look: str = ANY
    ink: str = INK
    ground: str = TRANSPARENT
    scale: int = 16
    weight: int = 0
    symmetry: str = "auto"
    codes: str | None = None

    def problem(self) -> str | None:
        """What a designer would object to, in a sentence: an ink that its ground swallows."""
        if self.ground == TRANSPARENT or (ratio := contrast(self.ink, self.ground)) >= VISIBLE:
            return None
        said = f"ink {self.ink} on ground {self.ground} has a contrast of {ratio:.2f}"
        return f"{said}, graphics need {VISIBLE:g}"

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
    given = CHECK.known(given)
    psi = default_psi if "psi" not in given else CHECK.thousandths("psi", given["psi"], 0, 1500)
    return Style(
        psi=psi,
        look=_one_of("look", given.get("look", ANY), (ANY, *looks)),
        ink=CHECK.colour("ink", given.get("ink", INK)),
        ground=_ground(given.get("ground", TRANSPARENT)),
        scale=CHECK.whole("scale", given.get("scale", 16), 1, LARGEST_SCALE),
        weight=CHECK.thousandths("weight", given.get("weight", 0), -1000, 1000),
        symmetry=_one_of("symmetry", given.get("symmetry", "auto"), SYMMETRIES),
        codes=_codes(given.get("codes"), cells, values),
    )


def _one_of(key: str, value: object, choices: Sequence[str]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    raise BadStyle(f"style {key} cannot be {value!r}", "one of: " + ", ".join(choices))


def _ground(value: object) -> str:
    return TRANSPARENT if value == TRANSPARENT else CHECK.colour("ground", value)


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

"""Style parameters of textures: what may be steered, in which range, made canonical."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.errors import BadStyle
from medici.studio.textures.colour import RAMPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LARGEST_SEED = (1 << 53) - 1
LEAST, MOST = 64, 8192
PATTERNS = ("even", "patches", "bands")
_COLOUR = re.compile(r"#[0-9a-f]{6}")

# Key → what it does; the same words serve help texts and error messages.
KEYS: dict[str, str] = {
    "blend": '{"seed": S, "amount": 0 to 1}: move every cell towards seed S',
    "height": "native pixels down, a whole number of cells, 64 to 8192",
    "material": "what it is made of, one of the model's materials",
    "mix": '{"material": M, "amount": 0 to 1, "pattern": "even", "patches" or "bands"}: '
    "a second material, or null",
    "psi": "truncation, 0 to 1.5: lower is calmer, higher wilder",
    "ramp": 'colours from dark to light: a name, or a list of 2 to 8 like "#d11141"; null for the '
    "material's own",
    "relief": "strength of the height and normal maps, -4 to 4; null for the material's own",
    "scale": "pixels a side for each native pixel, 1 to 8",
    "variation": "how far colours drift from place to place, 0 to 1",
    "width": "native pixels across, a whole number of cells, 64 to 8192",
}


@dataclass(frozen=True, slots=True)
class Style:
    """A checked style; fractions are held in thousandths, as the renderer takes them."""

    width: int
    height: int
    material: str
    psi: int
    scale: int = 1
    ramp: str | tuple[str, ...] | None = None
    relief: int | None = None
    variation: int = 500
    blend_seed: int | None = None
    blend_amount: int = 0
    mix_material: str | None = None
    mix_amount: int = 0
    mix_pattern: str = "patches"

    def as_json(self) -> dict[str, Any]:
        """All keys, defaults included: a record must not depend on what defaults were then."""
        blend = mix = None
        if self.blend_seed is not None:
            blend = {"seed": self.blend_seed, "amount": self.blend_amount / 1000}
        if self.mix_material is not None:
            mix = {
                "material": self.mix_material,
                "amount": self.mix_amount / 1000,
                "pattern": self.mix_pattern,
            }
        return {
            "blend": blend,
            "height": self.height,
            "material": self.material,
            "mix": mix,
            "psi": self.psi / 1000,
            "ramp": list(self.ramp) if isinstance(self.ramp, tuple) else self.ramp,
            "relief": None if self.relief is None else self.relief / 1000,
            "scale": self.scale,
            "variation": self.variation / 1000,
            "width": self.width,
        }


def parse_style(
    given: Mapping[str, Any] | None, materials: Sequence[str], cell: int, psi: int
) -> Style:
    """Check a style and fill in what it leaves open.

    Args:
        given: keys of `KEYS` with JSON values.
        materials: the model's; the first is the default.
        cell: native pixels a side of a cell.
        psi: the model's own truncation, in thousandths.

    Raises:
        BadStyle: an unknown key (the hint names the nearest), or a value out of range.
    """
    given = dict(given or {})
    for key in given:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else "known keys: " + ", ".join(KEYS)
            raise BadStyle(f"unknown style key {key!r}", hint)
    blend_seed, blend_amount = _blend(given.get("blend"))
    mix = _mix(given.get("mix"), materials)
    relief = given.get("relief")
    return Style(
        width=_cells("width", given.get("width", 512), cell),
        height=_cells("height", given.get("height", 512), cell),
        material=_material("material", given.get("material", materials[0]), materials),
        psi=psi if "psi" not in given else _thousandths("psi", given["psi"], 0, 1500),
        scale=_whole("scale", given.get("scale", 1), 1, 8),
        ramp=_ramp(given.get("ramp")),
        relief=None if relief is None else _thousandths("relief", relief, -4000, 4000),
        variation=_thousandths("variation", given.get("variation", 0.5), 0, 1000),
        blend_seed=blend_seed,
        blend_amount=blend_amount,
        mix_material=mix[0],
        mix_amount=mix[1],
        mix_pattern=mix[2],
    )


def check_seed(seed: object) -> int:
    """A seed that JSON can carry exactly.

    Raises:
        BadStyle: not a whole number from 0 to 2^53 - 1.
    """
    return _whole("seed", seed, 0, LARGEST_SEED)


def _wrong(key: str, value: object, hint: str = "") -> BadStyle:
    return BadStyle(f"style {key} cannot be {value!r}", hint or KEYS.get(key, "0 to 2^53 - 1"))


def _whole(key: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _wrong(key, value)
    return value


def _thousandths(key: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -8 <= value <= 8:
        raise _wrong(key, value)
    number = round(value * 1000)
    if not low <= number <= high:
        raise _wrong(key, value)
    if abs(number - value * 1000) > 1e-6:
        raise _wrong(key, value, f"{KEYS[key]}; at most three decimals")
    return number


def _cells(key: str, value: object, cell: int) -> int:
    pixels = _whole(key, value, LEAST, MOST)
    if pixels % cell:
        below = pixels // cell * cell
        raise _wrong(key, value, f"a multiple of {cell}: {below} or {below + cell}")
    return pixels


def _material(key: str, value: object, materials: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in materials:
        near = difflib.get_close_matches(str(value), materials, n=1)
        known = f"materials of this model: {', '.join(materials)}"
        raise _wrong(key, value, f"did you mean {near[0]}?" if near else known)
    return value


def _ramp(value: object) -> str | tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str):
        if value in RAMPS:
            return value
        near = difflib.get_close_matches(value, RAMPS, n=1)
        known = "ramps: " + ", ".join(RAMPS)
        raise _wrong("ramp", value, f"did you mean {near[0]}?" if near else known)
    if not isinstance(value, list | tuple) or not 2 <= len(value) <= 8:
        raise _wrong("ramp", value)
    colours = tuple(c.lower() for c in value if isinstance(c, str) and _COLOUR.fullmatch(c.lower()))
    if len(colours) != len(value):
        raise _wrong("ramp", value)
    return colours


def _blend(value: object) -> tuple[int | None, int]:
    if value is None:
        return None, 0
    if not isinstance(value, dict) or set(value) != {"seed", "amount"}:
        raise _wrong("blend", value)
    try:
        amount = _thousandths("blend", value["amount"], 0, 1000)
        return _whole("blend", value["seed"], 0, LARGEST_SEED), amount
    except BadStyle:
        raise _wrong("blend", value) from None


def _mix(value: object, materials: Sequence[str]) -> tuple[str | None, int, str]:
    if value is None:
        return None, 0, "patches"
    if not isinstance(value, dict) or not {"material", "amount"} <= set(value) <= {
        "material",
        "amount",
        "pattern",
    }:
        raise _wrong("mix", value)
    pattern = value.get("pattern", "patches")
    if pattern not in PATTERNS:
        raise _wrong("mix", value)
    material = _material("mix", value["material"], materials)
    return material, _thousandths("mix", value["amount"], 0, 1000), pattern

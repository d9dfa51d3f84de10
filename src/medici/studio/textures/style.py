"""Style parameters of textures: what may be steered, in which range, made canonical."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.studio.checking import StyleChecks
from medici.studio.textures.colour import RAMPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEAST, MOST = 64, 8192
PATTERNS = ("even", "patches", "bands")

# Key → what it does; the same words serve help texts and error messages.
KEYS: dict[str, str] = {
    "blend": '{"seed": S, "amount": 0 to 1}: move every cell towards seed S',
    "height": "native pixels down, a whole number of cells, 64 to 8192",
    "material": "what it is made of, one of the model's materials; null for the seed's own",
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
CHECK = StyleChecks(KEYS)


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
        materials: the model's; the first where none is named and no seed draws one.
        cell: native pixels a side of a cell.
        psi: the model's own truncation, in thousandths.

    Raises:
        BadStyle: an unknown key (the hint names the nearest), or a value out of range.
    """
    given = CHECK.known(given)
    blend_seed, blend_amount = CHECK.blend(given.get("blend"))
    mix = _mix(given.get("mix"), materials)
    relief = given.get("relief")
    return Style(
        width=_cells("width", given.get("width", 512), cell),
        height=_cells("height", given.get("height", 512), cell),
        material=_material("material", given.get("material", materials[0]), materials),
        psi=psi if "psi" not in given else CHECK.thousandths("psi", given["psi"], 0, 1500),
        scale=CHECK.whole("scale", given.get("scale", 1), 1, 8),
        ramp=_ramp(given.get("ramp")),
        relief=None if relief is None else CHECK.thousandths("relief", relief, -4000, 4000),
        variation=CHECK.thousandths("variation", given.get("variation", 0.5), 0, 1000),
        blend_seed=blend_seed,
        blend_amount=blend_amount,
        mix_material=mix[0],
        mix_amount=mix[1],
        mix_pattern=mix[2],
    )


def _cells(key: str, value: object, cell: int) -> int:
    pixels = CHECK.whole(key, value, LEAST, MOST)
    if pixels % cell:
        below = pixels // cell * cell
        raise CHECK.wrong(key, value, f"a multiple of {cell}: {below} or {below + cell}")
    return pixels


def _material(key: str, value: object, materials: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in materials:
        near = difflib.get_close_matches(str(value), materials, n=1)
        known = f"materials of this model: {', '.join(materials)}"
        raise CHECK.wrong(key, value, f"did you mean {near[0]}?" if near else known)
    return value


def _ramp(value: object) -> str | tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str):
        if value in RAMPS:
            return value
        near = difflib.get_close_matches(value, RAMPS, n=1)
        known = "ramps: " + ", ".join(RAMPS)
        raise CHECK.wrong("ramp", value, f"did you mean {near[0]}?" if near else known)
    return CHECK.colours("ramp", value, 2, 8)


def _mix(value: object, materials: Sequence[str]) -> tuple[str | None, int, str]:
    if value is None:
        return None, 0, "patches"
    if not isinstance(value, dict) or not {"material", "amount"} <= set(value) <= {
        "material",
        "amount",
        "pattern",
    }:
        raise CHECK.wrong("mix", value)
    pattern = value.get("pattern", "patches")
    if pattern not in PATTERNS:
        raise CHECK.wrong("mix", value)
    material = _material("mix", value["material"], materials)
    return material, CHECK.thousandths("mix", value["amount"], 0, 1000), pattern

"""Style parameters of the picture family: what may be steered, in which range, made canonical."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from medici.errors import BadStyle
from medici.studio.checking import LARGEST_SEED, StyleChecks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LARGEST_SCALE = 64
LARGEST_SMOOTH = 16

# Key → what it does; the same words serve help texts and error messages.
KEYS: dict[str, str] = {
    "blend": '{"seed": S, "amount": 0 to 1}: move the drawing and its colours towards seed S',
    "class": "one of the model's classes by its name, or null for the seed's own",
    "codes": "the latent codes themselves, as a projection gives them, or null",
    "colours_from": "a seed whose colours dress this drawing, or null",
    "directions": 'steps along named latent directions, like {"glasses": 1.5}, or null',
    "ground": '"auto", "transparent" or a colour like "#b6e3f4"',
    "palette": 'list of 2 to 64 colours like "#d11141" that the picture must keep to, or null',
    "psi": "truncation, 0 to 1.5: lower is more typical, higher more daring",
    "scale": "pixels a side for each native pixel, 1 to 64",
}
CHECK = StyleChecks(KEYS)


@dataclass(frozen=True, slots=True)
class Style:
    """A checked style; fractions are held in thousandths, as the renderer takes them."""

    psi: int
    scale: int = 32
    ground: str = "auto"
    palette: tuple[str, ...] | None = None
    colours_from: int | None = None
    blend_seed: int | None = None
    blend_amount: int = 0
    codes: str | None = None
    kind: str | None = None
    directions: tuple[tuple[str, int], ...] = ()

    def free(self) -> Style:
        """The same style with its codes left to the seed."""
        return replace(self, codes=None)

    def as_json(self) -> dict[str, Any]:
        """All keys, defaults included: a record must not depend on what defaults were then."""
        blend = None
        if self.blend_seed is not None:
            blend = {"seed": self.blend_seed, "amount": self.blend_amount / 1000}
        return {
            "blend": blend,
            "class": self.kind,
            "codes": self.codes,
            "colours_from": self.colours_from,
            "directions": {k: v / 1000 for k, v in self.directions} or None,
            "ground": self.ground,
            "palette": list(self.palette) if self.palette else None,
            "psi": self.psi / 1000,
            "scale": self.scale,
        }


def parse_style(
    given: Mapping[str, Any] | None,
    default_psi: int,
    *,
    side: int = 16,
    codes: int = 0,
    levels: int = 0,
    classes: Sequence[str] = (),
    directions: Sequence[str] = (),
    rgb: bool = False,
    smooth: bool = False,
) -> Style:
    """Check a style and fill in what it leaves open.

    Args:
        given: keys of `KEYS` with JSON values.
        default_psi: the model's own truncation, in thousandths.
        side: of the model's pictures; the default scale makes 512 pixels of it.
        codes: how many numbers the model's latents are.
        levels: values of each; up to 9 are written in one digit, more in three hexadecimal ones.
        classes: names of the model's classes.
        directions: names of the model's directions.
        smooth: whether the scale must be a power of two.
        rgb: whether the model has no slots whose colours could be another seed's.

    Raises:
        BadStyle: an unknown key (the hint names the nearest), or a value out of range.
    """
    given = CHECK.known(given)
    if rgb and given.get("colours_from") is not None:
        raise BadStyle("style colours_from has no meaning for this model", "it draws no slots")
    psi = default_psi if "psi" not in given else CHECK.thousandths("psi", given["psi"], 0, 1500)
    scale = CHECK.whole("scale", given.get("scale", max(1, 512 // side)), 1, LARGEST_SCALE)
    if smooth and (scale & (scale - 1) or scale > LARGEST_SMOOTH):
        raise BadStyle(f"style scale cannot be {scale}", f"a power of two up to {LARGEST_SMOOTH}")
    palette = given.get("palette")
    blend_seed, blend_amount = CHECK.blend(given.get("blend"))
    return Style(
        psi=psi,
        scale=scale,
        ground=_ground(given.get("ground", "auto")),
        palette=None if palette is None else CHECK.colours("palette", palette, 2, 64),
        colours_from=_optional_seed(given.get("colours_from")),
        blend_seed=blend_seed,
        blend_amount=blend_amount,
        codes=_codes(given.get("codes"), codes, levels),
        kind=_kind(given.get("class"), classes),
        directions=_directions(given.get("directions"), directions),
    )


def _optional_seed(value: object) -> int | None:
    return None if value is None else CHECK.whole("colours_from", value, 0, LARGEST_SEED)


def _ground(value: object) -> str:
    known = isinstance(value, str) and value.lower() in ("auto", "transparent")
    return str(value).lower() if known else CHECK.colour("ground", value)


def _kind(value: object, classes: Sequence[str]) -> str | None:
    if value is None:
        return None
    if value not in classes:
        known = f"one of {', '.join(classes[:20])}" if classes else "this model has no classes"
        raise BadStyle(f"style class cannot be {value!r}", known)
    return str(value)


def _directions(value: object, known: Sequence[str]) -> tuple[tuple[str, int], ...]:
    if value is None:
        return ()
    if not isinstance(value, dict) or not value:
        raise CHECK.wrong("directions", value)
    steps = []
    for name, amount in sorted(value.items()):
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1)
            listed = f"known: {', '.join(known)}" if known else "this model has no directions"
            raise BadStyle(
                f"no direction is called {name!r}", f"did you mean {near[0]}?" if near else listed
            )
        if isinstance(amount, bool) or not isinstance(amount, int | float) or abs(amount) > 4:
            raise BadStyle(f"direction {name} cannot be {amount!r}", "a number from -4 to 4")
        whole = round(amount * 1000)
        if abs(whole - amount * 1000) > 1e-6:
            raise BadStyle(f"direction {name} cannot be {amount!r}", "at most three decimals")
        steps.append((str(name), whole))
    return tuple(steps)


def _codes(value: object, number: int, levels: int) -> str | None:
    if value is None:
        return None
    digits = _digits(levels)
    try:
        good = isinstance(value, str) and len(value) == number * digits
        good = good and max(read_codes(str(value), levels)) < levels
    except ValueError:
        good = False
    if not good:
        text = str(value)
        shown = text if len(text) < 80 else text[:77] + "..."
        each = "digits" if digits == 1 else f"times {digits} hexadecimal digits"
        raise BadStyle(
            f"style codes cannot be {shown!r}",
            f"{number} {each} under {levels:x}" if number else "this model has no codes",
        )
    return str(value)


def read_codes(text: str, levels: int) -> list[int]:
    """The numbers that a style's ``codes`` are.

    Raises:
        ValueError: not lower-case digits.
    """
    if set(text) - set("0123456789abcdef"):
        raise ValueError(text)
    digits = _digits(levels)
    return [int(text[i : i + digits], 16) for i in range(0, len(text), digits)]


def write_codes(numbers: Sequence[int], levels: int) -> str:
    """What `read_codes` reads."""
    return "".join(f"{number:0{_digits(levels)}x}" for number in numbers)


def _digits(levels: int) -> int:
    return 1 if levels <= 9 else 3

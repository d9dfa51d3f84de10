"""Personalised works: from a buyer's parameters to one seed and style, which anyone can re-derive.

docs/making.md writes the derivation down.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.errors import BadStyle, WrongUse
from medici.records import Address, Digest, canonical_json
from medici.studio.making.colours import READABLE, contrast, mix, parse_colour
from medici.studio.stylebook import StyleVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medici.records import Rendering
    from medici.studio.families import Generator

_DOMAIN = b"medici/personal/1\0"
_SEED_BITS = 53
PARAMETERS = {
    "name": "text of 1 to 64 characters",
    "date": "a date like 1492-04-09",
    "wallet": "an account address, 0x and 40 hexadecimal digits",
    "colours": "a list of 1 to 8 colours like #d1495b, the dearest first",
    "wish": "text of at most 280 characters",
}


@dataclass(frozen=True, slots=True)
class Personal:
    """A buyer's parameters, checked and in one written form.

    Attributes:
        parameters: canonical JSON values of the keys that were given.
    """

    parameters: Mapping[str, Any]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Personal:
        """Check a buyer's parameters.

        Text is brought to Unicode form NFC with single spaces, addresses to their checksum form,
        colours to ``#rrggbb``; what is not given is left out, not filled in.

        Raises:
            WrongUse: none given, one is unknown, or a value cannot be used; colours: BadStyle.
        """
        known = {key: value for key, value in given.items() if value is not None}
        for key in known:
            if key not in PARAMETERS:
                near = difflib.get_close_matches(str(key), PARAMETERS, 1)
                hint = f"did you mean {near[0]}?" if near else ", ".join(PARAMETERS)
                raise WrongUse(f"a work cannot be personalised by {key!r}", hint)
        if not known:
            raise WrongUse("nothing to personalise by", "known: " + ", ".join(PARAMETERS))
        return cls({key: _CHECKS[key](key, known[key]) for key in sorted(known)})

    def stream(self, model: str, style: Digest, count: int) -> bytes:
        """SHAKE-256 over the domain tag and the canonical JSON of model, style and parameters."""
        message = {"model": model, "parameters": dict(self.parameters), "style": style}
        return hashlib.shake_256(_DOMAIN + canonical_json(message)).digest(count)

    def derive(
        self, generator: Generator, version: StyleVersion | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Seed and style of this buyer's work.

        Args:
            generator: the model; only style keys that it knows are set.
            version: of the firm's style book; by default one that says nothing.

        Returns:
            seed from 0 to 2^53 - 1, and the style: that of the version for this seed; favourite
            colours become its palette, ground and ink, or its ramp.
        """
        version = version or StyleVersion()
        data = self.stream(generator.id, version.digest, 8)
        seed = int.from_bytes(data, "big") >> (64 - _SEED_BITS)
        return seed, version.style_for(seed, self._wishes(generator, version))

    def _wishes(self, generator: Generator, version: StyleVersion) -> dict[str, Any]:
        colours = self.parameters.get("colours")
        keys = [k for k in generator.keys if version.allowed is None or k in version.allowed]
        out: dict[str, Any] = {}
        if colours and "palette" in keys:
            out["palette"] = palette_of(colours)
        if colours and "ground" in keys:
            out["ground"] = mix(colours[0], "#ffffff", 6)
            if "ink" in keys:
                out["ink"] = ink_of(colours[0], out["ground"])
        if colours and "ramp" in keys:
            out["ramp"] = ramp_of(colours)
        return out

    def work(
        self, generator: Generator, version: StyleVersion | None = None
    ) -> tuple[Rendering, dict[str, Any]]:
        """This buyer's work, and the receipt from which anyone can derive it again.

        Raises:
            BadStyle: the model cannot take what the style book says.
        """
        version = version or StyleVersion()
        seed, style = self.derive(generator, version)
        work = generator.sample(seed, style)
        return work, {
            "schema": "medici/personal/1",
            "model": generator.id,
            "parameters": dict(self.parameters),
            "style_version": version.version,
            "style_digest": version.digest,
            "seed": seed,
            "style": dict(work.style),
        }


def palette_of(colours: list[str]) -> list[str]:
    """A palette to draw with, from one to eight favourite colours.

    Each colour with two lighter and two darker shades, then a near-black and a near-white of the
    first, so that there is always something to draw lines and eyes with.
    """
    out = [mix(colours[0], "#000000", 7), mix(colours[0], "#ffffff", 7)]
    for colour in colours:
        out += [
            colour,
            mix(colour, "#ffffff", 3),
            mix(colour, "#ffffff", 5),
            mix(colour, "#000000", 2),
            mix(colour, "#000000", 4),
        ]
    return sorted(set(out), key=lambda c: (contrast(c, "#000000"), c))


def ink_of(colour: str, ground: str) -> str:
    """A favourite colour, darkened by eighths until lines of it can be read on the ground."""
    shades = (mix(colour, "#000000", eighths) for eighths in range(8))
    return next((s for s in shades if contrast(s, ground) >= READABLE), "#000000")


def ramp_of(colours: list[str]) -> list[str]:
    """A ramp from dark to light through up to six favourite colours."""
    between = sorted(dict.fromkeys(colours[:6]), key=lambda c: (contrast(c, "#000000"), c))
    return [mix(colours[0], "#000000", 7), *between, mix(colours[0], "#ffffff", 7)]


def _text(most: int, least: int) -> Any:
    def check(key: str, value: object) -> str:
        if isinstance(value, str) and value.isprintable():
            said = " ".join(unicodedata.normalize("NFC", value).split())
            if least <= len(said) <= most:
                return said
        raise WrongUse(f"{key} cannot be {value!r}", PARAMETERS[key])

    return check


def _date(key: str, value: object) -> str:
    try:
        return dt.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise WrongUse(f"{key} cannot be {value!r}", PARAMETERS[key]) from None


def _wallet(key: str, value: object) -> str:
    return str(Address(str(value)))


def _colours(key: str, value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 8:
        raise BadStyle(f"{key} cannot be {value!r}", PARAMETERS[key])
    return list(dict.fromkeys(parse_colour(colour) for colour in value))


_CHECKS: dict[str, Any] = {
    "name": _text(64, 1),
    "date": _date,
    "wallet": _wallet,
    "colours": _colours,
    "wish": _text(280, 0),
}

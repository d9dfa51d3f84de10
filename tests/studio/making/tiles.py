"""A generator as somebody else would write one: mirrored 8×8 tiles in four colours.

It stands for families outside the house: it shows that the making room needs the protocol alone.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadStyle, WrongUse
from medici.records import Digest, ModelId, ModelRecord, Rendering
from medici.studio.making.colours import mix, parse_colour, rgb, to_hex
from medici.studio.making.upscale import enlarge, to_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SIDE = 8
KEYS = {
    "blend": '{"seed": S, "amount": 0 to 1}',
    "colours_from": "a seed whose colours dress this tile",
    "directions": 'a step along named directions: {"light": -2 to 2}',
    "ground": '"auto", "transparent" or a colour',
    "palette": "colours the tile must keep to",
    "psi": "0 to 1.5: how much is drawn",
    "scale": "pixels a side for each native pixel",
}


def _bytes(seed: int, part: str, count: int) -> np.ndarray:
    data = hashlib.shake_256(f"tiles/{part}/{seed}".encode()).digest(count)
    return np.frombuffer(data, np.uint8).astype(np.int64)


class Tiles:
    """Tiles from SHAKE-256: levels of a half tile against thresholds, mirrored."""

    keys = KEYS
    forms = ("svg",)

    def __init__(self) -> None:
        self.record = ModelRecord(
            id=ModelId("7" * 64),
            name="tiles",
            renderer="tiles/1",
            weights_sha256=Digest("1" * 64),
            data_root=Digest("2" * 64),
            data_licence="CC0-1.0",
            family="tiles",
        )
        self.id = self.record.id

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        return self.sample_many([seed], style)[0]

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        full = self._full(style or {})
        return [
            Rendering(enlarge(self._draw(seed, full), full["scale"]), seed, dict(full))
            for seed in seeds
        ]

    def _full(self, style: Mapping[str, Any]) -> dict[str, Any]:
        start = {
            "blend": None,
            "colours_from": None,
            "directions": None,
            "ground": "auto",
            "palette": None,
            "psi": 1.0,
            "scale": 4,
        }
        for key in style:
            if key not in start:
                raise BadStyle(f"unknown style key {key!r}", ", ".join(start))
        full = {**start, **style}
        if not 0 <= full["psi"] <= 1.5:
            raise BadStyle(f"style psi cannot be {full['psi']!r}", KEYS["psi"])
        return full

    def _draw(self, seed: int, style: Mapping[str, Any]) -> np.ndarray:
        levels = _bytes(seed, "levels", SIDE * SIDE // 2)
        if style["blend"]:
            amount = round(style["blend"]["amount"] * 1000)
            other = _bytes(style["blend"]["seed"], "levels", SIDE * SIDE // 2)
            levels = (levels * (1000 - amount) + other * amount) // 1000
        half = (levels * 4 // 256).reshape(SIDE, SIDE // 2)
        half[levels.reshape(half.shape) > 170 * style["psi"]] = 0
        slots = np.concatenate([half, half[:, ::-1]], 1)
        dress = seed if style["colours_from"] is None else style["colours_from"]
        first = to_hex(_bytes(dress, "colour", 3))
        colours = [mix(first, "#ffffff", 6), first, mix(first, "#000000", 4), "#1d1a26"]
        light = (style["directions"] or {}).get("light", 0)
        end = "#ffffff" if light > 0 else "#000000"
        colours = [mix(colour, end, round(2 * abs(light))) for colour in colours]
        if style["palette"]:
            given = [parse_colour(c) for c in style["palette"]]
            colours = [given[i % len(given)] for i in range(4)]
        if style["ground"] not in ("auto", "transparent"):
            colours[0] = style["ground"]
        table = np.array([(*rgb(c), 255) for c in colours], np.uint8)
        if style["ground"] == "transparent":
            table[0] = 0
        return table[slots]

    def encode(self, path: Path) -> Rendering:
        raise WrongUse("tiles have no way back to a seed")

    def export(self, work: Rendering, form: str) -> bytes:
        if form not in self.forms:
            raise WrongUse(f"tiles cannot be had as {form}", "svg")
        return to_svg(work.pixels, f"tile {work.seed}")

"""A brand kit: the palette, logo, fonts and tone that everything of a campaign keeps to."""

from __future__ import annotations

import base64
import difflib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadStyle, MissingPart, UnreadableFile, WrongUse
from medici.records import Digest, canonical_json
from medici.studio.data.svg import refuse_harm
from medici.studio.making.colours import READABLE, contrast, parse_colour
from medici.studio.making.lettering import BOLD, MEDIUM, REGULAR
from medici.studio.making.opening import open_pixels, read_bytes
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_WIDEST = 12  # times its height: as wide as a logo is drawn
_KEYS = {"name", "tone", "url", "palette", "logo", "fonts"}
_PALETTE = {"ground", "ink", "accent", "others"}
_FONTS = {"headline": BOLD, "medium": MEDIUM, "text": REGULAR}
_LOGOS = (".png", ".webp", ".jpg", ".jpeg", ".svg")


@dataclass(frozen=True, slots=True)
class BrandKit:
    """What a brand looks and sounds like.

    Attributes:
        name: also the word mark where there is no logo.
        ground: the brand's paper, ``#rrggbb``.
        ink: of its words.
        accent: for what must be seen first.
        others: further colours, for works and grounds.
        tone: how it speaks, one sentence; told to whoever writes the words.
        url: where people should go.
        logo: a PNG, WebP, JPEG or SVG file.
        fonts: ``headline``, ``medium`` and ``text`` faces (TrueType or OpenType).
    """

    name: str
    ground: str = "#f4f1ea"
    ink: str = "#1d1a26"
    accent: str = "#d1495b"
    others: tuple[str, ...] = ("#b6e3f4", "#c0aede", "#ffdfbf", "#cfebd3")
    tone: str = ""
    url: str = ""
    logo: Path | None = None
    fonts: tuple[tuple[str, Path], ...] = tuple(_FONTS.items())

    @property
    def palette(self) -> tuple[str, ...]:
        """All of its colours, each once."""
        return tuple(dict.fromkeys((self.ground, self.ink, self.accent, *self.others)))

    @property
    def darkest(self) -> str:
        """The colour of the palette that stands out most from white."""
        return max(self.palette, key=lambda colour: contrast(colour, "#ffffff"))

    def font(self, use: str) -> Path:
        """The file of the ``headline``, ``medium`` or ``text`` face."""
        return dict(self.fonts)[use]

    @property
    def digest(self) -> Digest:
        """SHA-256 over the kit and the contents of its files: which version of it was used."""
        return Digest.of(canonical_json(self.as_json()))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; files by their SHA-256, since paths mean nothing elsewhere."""
        return {
            "schema": "medici/brand/1",
            "name": self.name,
            "palette": {
                "ground": self.ground,
                "ink": self.ink,
                "accent": self.accent,
                "others": list(self.others),
            },
            "tone": self.tone,
            "url": self.url,
            "logo": Digest.of(self.logo.read_bytes()) if self.logo else None,
            "fonts": {use: Digest.of(path.read_bytes()) for use, path in self.fonts},
        }

    @classmethod
    def read(cls, path: Path) -> BrandKit:
        """A kit from a TOML or JSON file; its files are looked for beside it.

        Raises:
            UnreadableFile: the file is not there, or neither TOML nor JSON; a logo or font is
                missing or none.
            WrongUse, BadStyle: a key is unknown, or a value cannot be used.
        """
        try:
            text = path.read_text("utf-8")
            data = read_json(text) if path.suffix == ".json" else tomllib.loads(text)
        except OSError as error:
            raise UnreadableFile(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise UnreadableFile(f"{path} is no brand kit: {error}", "TOML or JSON") from error
        try:
            return cls._from(data, path.parent)
        except (WrongUse, UnreadableFile) as error:
            raise type(error)(f"{path}: {error.message}", error.hint) from error

    @classmethod
    def _from(cls, data: Any, folder: Path) -> BrandKit:
        _known(data, _KEYS, "brand kit")
        palette = _known(data.get("palette", {}), _PALETTE, "palette")
        fonts = _known(data.get("fonts", {}), set(_FONTS), "fonts")
        texts = {key: data.get(key, "") for key in ("name", "tone", "url")}
        for key, value in texts.items():
            if not isinstance(value, str) or len(value) > 200:
                raise WrongUse(f"{key} must be text of at most 200 characters")
        if not texts["name"].strip():
            raise WrongUse("a brand has a name", 'name = "Casa Medici"')
        given: dict[str, Any] = {
            key: parse_colour(palette[key]) for key in ("ground", "ink", "accent") if key in palette
        }
        if "others" in palette:
            if not isinstance(palette["others"], list) or len(palette["others"]) > 32:
                raise BadStyle("palette.others must be a list of at most 32 colours")
            given["others"] = tuple(parse_colour(colour) for colour in palette["others"])
        files = {use: _file(folder, fonts[use], use) for use in fonts}
        kit = cls(
            **texts,
            **given,
            logo=_file(folder, data["logo"], "logo") if data.get("logo") else None,
            fonts=tuple({**_FONTS, **files}.items()),
        )
        if kit.logo:
            if kit.logo.suffix.lower() not in _LOGOS:
                raise WrongUse(f"logo {kit.logo.name} is none of {', '.join(_LOGOS)}")
            logo_pixels(kit.logo, 64)
        return kit

    def problems(self) -> list[str]:
        """What a designer would object to, in sentences: pairs of colours that cannot be read."""
        ratio = contrast(self.ink, self.ground)
        if ratio >= READABLE:
            return []
        said = f"ink {self.ink} on ground {self.ground} has a contrast of {ratio:.1f}"
        return [f"{said}, text needs {READABLE}: another colour is used for words"]


def logo_pixels(path: Path, height: int) -> NDArray[np.uint8]:
    """A logo as pixels, cut to what is visible, (h, w, 4) uint8.

    Args:
        path: raster or SVG; SVG is drawn `height` pixels high, or lower if it is very wide; a
            raster is given as it is.
        height: in pixels, of SVG.

    Raises:
        UnreadableFile: the file is no picture, shows nothing, or is too large.
        MissingPart: SVG cannot be drawn here.
    """
    data = read_bytes(path, "logo")
    if path.suffix.lower() == ".svg":
        try:
            data = _draw(data, height)
        except ValueError as error:
            raise UnreadableFile(f"logo {path} cannot be drawn: {error}") from error
    pixels = open_pixels(path, "logo", data)
    rows, columns = np.flatnonzero(pixels[..., 3].any(1)), np.flatnonzero(pixels[..., 3].any(0))
    if not len(rows):
        raise UnreadableFile(f"logo {path} shows nothing")
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _draw(svg: bytes, height: int) -> bytes:
    try:
        import resvg_py
    except ImportError as error:
        raise MissingPart("drawing SVG needs resvg-py", "pip install 'medici[design]'") from error
    refuse_harm(svg)
    # Set as a picture into a sheet of our own: its size cannot be blown up, files of this machine
    # are out of reach, and no fonts are used, so that a logo is drawn the same everywhere.
    width = _WIDEST * height
    place = f'width="{width}" height="{height}"'
    data = base64.b64encode(svg).decode()
    sheet = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {place}><image {place} '
        f'preserveAspectRatio="xMinYMid meet" href="data:image/svg+xml;base64,{data}"/></svg>'
    )
    return bytes(resvg_py.svg_to_bytes(svg_string=sheet, skip_system_fonts=True))


def _known(data: Any, keys: set[str], what: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise WrongUse(f"{what} must be a table")
    for key in data:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, 1)
            hint = f"did you mean {near[0]}?" if near else "known: " + ", ".join(sorted(keys))
            raise WrongUse(f"unknown key {key!r} in {what}", hint)
    return data


def _file(folder: Path, name: Any, what: str) -> Path:
    if not isinstance(name, str) or not (folder / name).is_file():
        raise UnreadableFile(f"{what} {name!r} is not there", f"looked for beside it, in {folder}")
    return folder / name

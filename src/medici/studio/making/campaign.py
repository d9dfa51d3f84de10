"""A campaign: one concept in many formats, with a manifest of what each piece is made of."""

from __future__ import annotations

import difflib
import io
import json
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import content_digest
from medici.errors import UnreadableFile, WrongUse
from medici.records import Digest
from medici.store import atomic_write, staging
from medici.studio.making import layout
from medici.studio.making.colours import VISIBLE, colour_or_none, contrast, readable_on, rgb
from medici.studio.making.curves import curves_of
from medici.studio.making.formats import FORMATS, ICON_SIDES, ICONS, chosen
from medici.studio.making.page import PAINTERS, Fill, Page, Picture, Words
from medici.studio.making.sizes import drawn_at
from medici.studio.making.upscale import enlarge, native, resized, to_png, to_svg
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.records import Rendering
    from medici.studio.families import Generator
    from medici.studio.making.brand import BrandKit

MANIFEST = "manifest.json"
_KEYS = {"title", "text", "kicker", "url", "seeds", "style"}
_MOST_WORKS = 16
_SIDE = 2048  # of works that are drawn at any size; pages scale them down


@dataclass(frozen=True, slots=True)
class Concept:
    """What a campaign says and shows.

    Attributes:
        words: its copy.
        seeds: works, the hero first; five more fill strips and mosaics.
        style: of the works. Where the model can set works on a ground and the style names none,
            each gets the colour of the brand it stands out from most. Works in one ink get that of
            the brand, or another of its colours that can be seen, unless the style names one.
    """

    words: layout.Copy
    seeds: tuple[int, ...]
    style: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.words.title.strip():
            raise WrongUse("a campaign has a headline", 'title = "Faces of one machine"')
        if not 1 <= len(self.seeds) <= _MOST_WORKS:
            raise WrongUse(f"a campaign shows 1 to {_MOST_WORKS} works", "seeds = [7, 8, 9]")

    @classmethod
    def read(cls, path: Path) -> Concept:
        """A concept from a TOML or JSON file.

        Raises:
            UnreadableFile: it is not there, or neither.
            WrongUse: a key is unknown or its value has the wrong type.
        """
        try:
            text = path.read_text("utf-8")
            data = read_json(text) if path.suffix == ".json" else tomllib.loads(text)
        except OSError as error:
            raise UnreadableFile(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise UnreadableFile(f"{path} is no concept: {error}", "TOML or JSON") from error
        if not isinstance(data, dict):
            raise WrongUse(f"{path} must be a table")
        for key in data:
            if key not in _KEYS:
                near = difflib.get_close_matches(key, _KEYS, 1)
                known = "known: " + ", ".join(sorted(_KEYS))
                raise WrongUse(
                    f"{path}: unknown key {key!r}", f"did you mean {near[0]}?" if near else known
                )
        words = {key: data.get(key, "") for key in ("title", "text", "kicker", "url")}
        for key, value in words.items():
            if not isinstance(value, str) or len(value) > 2000:
                raise WrongUse(f"{path}: {key} must be text of at most 2000 characters")
        seeds, style = data.get("seeds", []), data.get("style", {})
        if not isinstance(seeds, list) or any(type(seed) is not int for seed in seeds):
            raise WrongUse(f"{path}: seeds must be a list of whole numbers")
        if not isinstance(style, dict):
            raise WrongUse(f"{path}: style must be a table")
        return cls(layout.Copy(**words), tuple(seeds), style)


def campaign(
    generator: Generator,
    concept: Concept,
    kit: BrandKit,
    out: Path,
    *,
    formats: Sequence[str] = (),
    files: Sequence[str] = tuple(PAINTERS),
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Make every piece of a campaign and its manifest: all of them come to `out`, or none.

    Args:
        generator: makes the works.
        concept: what is said and shown.
        kit: the brand.
        out: folder for the pieces.
        formats: names from `FORMATS` and ``icons``; all of them by default.
        files: ``png``, ``svg``, ``pdf``.
        progress: told how many formats are done.

    Returns:
        the manifest, schema ``medici/campaign/1``.

    Raises:
        WrongUse: no such format or file, or the brand's font lacks letters.
        BadStyle: a seed or the style cannot be used.
        MissingPart: a library is not installed.
    """
    for form in files:
        if form not in PAINTERS:
            raise WrongUse(f"pieces cannot be had as {form!r}", ", ".join(PAINTERS))
    names = chosen(formats)
    with staging(out, MANIFEST) as part:
        return _made(generator, concept, kit, part, names, files, progress)


def _made(
    generator: Generator,
    concept: Concept,
    kit: BrandKit,
    out: Path,
    names: Sequence[str],
    files: Sequence[str],
    progress: Callable[[int], None],
) -> dict[str, Any]:
    works = make_works(generator, concept, kit)
    shown = [
        layout.show(
            work.pixels,
            _alt(generator, work),
            tiles=work.kind == "texture",
            curves=curves_of(generator, work),
        )
        for work in works
    ]
    identities = [content_digest(work) for work in works]
    pieces: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        if name == ICONS:
            made = icon_files(works[0], shown[0])
            pieces += [
                _piece(out, ICONS, file, data, size, identities[:1])
                for file, (data, size) in made.items()
            ]
        else:
            shape = FORMATS[name]
            page = layout.compose(shape, concept.words, shown, kit)
            used = _used(page, shown, identities)
            for suffix in files:
                data = PAINTERS[suffix](page)
                size = (shape.width, shape.height)
                piece = _piece(out, name, f"{name}.{suffix}", data, size, used)
                pieces.append({**piece, "words": _contrasts(page), "notes": page.notes})
        progress(number + 1)
    manifest = {
        "schema": "medici/campaign/1",
        "brand": {"name": kit.name, "digest": kit.digest, "tone": kit.tone},
        "concept": {
            "title": concept.words.title,
            "text": concept.words.text,
            "kicker": concept.words.kicker,
            "url": concept.words.url or kit.url,
        },
        "model": {"id": generator.id, "name": generator.record.name},
        "works": [
            {"id": identity, "seed": work.seed, "style": dict(work.style), "kind": work.kind}
            for identity, work in zip(identities, works, strict=True)
        ],
        "pieces": pieces,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    atomic_write(out / MANIFEST, text.encode())
    return manifest


def make_works(generator: Generator, concept: Concept, kit: BrandKit) -> list[Rendering]:
    """The works of a campaign, each on a ground of the brand where the model allows it."""
    style = dict(concept.style)
    if "scale" not in style:
        style |= drawn_at(generator, concept.seeds[0], _SIDE)
    if {"ground", "ink"} <= set(generator.keys):
        pairs = inked(kit, style, len(concept.seeds))
        return [
            generator.sample(seed, {**style, **pair})
            for seed, pair in zip(concept.seeds, pairs, strict=True)
        ]
    if "ground" not in generator.keys or "ground" in style:
        return generator.sample_many(list(concept.seeds), style)
    bare = generator.sample_many(list(concept.seeds), {**style, "ground": "transparent"})
    out: list[Rendering] = []
    used: list[str] = []
    grounds = _grounds(kit)
    for work in bare:
        ground = stands_out(native(work.pixels), grounds, used)
        used.append(ground)
        out.append(generator.sample(work.seed, {**style, "ground": ground}))
    return out


def _grounds(kit: BrandKit) -> list[str]:
    """What works stand on: a brand's own colours first, the ink of its words last."""
    return list(dict.fromkeys((*kit.others, kit.accent, kit.ink)))


def inked(kit: BrandKit, style: Mapping[str, Any], count: int) -> list[dict[str, str]]:
    """What the style of so many works of one ink leaves open: ground and ink from the brand.

    Args:
        kit: whose colours they become, grounds in turn; an ink can be seen on its ground.
        style: what it names stays as it is.
        count: of works.
    """
    ground, ink = (colour_or_none(style.get(key)) for key in ("ground", "ink"))
    if "ground" in style:
        if "ink" in style or ground is None:
            return [{}] * count
        return [{"ink": readable_on(ground, kit.ink, kit.palette, VISIBLE)}] * count
    grounds = _grounds(kit)
    if ink is not None:
        seen = [colour for colour in grounds if contrast(colour, ink) >= VISIBLE]
        grounds = seen or [readable_on(ink, kit.ground, least=VISIBLE)]
    in_turn = [grounds[i % len(grounds)] for i in range(count)]
    if "ink" in style:
        return [{"ground": one} for one in in_turn]
    return [
        {"ground": one, "ink": readable_on(one, kit.ink, kit.palette, VISIBLE)} for one in in_turn
    ]


def stands_out(figure: NDArray[np.uint8], colours: Sequence[str], used: Sequence[str] = ()) -> str:
    """The least used of the colours that a figure on transparent ground stands out from.

    Args:
        figure: (h, w, 4) uint8, native.
        colours: to choose from.
        used: those given to the works before.

    Returns:
        of the colours far enough from all that touch the ground the one used least, the first of
        equals; where none is far enough, the furthest.
    """
    solid = np.pad(figure[..., 3] > 0, 1)
    bare = ~solid
    inner = (slice(1, -1), slice(1, -1))
    near = bare[:-2, 1:-1] | bare[1:-1, :-2] | bare[1:-1, 2:]
    edge = figure[solid[inner] & near][:, :3].astype(np.int64)
    if not len(edge):
        return colours[0]
    # Colours that touch the ground in a single place do not count.
    kinds, counts = np.unique(edge, axis=0, return_counts=True)
    kinds = kinds[counts >= min(3, counts.max())]
    gaps = {c: int(((kinds - np.array(rgb(c))) ** 2).sum(1).min()) for c in colours}
    clear = [c for c in colours if gaps[c] >= _CLEAR]
    if not clear:
        return max(colours, key=lambda c: gaps[c])
    recent = list(used[-1:])
    return min(clear, key=lambda c: (c in recent, used.count(c)))


_CLEAR = 60 * 60
"""Least squared distance of a ground from the colours on it."""


def icon_files(work: Rendering, shown: layout.Shown) -> dict[str, tuple[bytes, tuple[int, int]]]:
    """The web icon set of a work: PNGs, ``favicon.ico``, ``icon.svg`` and a maskable icon."""
    from PIL import Image

    out: dict[str, tuple[bytes, tuple[int, int]]] = {}
    small: list[Image.Image] = []
    for side in ICON_SIDES:
        pixels = icon(shown, side)
        out[f"icon-{side}.png"] = (to_png(pixels), (side, side))
        if side <= 48:
            small.append(Image.fromarray(pixels))
    # Launchers cut maskable icons to a circle of 80 % of the side. Source: W3C, maskable icons.
    out["icon-maskable-512.png"] = (to_png(icon(shown, 512, inner=0.62)), (512, 512))
    file = io.BytesIO()
    small[-1].save(file, "ICO", sizes=[image.size for image in small], append_images=small[:-1])
    out["favicon.ico"] = (file.getvalue(), small[-1].size)
    if shown.curves:
        out["icon.svg"] = (_drawn(shown, 512), (512, 512))
    elif shown.crisp:
        svg = to_svg(native(icon(shown, 512)), shown.alt)
        out["icon.svg"] = (svg, (512, 512))
    return out


def _drawn(shown: layout.Shown, side: int) -> bytes:
    """The icon of a work that is made of curves, as SVG."""
    pixels = resized(shown.pixels, side, side)
    left, above = (side - pixels.shape[1]) // 2, side - pixels.shape[0]
    top = above if shown.stands else above // 2
    ground = Fill(0, 0, side, side, shown.ground)
    picture = Picture(left, top, pixels, crisp=False, curves=shown.curves)
    return PAINTERS["svg"](Page(side, side, shown.alt, marks=[ground, picture]))


def icon(shown: layout.Shown, side: int, inner: float = 1.0) -> NDArray[np.uint8]:
    """A work as an icon: whole factors where it is a pixel picture, its ground to the edges.

    Args:
        shown: the work.
        side: of the icon, in pixels.
        inner: share of the side that the work may take.

    Returns:
        (side, side, 4) uint8, opaque.
    """
    room = int(side * inner)
    h, w = shown.pixels.shape[:2]
    factor = min(room // h, room // w)
    if shown.crisp and factor >= 1:
        picture = enlarge(shown.pixels, factor)
    else:
        picture = resized(shown.pixels, room, room)
    out = np.empty((side, side, 4), np.uint8)
    out[:] = (*rgb(shown.ground), 255)
    y, x = (side - picture.shape[0]) // 2, (side - picture.shape[1]) // 2
    if shown.stands:
        # It stands on the edge, or its last row runs on to it.
        y = side - picture.shape[0] if inner == 1.0 else y
        below = np.repeat(picture[-1:], side - y - picture.shape[0], 0)
        picture = np.concatenate([picture, below])
    alpha = picture[..., 3:].astype(np.uint16)
    under = out[y : y + picture.shape[0], x : x + picture.shape[1], :3]
    under[:] = (picture[..., :3] * alpha + under * (255 - alpha) + 127) // 255
    return out


def _piece(
    out: Path, name: str, file: str, data: bytes, size: tuple[int, int], works: Sequence[str]
) -> dict[str, Any]:
    path = out / name / file if name == ICONS else out / file
    atomic_write(path, data, durable=False)
    return {
        "file": str(path.relative_to(out)),
        "format": name,
        "size": list(size),
        "sha256": Digest.of(data),
        "works": list(works),
    }


def _contrasts(page: Page) -> list[dict[str, Any]]:
    """Every line of words with its colours and their contrast."""
    return [
        {
            "text": mark.text,
            "colour": mark.colour,
            "ground": mark.ground,
            "contrast": round(contrast(mark.colour, mark.ground), 2),
        }
        for mark in page.marks
        if isinstance(mark, Words)
    ]


def _used(page: Page, shown: Sequence[layout.Shown], identities: Sequence[str]) -> list[str]:
    """Which works stand on the page, in their order."""
    alts = {getattr(mark, "alt", "") for mark in page.marks}
    return [i for work, i in zip(shown, identities, strict=True) if work.alt in alts]


def _alt(generator: Generator, work: Rendering) -> str:
    return f"{work.kind} {work.seed} by {generator.record.name}"

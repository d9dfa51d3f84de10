"""One concept laid out in one format: a panel for the work, a panel for the words, a strip of more.

Works are never distorted and never resampled where they are pixel pictures: they are enlarged by
the largest whole factor that fits, and their ground runs on to the edge of their panel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from medici.studio.making.colours import mix, readable_on, to_hex
from medici.studio.making.lettering import Block, fit, typeface
from medici.studio.making.page import Fill, Page, Picture
from medici.studio.making.signature import Box, place, sign
from medici.studio.making.upscale import as_words, native, resized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medici.studio.making.brand import BrandKit
    from medici.studio.making.curves import Curves
    from medici.studio.making.formats import Format

_CRISP_SIDE, _CRISP_COLOURS = 32, 64
_STRIP_FROM = 1 / 1.3
_MOSAIC_FROM = 2.2


@dataclass(frozen=True, slots=True)
class Copy:
    """The words of a campaign.

    Attributes:
        title: the headline.
        text: a sentence or two.
        kicker: a word or two above the headline.
        url: where to go; the brand's by default.
    """

    title: str
    text: str = ""
    kicker: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A work as it is set on a page.

    Attributes:
        pixels: (h, w, 4) uint8, native where it is a pixel picture.
        ground: what its panel is filled with, ``#rrggbb``.
        crisp: a pixel picture.
        stands: it touches its lower edge, and so stands on that of its panel.
        alt: what it is.
        tiles: it repeats without a seam, and so covers its whole panel.
        curves: of which it is made, if it is.
    """

    pixels: NDArray[np.uint8]
    ground: str
    crisp: bool
    stands: bool
    alt: str
    tiles: bool = False
    curves: Curves | None = None


def show(
    pixels: NDArray[np.uint8],
    alt: str,
    ground: str | None = None,
    *,
    tiles: bool = False,
    curves: Curves | None = None,
) -> Shown:
    """Prepare a work for pages.

    Args:
        pixels: (h, w, 4) uint8, as rendered.
        alt: what it is.
        ground: of its panel; by default the work's own, where one colour runs around its upper
            edges, else white.
        tiles: it repeats without a seam (a texture).
        curves: the same work, so that it can be drawn at any size.
    """
    if tiles:
        return Shown(pixels, ground or "#ffffff", False, False, alt, tiles=True)
    small = pixels if curves else native(pixels)
    crisp = not curves and (
        max(small.shape[:2]) <= _CRISP_SIDE or len(np.unique(as_words(small))) <= _CRISP_COLOURS
    )
    if not crisp:
        small = pixels
    bare = small[..., 3] == 0
    if bare.any():
        stands = bool((~bare[-1]).any())
        return Shown(small, ground or "#ffffff", crisp, stands, alt, curves=curves)
    corner = small[0, 0]
    top = bool((small[0] == corner).all())
    own = to_hex(corner) if top else None
    stands = own is not None and bool((small[-1] != corner).any())
    return Shown(small, own or ground or "#ffffff", crisp, stands, alt, curves=curves)


def compose(
    form: Format, words: Copy, works: Sequence[Shown], kit: BrandKit, title: str | None = None
) -> Page:
    """Lay a concept out.

    Args:
        form: the format.
        words: what is said.
        works: the first is the hero, the others fill strips and mosaics where there is room.
        kit: the brand.
        title: of the document; the headline by default.

    Raises:
        WrongUse: the brand's font has no letters for the words.
    """
    page = Page(
        form.width,
        form.height,
        title or f"{words.title} · {kit.name}",
        kit.name,
        form.points,
        form.bleed,
    )
    hero, *more = works
    if form.ratio > 1.2:
        _wide(page, form, words, hero, more, kit)
    else:
        _tall(page, form, words, hero, more, kit)
    return page


def _tall(
    page: Page, form: Format, words: Copy, hero: Shown, more: Sequence[Shown], kit: BrandKit
) -> None:
    width, height = form.width, form.height
    foot = height
    if form.ratio < _STRIP_FROM and len(more) >= 3:
        count = min(len(more), 5)
        side = width // count
        foot = height - side
        # What does not divide goes to the last tile.
        for i, work in enumerate(more[:count]):
            right = width if i == count - 1 else (i + 1) * side
            _panel(page, Box(i * side, foot, right - i * side, side), work)
    split = round(foot * (0.54 if form.ratio > 0.9 else 0.56))
    _panel(page, Box(0, 0, width, split), hero)
    _fill(page, Box(0, split, width, foot - split), kit.ground)
    top, right, bottom, left = form.safe
    gap = round(form.short * 0.065)
    low = min(height - bottom, foot - round(form.short * 0.055))
    box = Box(left, max(split + gap, top), width - left - right, 0)
    _say(page, form, words, replace(box, height=low - box.y), kit)


def _wide(
    page: Page, form: Format, words: Copy, hero: Shown, more: Sequence[Shown], kit: BrandKit
) -> None:
    width, height = form.width, form.height
    tiles = []
    if form.ratio > _MOSAIC_FROM:
        side = height // 2
        columns = 2 if len(more) >= 4 else 0
        show_width = height + columns * side
        tiles = [
            Box(height + c * side, r * side, side, side) for c in range(columns) for r in (0, 1)
        ]
        panel = Box(0, 0, height, height)
    else:
        show_width = width // 2
        panel = Box(0, 0, show_width, height)
        side = show_width // 3
        if len(more) >= 3 and height - side > show_width * 0.95:
            panel = Box(0, side, show_width, height - side)
            ends = [0, side, 2 * side, show_width]
            tiles = [Box(x, 0, end - x, side) for x, end in pairwise(ends)]
    shift = 0 if form.words_right else width - show_width
    _panel(page, replace(panel, x=panel.x + shift), hero)
    for tile, work in zip(tiles, more, strict=False):
        _panel(page, replace(tile, x=tile.x + shift), work)
    start = show_width if form.words_right else 0
    _fill(page, Box(start, 0, width - show_width, height), kit.ground)
    top, right, bottom, left = form.safe
    gap = round(form.short * 0.09)
    if form.words_right:
        x0, x1 = max(left, show_width + gap), width - right
    else:
        x0, x1 = left, min(width - show_width - gap, width - right)
    _say(page, form, words, Box(x0, top, x1 - x0, height - top - bottom), kit)


def _fill(page: Page, box: Box, colour: str) -> Fill:
    """A panel; where it touches the page's edge it runs on into the bleed."""
    b = page.bleed
    x0 = box.x - b if box.x == 0 else box.x
    y0 = box.y - b if box.y == 0 else box.y
    x1 = box.x + box.width + (b if box.x + box.width == page.width else 0)
    y1 = box.y + box.height + (b if box.y + box.height == page.height else 0)
    fill = Fill(x0, y0, x1 - x0, y1 - y0, colour)
    page.marks.append(fill)
    return fill


def _panel(page: Page, box: Box, work: Shown) -> None:
    fill = _fill(page, box, work.ground)
    pixels, factor = work.pixels, 1
    h, w = pixels.shape[:2]
    if work.tiles:
        wide, high = round(fill.width), round(fill.height)
        cover = np.tile(pixels, (-(-high // h), -(-wide // w), 1))[:high, :wide]
        x, y = round(fill.x), round(fill.y)
        page.marks.append(Picture(x, y, np.ascontiguousarray(cover), 1, False, work.alt))
        return
    room = 1.0 if work.stands else 0.82
    wide, high = int(box.width * room), int(box.height * room)
    if work.crisp and min(wide // w, high // h) >= 1:
        factor = min(wide // w, high // h)
    else:
        pixels = resized(pixels, wide, high)
    picture = Picture(0, 0, pixels, factor, work.crisp, work.alt, work.curves)
    x = box.x + (box.width - picture.width) // 2
    y = box.y + (box.height - picture.height) // 2
    if work.stands:
        y = box.y + box.height - picture.height
        if page.bleed and box.y + box.height == page.height:
            _run_on(page, picture, x, y)
    page.marks.append(replace(picture, x=x, y=y))


def _run_on(page: Page, picture: Picture, x: int, y: int) -> None:
    """A work that stands on the paper's edge goes on into the bleed by its last row."""
    below = np.repeat(picture.pixels[-1:], -(-page.bleed // picture.factor), 0)
    page.marks.append(
        replace(picture, x=x, y=y + picture.height, pixels=below, alt="", curves=None)
    )


def _say(page: Page, form: Format, words: Copy, box: Box, kit: BrandKit) -> None:
    """Kicker, headline, text and footer in a box of the brand's ground."""
    unit = form.short
    ground = kit.ground
    ink = readable_on(ground, kit.ink, kit.palette)
    page.notes += kit.problems()
    y = float(box.y)
    bottom = sign(page, box, unit, words.url or kit.url, kit, ink)
    if words.kicker:
        face = typeface(kit.font("medium"), 0.14)
        size = unit * 0.024
        block = fit(
            face, words.kicker.upper(), box.width, size * 1.4, size, size * 0.6, most_lines=1
        )
        # An accent that is too light for small letters is darkened, as a printer would.
        shades = [mix(kit.accent, end, i) for i in range(1, 5) for end in ("#000000", "#ffffff")]
        accent = readable_on(ground, kit.accent, (*shades, ink))
        place(page, block, box.x, y, accent, ground)
        y += block.height + unit * 0.03
    head, text = _blocks(words, kit, Box(box.x, 0, box.width, round(bottom - y)), unit)
    place(page, head, box.x, y, ink, ground)
    if text:
        place(page, text, box.x, y + head.height + unit * 0.035, ink, ground)


def _blocks(words: Copy, kit: BrandKit, box: Box, unit: int) -> tuple[Block, Block | None]:
    """Headline and text that fill a box together; the headline gives way before words are cut."""
    head_face, face = typeface(kit.font("headline"), -0.02), typeface(kit.font("text"))
    largest, smallest, text = unit * 0.125, unit * 0.04, None
    for share in (0.42, 0.52, 0.62, 0.72):
        if words.text:
            measure = min(box.width, unit * 1.1)
            high = box.height * share
            text = fit(face, words.text, measure, high, unit * 0.038, unit * 0.023, leading=1.36)
        left = box.height - (text.height + unit * 0.045 if text and text.lines else 0.0)
        head = fit(
            head_face, words.title, box.width, left, largest, smallest, leading=1.02, most_lines=3
        )
        if not head.cut and not (text and text.cut):
            break
    return head, text

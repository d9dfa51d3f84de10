"""How a brand signs a page: logo or name on the left, address on the right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from medici.studio.making import brand as brands
from medici.studio.making.colours import READABLE_LARGE, contrast, to_hex
from medici.studio.making.lettering import Block, fit, typeface
from medici.studio.making.page import Fill, Page, Picture, Words
from medici.studio.making.upscale import native, resized

if TYPE_CHECKING:
    from medici.studio.making.brand import BrandKit

_PIXEL_LOGO = 32


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in page units."""

    x: int
    y: int
    width: int
    height: int


def sign(page: Page, box: Box, unit: int, url: str, kit: BrandKit, ink: str) -> float:
    """Set logo or name and the address along the lower edge of a box.

    A logo that is a sign rather than a word mark has the brand's name beside it.

    Args:
        page: is added to.
        box: for the words of the page.
        unit: shorter side of the page, by which sizes go.
        url: where to go; empty for none.
        kit: the brand.
        ink: colour of the words, readable on the brand's ground.

    Returns:
        where the words above must end.
    """
    base, start, high = box.y + box.height, float(box.x), 0.0
    named = kit.logo is None
    if kit.logo:
        mark = _logo(kit, round(unit * 0.052), box.width // 2)
        named = mark.width < 1.6 * mark.height
        if named:
            mark = _logo(kit, round(unit * 0.068), box.width // 4)
        pad = 0
        if _faint(mark, kit.ground):
            pad = mark.height // 4
            plate = max(kit.palette, key=lambda c: contrast(c, kit.ground))
            height = mark.height + 2 * pad
            page.marks.append(Fill(box.x, base - height, mark.width + 2 * pad, height, plate))
            page.notes.append(f"the logo is faint on {kit.ground} and stands on {plate}")
        page.marks.append(replace(mark, x=box.x + pad, y=base - mark.height - pad))
        start, high = start + mark.width + 2 * pad, float(mark.height + 2 * pad)
    if named:
        face = typeface(kit.font("headline"), -0.01)
        size = unit * 0.04
        start += unit * 0.022 if kit.logo else 0.0
        room = box.x + box.width * 0.62 - start
        block = fit(face, kit.name, room, size * 1.4, size, size * 0.5, most_lines=1)
        letters = face.cap_height * block.size
        # On the lower edge by itself, in the middle of its logo beside one.
        place(page, block, start, base - max(high, letters) / 2 - letters / 2, ink, kit.ground)
        start, high = start + block.width, max(high, letters)
    top = base - high
    if url:
        face, size = typeface(kit.font("medium")), unit * 0.027
        block = fit(face, url, box.width, size * 1.4, size, size * 0.7, most_lines=1)
        letters = face.cap_height * block.size
        left = box.x + box.width - block.width
        if left > start + unit * 0.05:
            y = base - high / 2 - letters / 2 if named else base - letters
            place(page, block, left, y, ink, kit.ground)
        else:  # no room beside it: a line of its own above
            top -= unit * 0.045 + letters
            place(page, block, box.x, top, ink, kit.ground)
    return top - unit * 0.05


def _logo(kit: BrandKit, height: int, width: int) -> Picture:
    """The logo at its final size: even scaling, or whole factors for a pixel logo."""
    assert kit.logo is not None
    pixels = brands.logo_pixels(kit.logo, height)
    small = native(pixels)
    factor = min(height // small.shape[0], width // small.shape[1])
    if factor >= 1 and max(small.shape[:2]) <= _PIXEL_LOGO:
        return Picture(0, 0, small, factor, True, f"{kit.name} logo")
    return Picture(0, 0, resized(pixels, width, height), 1, False, f"{kit.name} logo")


def _faint(mark: Picture, ground: str) -> bool:
    """Whether most of a logo can hardly be told from the ground."""
    seen = mark.pixels[mark.pixels[..., 3] > 127][:, :3]
    colours, counts = np.unique(seen // 8 * 8, axis=0, return_counts=True)
    clear = [contrast(to_hex(c), ground) >= READABLE_LARGE for c in colours]
    return float(counts[np.array(clear, bool)].sum()) < 0.25 * float(counts.sum())


def place(page: Page, block: Block, x: float, y: float, colour: str, ground: str) -> None:
    """Put a block's lines on a page, and note whether words were cut.

    Args:
        page: is added to.
        block: what is set.
        x: the left end.
        y: the top of the first line's capitals.
        colour: of the letters.
        ground: what they stand on.
    """
    if block.cut:
        page.notes.append("text was cut to fit: " + " ".join(line.text for line in block.lines))
    for line, baseline, outline in block.placed(x, y):
        page.marks.append(
            Words(
                tuple(outline), colour, ground, line.text, x, baseline, block.size, block.face.path
            )
        )

"""Words as a picture: one typeset page, so that a text can hang in a gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 1024
_LEAST_HEIGHT = 512
_MARGIN = 96
_PAPER, _INK = (250, 247, 240, 255), (32, 30, 28, 255)
# Longest text → size of the letters; a title is set larger than a statement.
_SIZES = ((40, 72), (120, 52), (300, 40), (10**9, 30))
_LEADING = 1.45


def page(text: str) -> NDArray[np.uint8]:
    """Set a text in the font that Pillow brings, ragged right, centred on its page.

    Args:
        text: plain words; line breaks are kept.

    Returns:
        (h, 1024, 4) uint8 opaque pixels, h as the text needs and at least 512.
    """
    from PIL import Image, ImageDraw, ImageFont

    size = next(s for longest, s in _SIZES if len(text) <= longest)
    font = ImageFont.load_default(size)
    lines = wrapped(text, font, WIDTH - 2 * _MARGIN)
    step = round(size * _LEADING)
    height = max(_LEAST_HEIGHT, step * len(lines) + 2 * _MARGIN)
    image = Image.new("RGBA", (WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(image)
    top = (height - step * len(lines)) // 2
    for i, line in enumerate(lines):
        draw.text((_MARGIN, top + i * step), line, _INK, font)
    return np.asarray(image).copy()


def wrapped(text: str, font: Any, width: float) -> list[str]:
    """Lines no wider than so many pixels; a word that is wider than a line is broken."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if font.getlength(longer) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while font.getlength(line) > width:
                end = len(line) - 1
                while end > 1 and font.getlength(line[:end]) > width:
                    end -= 1
                lines.append(line[:end])
                line = line[end:]
        lines.append(line)
    return lines

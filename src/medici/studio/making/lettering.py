"""Words set in type: measured with kerning by HarfBuzz, then drawn as outlines.

Outlines look the same in PNG, SVG and PDF whatever fonts a machine has, and they are what print
shops ask for. What is measured is what is drawn, so text that fits, fits everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from medici.errors import MissingPart, UnreadableFile, WrongUse
from medici.studio.making.grid import FONTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Command = tuple[str, tuple[float, ...]]
"""A step of an outline: ``M``, ``L``, ``Q``, ``C`` or ``Z`` with its coordinates."""

BOLD = FONTS / "SpaceGrotesk-Bold.ttf"
MEDIUM = FONTS / "SpaceGrotesk-Medium.ttf"
REGULAR = FONTS / "SpaceGrotesk-Regular.ttf"
_PLAIN = {"kern": True, "liga": True, "calt": True}
_SPACED = {"kern": True, "liga": False, "clig": False}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, measured.

    Attributes:
        text: its words.
        width: advance in page units.
        glyphs: (glyph id, x, y) of each, in page units from the line's start on the baseline.
    """

    text: str
    width: float
    glyphs: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that fit a box.

    Attributes:
        face: what they are set in.
        size: of the letters, in page units per em.
        leading: from baseline to baseline.
        lines: from the top.
        cut: whether words had to be left away.
    """

    face: Typeface
    size: float
    leading: float
    lines: tuple[Line, ...]
    cut: bool = False

    @property
    def width(self) -> float:
        """Of the longest line."""
        return max((line.width for line in self.lines), default=0.0)

    @property
    def height(self) -> float:
        """From the top of the first line's capitals to the last line's descenders."""
        if not self.lines:
            return 0.0
        between = (len(self.lines) - 1) * self.leading
        return float(self.face.cap_height + self.face.descent) * self.size + between

    def placed(self, x: float, y: float) -> list[tuple[Line, float, list[Command]]]:
        """Each line with its baseline and outline.

        Args:
            x: the left end.
            y: the top of the first line's capitals.
        """
        out = []
        baseline = y + self.face.cap_height * self.size
        for line in self.lines:
            steps: list[Command] = []
            for glyph, gx, gy in line.glyphs:
                steps += self.face.glyph(glyph, self.size, x + gx, baseline - gy)
            out.append((line, baseline, steps))
            baseline += self.leading
        return out


class Typeface:
    """A font file, for measuring and drawing.

    Args:
        path: TrueType or OpenType.
        tracking: more space between letters, in ems; less when negative.

    Raises:
        MissingPart: HarfBuzz is not installed.
        UnreadableFile: the file is no font.
    """

    def __init__(self, path: Path, tracking: float = 0.0) -> None:
        try:
            import uharfbuzz
        except ImportError as error:
            raise MissingPart(
                "setting type needs uharfbuzz", "pip install 'medici[design]'"
            ) from error
        self.path, self.tracking = path, tracking
        self._library: Any = uharfbuzz
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UnreadableFile(f"{path} cannot be read: {error.strerror}") from error
        face = uharfbuzz.Face(uharfbuzz.Blob(data))
        if not face.glyph_count:
            raise UnreadableFile(f"{path} is not a font", "a .ttf or .otf file")
        self._font = uharfbuzz.Font(face)
        self.units = face.upem
        tags = uharfbuzz.OTMetricsTag
        self.cap_height = self._metric(tags.CAP_HEIGHT, 0.7)
        self.x_height = self._metric(tags.X_HEIGHT, 0.5)
        self.descent = -self._font.get_font_extents("ltr").descender / self.units
        self._shapes: dict[int, list[Command]] = {}
        self._advances: dict[str, float] = {}

    def _metric(self, tag: Any, otherwise: float) -> float:
        found = self._font.get_metric_position(tag)
        return found / self.units if found else otherwise

    def missing(self, text: str) -> str:
        """Characters of the text that this face cannot show."""
        return "".join(
            sorted(
                {c for c in text if not c.isspace() and not self._font.get_nominal_glyph(ord(c))}
            )
        )

    def line(self, text: str, size: float) -> Line:
        """Measure a line of text.

        Args:
            text: without line breaks.
            size: page units per em.
        """
        buffer = self._library.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        # Letters that are spaced out are not joined.
        features = _PLAIN if not self.tracking else _SPACED
        self._library.shape(self._font, buffer, features)
        x, scale, glyphs = 0.0, size / self.units, []
        for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            glyphs.append((info.codepoint, x + place.x_offset * scale, place.y_offset * scale))
            x += place.x_advance * scale + self.tracking * size
        return Line(text, max(x - self.tracking * size, 0.0), tuple(glyphs))

    def advance(self, text: str) -> float:
        """Width of a word in ems, tracking after its last letter included; remembered."""
        if text not in self._advances:
            self._advances[text] = self.line(text, 1.0).width + self.tracking
        return self._advances[text]

    def glyph(self, number: int, size: float, x: float, y: float) -> list[Command]:
        """A glyph's outline with its origin at (x, y), y running down the page."""
        if number not in self._shapes:
            self._shapes[number] = self._read(number)
        scale = size / self.units
        return [
            (kind, tuple(x + c * scale if i % 2 == 0 else y - c * scale for i, c in enumerate(at)))
            for kind, at in self._shapes[number]
        ]

    def _read(self, number: int) -> list[Command]:
        out: list[Command] = []
        funcs = self._library.DrawFuncs()
        funcs.set_move_to_func(lambda x, y, _: out.append(("M", (x, y))))
        funcs.set_line_to_func(lambda x, y, _: out.append(("L", (x, y))))
        funcs.set_quadratic_to_func(lambda a, b, x, y, _: out.append(("Q", (a, b, x, y))))
        funcs.set_cubic_to_func(lambda a, b, c, d, x, y, _: out.append(("C", (a, b, c, d, x, y))))
        funcs.set_close_path_func(lambda _: out.append(("Z", ())))
        self._font.draw_glyph(number, funcs)
        return out


@lru_cache(maxsize=16)
def typeface(path: Path, tracking: float = 0.0) -> Typeface:
    """A face, read once."""
    return Typeface(path, tracking)


def wrap(face: Typeface, text: str, size: float, width: float) -> list[str] | None:
    """Break text into the fewest lines.

    Returns:
        the lines; None when one word alone is wider than the box.
    """
    lines: list[list[str]] = []
    full, space = 0.0, face.advance(" ") * size
    for word in text.split():
        wide = face.advance(word) * size
        if wide > width:
            return None
        if lines and full + space + wide <= width:
            lines[-1].append(word)
            full += space + wide
        else:
            lines.append([word])
            full = wide
    return [" ".join(line) for line in lines]


def even(face: Typeface, lines: list[str], size: float, width: float) -> list[str]:
    """The same words in as many lines, as even as the narrowest measure makes them."""
    if len(lines) < 2:
        return lines
    low, high, text = 0.0, width, " ".join(lines)
    for _ in range(10):
        middle = (low + high) / 2
        tried = wrap(face, text, size, middle)
        if tried is not None and len(tried) == len(lines):
            high, lines = middle, tried
        else:
            low = middle
    return lines


def fit(
    face: Typeface,
    text: str,
    width: float,
    height: float,
    largest: float,
    smallest: float,
    *,
    leading: float = 1.25,
    most_lines: int = 99,
) -> Block:
    """The text at the largest size at which it fits the box; it never overflows.

    Args:
        face: what it is set in.
        text: paragraphs are run together.
        width: of the box, in page units.
        height: of the box, in page units.
        largest: size to begin with, page units per em.
        smallest: size to end with, page units per em.
        leading: from baseline to baseline, in ems.
        most_lines: no more than these.

    Returns:
        the block; where even the smallest size is too large, words are cut from the end, marked by
        an ellipsis, and `cut` says so.

    Raises:
        WrongUse: the face has no letter for a character of the text.
    """
    lost = face.missing(text)
    if lost:
        raise WrongUse(
            f"{face.path.name} has no letters for {lost[:20]!r}",
            "name a font that has them in the brand kit, or write it another way",
        )
    size = largest
    while size >= smallest:
        block = _try(face, text, width, height, size, leading, most_lines)
        if block:
            return block
        size = min(size * 0.97, size - 0.01) if size > smallest else 0.0
        if 0 < size < smallest:
            size = smallest
    # As many words as fit with an ellipsis after them; fewer always fit where more do.
    words, low, high, best = text.split(), 0, len(text.split()) - 1, None
    while low <= high:
        count = (low + high) // 2
        shorter = " ".join(words[:count]).rstrip(",.;:–—- ") + "…"
        block = _try(face, shorter, width, height, smallest, leading, most_lines)
        if block:
            best, low = block, count + 1
        else:
            high = count - 1
    if best is None:
        return Block(face, smallest, smallest * leading, (), cut=bool(words))
    return replace(best, cut=True)


def _try(
    face: Typeface,
    text: str,
    width: float,
    height: float,
    size: float,
    leading: float,
    most_lines: int,
) -> Block | None:
    lines = wrap(face, text, size, width)
    if lines is None or len(lines) > most_lines:
        return None
    if len(lines) > 1 and len(lines) * size * leading > height + size * leading:
        return None
    measured = tuple(face.line(line, size) for line in even(face, lines, size, width))
    block = Block(face, size, size * leading, measured)
    return block if block.height <= height + 1e-6 and block.width <= width + 1e-6 else None


def bounds(outline: Sequence[Command]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of an outline with its control points."""
    xs = [c for _, at in outline for c in at[0::2]]
    ys = [c for _, at in outline for c in at[1::2]]
    if not xs:
        return math.inf, math.inf, -math.inf, -math.inf
    return min(xs), min(ys), max(xs), max(ys)

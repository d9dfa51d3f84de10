"""A page as a list of marks, and the same page painted as SVG, PNG and PDF."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from medici.errors import MissingPart
from medici.records import Digest
from medici.studio.making.colours import rgb
from medici.studio.making.upscale import enlarge, paths, to_png

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.making.curves import Curves
    from medici.studio.making.lettering import Command


@dataclass(frozen=True, slots=True)
class Fill:
    """A rectangle of one colour."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture.

    Attributes:
        x, y: of its top left corner; whole numbers.
        pixels: (h, w, 4) uint8.
        factor: exact enlargement; the picture covers w · factor by h · factor.
        crisp: a pixel picture, drawn as rectangles where the format can.
        alt: what is seen, for those who cannot.
        curves: the same, which are drawn in place of the pixels.
    """

    x: int
    y: int
    pixels: NDArray[np.uint8]
    factor: int = 1
    crisp: bool = True
    alt: str = ""
    curves: Curves | None = None

    @property
    def width(self) -> int:
        """On the page."""
        return int(self.pixels.shape[1]) * self.factor

    @property
    def height(self) -> int:
        """On the page."""
        return int(self.pixels.shape[0]) * self.factor


@dataclass(frozen=True, slots=True)
class Words:
    """Text as an outline.

    Attributes:
        outline: its steps, in page units.
        colour: of the letters.
        ground: what it stands on, for the contrast.
        text: what it says; kept in SVG and PDF, so that it can be searched and read out.
        x, y, size: of the baseline, for the searchable copy.
        font: what it is set in.
    """

    outline: tuple[Command, ...]
    colour: str
    ground: str
    text: str
    x: float
    y: float
    size: float
    font: Path


Mark = Fill | Picture | Words


@dataclass(slots=True)
class Page:
    """A page.

    Attributes:
        width, height: of what is seen (trimmed), in pixels.
        title: of the document.
        author: of the document.
        points: PDF points a pixel.
        bleed: pixels beyond each edge that only the PDF has.
        marks: in the order in which they are painted.
        notes: what had to be done for the text to fit or be read.
    """

    width: int
    height: int
    title: str
    author: str = ""
    points: float = 0.75
    bleed: int = 0
    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def to_svg(page: Page) -> bytes:
    """The page as SVG: words as outlines, pictures as curves or, of pixels, as rectangles.

    It needs no font and no other file.
    """
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{page.width}" height="{page.height}" '
        f'viewBox="0 0 {page.width} {page.height}" role="img"><title>{escape(page.title)}</title>'
    )
    return "\n".join([head, *map(_svg_mark, page.marks), "</svg>", ""]).encode()


def _svg_mark(mark: Mark) -> str:
    if isinstance(mark, Fill):
        return (
            f'<rect x="{mark.x:g}" y="{mark.y:g}" width="{mark.width:g}" height="{mark.height:g}" '
            f'fill="{mark.colour}" shape-rendering="crispEdges"/>'
        )
    if isinstance(mark, Words):
        steps = "".join(kind + " ".join(f"{c:.2f}" for c in at) for kind, at in mark.outline)
        label = escape(mark.text, {'"': "&quot;"})
        return f'<path role="text" aria-label="{label}" fill="{mark.colour}" d="{steps}"/>'
    named = f"<title>{escape(mark.alt)}</title>" if mark.alt else ""
    if mark.curves:
        return (
            f'<svg x="{mark.x}" y="{mark.y}" width="{mark.width}" height="{mark.height}" '
            f'viewBox="0 0 {mark.curves.width} {mark.curves.height}" preserveAspectRatio="none">'
            f"{named}{mark.curves.as_svg()}</svg>"
        )
    if mark.crisp:
        place = f"translate({mark.x} {mark.y}) scale({mark.factor})"
        shapes = paths(mark.pixels)
        return f'<g transform="{place}" shape-rendering="crispEdges">{named}{shapes}</g>'
    data = base64.b64encode(to_png(mark.pixels)).decode()
    return (
        f'<image x="{mark.x}" y="{mark.y}" width="{mark.width}" height="{mark.height}" '
        f'href="data:image/png;base64,{data}">{named}</image>'
    )


def to_png_bytes(page: Page) -> bytes:
    """The page as PNG, drawn from its SVG by resvg.

    Raises:
        MissingPart: resvg is not installed.
    """
    return to_png(to_pixels(page))


def to_pixels(page: Page) -> NDArray[np.uint8]:
    """The page as pixels, (h, w, 3) uint8.

    Raises:
        MissingPart: resvg is not installed.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise MissingPart("drawing pages needs resvg-py", "pip install 'medici[design]'") from error
    from PIL import Image

    svg = to_svg(page).decode()
    drawn = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(drawn)), formats=("PNG",)) as image:
        return np.asarray(image.convert("RGB"))


def to_pdf(page: Page) -> bytes:
    """The page as PDF: outlines, curves or exact pictures, and the words unseen, to search for.

    With a bleed the sheet is larger than the piece, and its trim box says where to cut.

    Raises:
        MissingPart: ReportLab is not installed.
    """
    try:
        from reportlab.pdfgen import canvas
    except ImportError as error:
        raise MissingPart("PDF needs ReportLab", "pip install 'medici[design]'") from error
    out = io.BytesIO()
    bleed = page.bleed * page.points
    width, height = page.width * page.points, page.height * page.points
    # invariant: no date and no random id, so that the same page is the same file.
    sheet = canvas.Canvas(
        out, pagesize=(width + 2 * bleed, height + 2 * bleed), invariant=1, pageCompression=1
    )
    sheet.setTitle(page.title)
    sheet.setAuthor(page.author)
    sheet.setCreator("Medici")
    if bleed:
        sheet.setTrimBox((bleed, bleed, bleed + width, bleed + height))
        sheet.setBleedBox((0, 0, width + 2 * bleed, height + 2 * bleed))
    # Page units from the top left, as everywhere here; PDF counts from the bottom.
    sheet.translate(bleed, bleed + height)
    sheet.scale(page.points, page.points)
    for mark in page.marks:
        _pdf_mark(sheet, mark)
    sheet.showPage()
    sheet.save()
    return out.getvalue()


def _pdf_mark(sheet: Any, mark: Mark) -> None:
    from reportlab.lib.utils import ImageReader

    if isinstance(mark, Fill):
        sheet.setFillColorRGB(*_light(mark.colour))
        sheet.rect(mark.x, -mark.y - mark.height, mark.width, mark.height, stroke=0, fill=1)
        return
    if isinstance(mark, Words):
        sheet.setFillColorRGB(*_light(mark.colour))
        sheet.drawPath(_pdf_path(sheet, mark.outline), stroke=0, fill=1, fillMode=1)
        font = _pdf_font(mark.font)
        if font:
            words = sheet.beginText(mark.x, -mark.y)
            words.setFont(font, mark.size)
            words.setTextRenderMode(3)  # neither filled nor stroked
            words.textOut(mark.text)
            sheet.drawText(words)
        return
    if mark.curves:
        _pdf_curves(sheet, mark, mark.curves)
        return
    from PIL import Image

    # Enlarged here, since many readers smooth pictures that they enlarge themselves.
    pixels = enlarge(mark.pixels, mark.factor) if mark.crisp else mark.pixels
    if (pixels[..., 3] == 255).all():
        image, mask = Image.fromarray(np.ascontiguousarray(pixels[..., :3])), None
    else:
        image, mask = Image.fromarray(pixels), "auto"
    sheet.drawImage(
        ImageReader(image), mark.x, -mark.y - mark.height, mark.width, mark.height, mask=mask
    )


def _pdf_curves(sheet: Any, mark: Picture, curves: Curves) -> None:
    sheet.saveState()
    sheet.translate(mark.x, -mark.y)
    sheet.scale(mark.width / curves.width, mark.height / curves.height)
    edge = sheet.beginPath()
    edge.rect(0, -curves.height, curves.width, curves.height)
    sheet.clipPath(edge, stroke=0, fill=0)
    for layer in curves.layers:
        sheet.setFillColorRGB(*_light(layer.colour))
        path = _pdf_path(sheet, layer.outline())
        sheet.drawPath(path, stroke=0, fill=1, fillMode=0 if layer.even_odd else 1)
    sheet.restoreState()


@lru_cache(maxsize=16)
def _pdf_font(path: Path) -> str | None:
    """The name under which ReportLab knows a face; None for those that it cannot embed."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    name = f"medici-{Digest.of(path.read_bytes())[:12]}"
    try:
        registerFont(TTFont(name, str(path)))
    except TTFError:
        return None
    return name


def _pdf_path(sheet: Any, outline: tuple[Command, ...]) -> Any:
    path = sheet.beginPath()
    here = (0.0, 0.0)
    for kind, at in outline:
        if kind == "Z":
            path.close()
            continue
        at = tuple(c if i % 2 == 0 else -c for i, c in enumerate(at))
        if kind == "M":
            path.moveTo(*at)
        elif kind == "L":
            path.lineTo(*at)
        elif kind == "C":
            path.curveTo(*at)
        else:  # a quadratic curve as the cubic one that equals it
            cx, cy, x, y = at
            path.curveTo(
                here[0] + (cx - here[0]) * 2 / 3,
                here[1] + (cy - here[1]) * 2 / 3,
                x + (cx - x) * 2 / 3,
                y + (cy - y) * 2 / 3,
                x,
                y,
            )
        here = (at[-2], at[-1])
    return path


def _light(colour: str) -> tuple[float, float, float]:
    red, green, blue = rgb(colour)
    return red / 255, green / 255, blue / 255


PAINTERS = {"png": to_png_bytes, "svg": to_svg, "pdf": to_pdf}
"""What a page can be written as, by suffix."""

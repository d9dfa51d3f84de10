"""Exact enlargement of pixel pictures, and their exact drawing as SVG."""

from __future__ import annotations

import io
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np

from medici.errors import WrongUse
from medici.studio.making.colours import to_hex

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_SIDE = 16_384
"""Most pixels a side of what is written: WebP's own limit is one less, PNG readers' often near."""
_MOST_RECTANGLES = 200_000


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle of one colour.

    Attributes:
        x, y, width, height: in native pixels.
        colour: ``#rrggbb``.
        alpha: 1 to 255; nothing is drawn where a picture is wholly transparent.
    """

    x: int
    y: int
    width: int
    height: int
    colour: str
    alpha: int


def enlarge(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Every pixel becomes a square of `factor` pixels a side, (h, w, c) → (h·factor, w·factor, c).

    Raises:
        WrongUse: the factor is no positive whole number, or the result would be too large.
    """
    if factor < 1 or max(pixels.shape[:2]) * factor > LARGEST_SIDE:
        raise WrongUse(
            f"a picture of {pixels.shape[1]}×{pixels.shape[0]} pixels cannot be enlarged "
            f"{factor} times",
            f"a whole factor from 1; at most {LARGEST_SIDE} pixels a side",
        )
    return np.repeat(np.repeat(pixels, factor, 0), factor, 1)


def native_factor(pixels: NDArray[np.uint8]) -> int:
    """The largest whole factor by which this picture is an exact enlargement of a smaller one.

    Args:
        pixels: (h, w, 3 or 4) uint8.

    Returns:
        at least 1; for a picture of one colour its own (square) size.
    """
    # Where colours change along an axis: every place must be a multiple of the factor.
    words = as_words(pixels)
    rows = np.flatnonzero((words[1:] != words[:-1]).any(1)) + 1
    columns = np.flatnonzero((words[:, 1:] != words[:, :-1]).any(0)) + 1
    places = [*rows.tolist(), *columns.tolist(), *pixels.shape[:2]]
    return math.gcd(*places)


def as_words(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """One number a pixel, (h, w, 3 or 4) uint8 → (h, w) uint32: equal where colours are."""
    if pixels.shape[2] == 3:
        pixels = np.pad(pixels, ((0, 0), (0, 0), (0, 1)))
    return np.ascontiguousarray(pixels).view(np.uint32)[..., 0]


def native(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The smallest picture of which this one is an exact enlargement."""
    factor = native_factor(pixels)
    return np.ascontiguousarray(pixels[::factor, ::factor])


def resized(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A picture that is not of pixels, scaled evenly to fit, (h, w, 4) uint8."""
    from PIL import Image

    h, w = pixels.shape[:2]
    scale = min(width / w, height / h)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def rectangles(pixels: NDArray[np.uint8]) -> list[Rectangle]:
    """The picture as rectangles that cover every visible pixel once.

    Runs of one colour are joined along rows, then equal runs are joined down the page. Greedy, so
    not the fewest possible, but in an order that depends on the picture alone.

    Args:
        pixels: (h, w, 4) uint8.
    """
    words = as_words(pixels)
    height, width = words.shape
    open_: dict[tuple[int, int, int], int] = {}
    out: list[Rectangle] = []

    def close(run: tuple[int, int, int], top: int, bottom: int) -> None:
        left, right, _ = run
        red, green, blue, alpha = pixels[top, left].tolist()
        if alpha:
            colour = to_hex((red, green, blue))
            out.append(Rectangle(left, top, right - left, bottom - top, colour, alpha))

    for y in range(height):
        edges = [0, *(np.flatnonzero(words[y, 1:] != words[y, :-1]) + 1).tolist(), width]
        runs = {(left, right, int(words[y, left])): y for left, right in itertools.pairwise(edges)}
        for run in [run for run in open_ if run not in runs]:
            close(run, open_.pop(run), y)
        for run in runs:
            open_.setdefault(run, y)
    for run, top in open_.items():
        close(run, top, height)
    return sorted(out, key=lambda r: (r.y, r.x))


def paths(pixels: NDArray[np.uint8]) -> str:
    """SVG elements that draw the picture in native pixels: one path a colour, crisp edges.

    Raises:
        WrongUse: the picture is no pixel picture (too many rectangles).
    """
    drawn: dict[tuple[str, int], list[str]] = {}
    shapes = rectangles(pixels)
    if len(shapes) > _MOST_RECTANGLES:
        raise WrongUse(
            f"the picture would become {len(shapes)} rectangles",
            "SVG suits pictures with few colours; export PNG instead",
        )
    for r in shapes:
        drawn.setdefault((r.colour, r.alpha), []).append(
            f"M{r.x} {r.y}h{r.width}v{r.height}h-{r.width}z"
        )
    return "".join(
        f'<path fill="{colour}"'
        + (f' fill-opacity="{alpha / 255:.6g}"' if alpha < 255 else "")
        + f' d="{"".join(parts)}"/>'
        for (colour, alpha), parts in drawn.items()
    )


def to_svg(pixels: NDArray[np.uint8], title: str = "", factor: int | None = None) -> bytes:
    """A pixel picture as SVG: exact rectangles, one path a colour, no embedded raster.

    Args:
        pixels: (h, w, 4) uint8; an enlarged picture is drawn in its native pixels.
        title: read out to those who cannot see the picture.
        factor: display size, in pixels for each native pixel; the picture's own by default.

    Raises:
        WrongUse: the picture has too many colours and edges for SVG.
    """
    small = native(pixels)
    height, width = small.shape[:2]
    factor = factor or native_factor(pixels)
    named = f"<title>{escape(title)}</title>" if title else ""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * factor}" '
        f'height="{height * factor}" viewBox="0 0 {width} {height}" '
        f'shape-rendering="crispEdges">{named}{paths(small)}</svg>\n'
    )
    return svg.encode()


def to_png(pixels: NDArray[np.uint8]) -> bytes:
    """PNG, lossless."""
    from PIL import Image

    out = io.BytesIO()
    # Not `optimize`: twice the time for a fifth of a small file.
    Image.fromarray(pixels).save(out, "PNG", compress_level=6)
    return out.getvalue()


def to_webp(pixels: NDArray[np.uint8]) -> bytes:
    """WebP, lossless; colours under full transparency are kept, too."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "WEBP", lossless=True, exact=True, quality=100, method=4)
    return out.getvalue()


RASTERS = {"png": to_png, "webp": to_webp}
"""Lossless picture files that can be written here, by suffix."""

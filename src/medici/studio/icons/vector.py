"""Vector files of icons: SVG and Android drawables from the same outlines, and icon files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import BadData
from medici.studio.checking import colour_bytes
from medici.studio.icons.finish import coverage, level, paint, spline
from medici.studio.vector import contours
from medici.studio.vector.curves import Drawing, outline, path_data

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.icons.style import Style
    from medici.studio.vector.contours import Points

    Grey = NDArray[np.uint8]

# Units of the vector files for each native pixel, and decimals of a unit.
_UNIT, _DIGITS = 16, 1
_ICO_SCALES = (1, 2, 4, 8)
# Samples a native pixel, and lengths and areas in native pixels.
_FINE = 4
_LEAST_AREA = 0.4
_DRAWING = Drawing(tolerance=0.09, straight=0.05, arm=1.1, step=0.25, tip=0.75)


def level_lines(grey: Grey, weight: int = 0) -> list[Points]:
    """Closed level lines of the picture's B-spline, in native pixels from its corner.

    Ink lies to one side of each line, so outer lines and holes turn opposite ways.

    Args:
        grey: (side, side) uint8, ink at 255.
        weight: in thousandths, as in `medici.studio.icons.finish`.

    Returns:
        one (k, 2) array of x and y a line.
    """
    matrix = spline(len(grey), _FINE) / (48 * _FINE**3)
    field = matrix @ grey.astype(np.float64) @ matrix.T - level(weight) / 2
    # The border is outside: lines close where the ink is cut off by the picture's edge.
    field = np.pad(field, 1, constant_values=-127.5)
    lines = [(line - 0.5) / _FINE for line in contours.level_lines(field)]
    return [line for line in lines if abs(contours.area(line)) >= _LEAST_AREA]


def path_of(grey: Grey, weight: int = 0) -> str:
    """The outline of a grey icon as SVG path data, even-odd, 16 units a native pixel."""
    lines = level_lines(grey, weight)
    return path_data([outline(line, _DRAWING) for line in lines], _UNIT, _DIGITS)


def svg(grey: Grey, style: Style, seed: int) -> bytes:
    """A standalone SVG: one path in one colour, and a ground if there is one."""
    side = len(grey) * _UNIT
    shown = len(grey) * style.scale
    ground = (
        "" if style.ground == "transparent" else f'<path fill="{style.ground}" d="{_all(side)}"/>'
    )
    d = path_of(grey, style.weight)
    ink = f'<path fill="{style.ink}" fill-rule="evenodd" d="{d}"/>' if d else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{shown}" height="{shown}" '
        f'viewBox="0 0 {side} {side}" role="img"><title>Icon {seed}</title>{ground}{ink}</svg>\n'
    ).encode()


def drawable(grey: Grey, style: Style) -> bytes:
    """An Android vector drawable with the same paths."""
    side = len(grey) * _UNIT
    paths = []
    if style.ground != "transparent":
        paths.append(f'<path android:fillColor="{style.ground}" android:pathData="{_all(side)}"/>')
    if d := path_of(grey, style.weight):
        paths.append(
            f'<path android:fillColor="{style.ink}" android:fillType="evenOdd" '
            f'android:pathData="{d}"/>'
        )
    return (
        '<vector xmlns:android="http://schemas.android.com/apk/res/android" '
        f'android:width="24dp" android:height="24dp" android:viewportWidth="{side}" '
        f'android:viewportHeight="{side}">{"".join(paths)}</vector>\n'
    ).encode()


def _all(side: int) -> str:
    return f"M0 0H{side}V{side}H0Z"


def ico(grey: Grey, style: Style) -> bytes:
    """A Windows icon file with 32, 64, 128 and 256 pixels, each drawn for its size."""
    from PIL import Image

    ground = None if style.ground == "transparent" else colour_bytes(style.ground)
    pages = [
        Image.fromarray(paint(coverage(grey, s, style.weight), colour_bytes(style.ink), ground))
        for s in _ICO_SCALES
    ]
    out = io.BytesIO()
    sizes = [page.size for page in pages]
    pages[-1].save(out, "ICO", sizes=sizes, append_images=pages[:-1])
    return out.getvalue()


def rasterise(path: Path, side: int) -> bytes:
    """An SVG file as a PNG of `side` pixels.

    Raises:
        BadData: it cannot be drawn; the message names the file.
        MissingPart: resvg is not installed.
    """
    from medici.studio.data.picture import Reading, Unusable
    from medici.studio.data.svg import rasterise as draw

    try:
        return draw(path.read_bytes(), Reading(side=side, crop="pad"))
    except Unusable as error:
        raise BadData(f"{path} {error.words}", error.hint) from error

"""SVG as pictures, by resvg: one static renderer without scripts, network or fonts of the machine.

resvg (Rust, ``resvg-py``) was chosen over CairoSVG: it draws the same pixels on every platform,
since nothing of the system takes part, and it is the renderer of our default data set.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from medici.errors import MissingPart
from medici.studio.data.picture import Reading, Unusable

SUFFIX = ".svg"
_LARGEST = 8 << 20
_LONGEST = 64
_ROOT = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_BOX = re.compile(r"\bviewBox\s*=\s*[\"']([^\"']*)[\"']")
_LENGTH = {
    name: re.compile(rf"[\s\"']{name}\s*=\s*[\"']\s*([0-9.eE+-]+)(?:px)?\s*[\"']")
    for name in ("width", "height")
}
_OUTSIDE = re.compile(
    r"<(?:\w+:)?(?:image|feImage|use)\b[^>]*?href\s*=\s*[\"']\s*(?!data:|#|[\"'])", re.S
)
_WORDS = re.compile(r"<(?:\w+:)?text\b")
_DEEPEST = 200  # elements in each other; drawings have a handful


def rasterise(data: bytes, how: Reading) -> bytes:
    """Draw an SVG so large that the sample needs no further scaling.

    Returns:
        a PNG.

    Raises:
        Unusable: no SVG, one that shows words or files from elsewhere, or far too long.
        MissingPart: resvg is not installed.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise MissingPart(
            "reading SVG needs resvg, which is not installed", "pip install 'medici[data]'"
        ) from error
    if not data:
        raise Unusable("empty", "is empty", "remove it or replace it")
    if len(data) > _LARGEST:
        raise Unusable("too-large", f"is an SVG of more than {_LARGEST >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable("unreadable", f"is not UTF-8: {error.reason}") from error
    if _WORDS.search(text):
        # Without the machine's fonts they would vanish; with them no two machines draw the same.
        raise Unusable("svg-text", "holds text", "turn the text into paths")
    if _OUTSIDE.search(text):
        raise Unusable("svg-link", "shows another file", "embed that picture, or draw it")
    wide, high = _shape(text)
    refuse_deep(text)
    longest = max(wide, high) / min(wide, high)
    if longest > _LONGEST:
        raise Unusable("not-square", f"is {longest:.0f} times as long as wide", "crop it")
    # The side that decides: the longer when the rest is padded, else the shorter.
    by_width = (wide >= high) == (how.crop == "pad")
    try:
        return resvg_py.svg_to_bytes(
            svg_string=text,
            skip_system_fonts=True,
            width=how.side if by_width else None,
            height=None if by_width else how.side,
        )
    except ValueError as error:
        raise Unusable("unreadable", f"cannot be drawn: {error}") from error


def refuse_deep(text: str | bytes) -> None:
    """Refuse elements that stand in each other too deep, those that entities make as well.

    resvg recurses, and a stack that overflows ends the whole process.

    Raises:
        Unusable: too deep, or no XML.
    """
    depth = 0

    def start(_: str, __: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise Unusable("too-deep", f"nests more than {_DEEPEST} elements", "flatten its groups")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise Unusable("unreadable", f"cannot be drawn: {error}") from error


def _shape(text: str) -> tuple[float, float]:
    """Width and height in the picture's own units; square when it does not say."""
    root = _ROOT.search(text)
    if root is None:
        raise Unusable("unreadable", "holds no <svg> element")
    found = [_LENGTH[name].search(root[0]) for name in ("width", "height")]
    box = _BOX.search(root[0])
    try:
        if all(found):
            wide, high = (float(m[1]) for m in found if m)
        elif box:
            wide, high = (float(v) for v in re.split(r"[\s,]+", box[1].strip())[2:4])
        else:
            wide = high = 1.0
    except ValueError as error:
        raise Unusable("unreadable", "has a size that is no number") from error
    if not (0 < wide < float("inf") and 0 < high < float("inf")):
        raise Unusable("unreadable", "has no size")
    return wide, high

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
# What may be embedded; resvg looks for SVG in what is called text, too.
_RASTER = re.compile(r"data:image/(?:png|jpe?g|gif|webp)[;,]", re.IGNORECASE)
_REFERENCE = re.compile(r"url\(\s*[\"']?\s*#([^\"')\s]+)")
_DRAWING = frozenset({"image", "feImage", "use"})
_GRADIENTS = frozenset({"linearGradient", "radialGradient"})
_WORDS = re.compile(r"<(?:\w+:)?text\b")
_DEEPEST = 200  # elements in each other; drawings have a handful, resvg ends at a few hundred


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
    wide, high = _shape(text)
    refuse_harm(text)
    longest = max(wide, high) / min(wide, high)
    if longest > _LONGEST:
        raise Unusable("too-long", f"is {longest:.0f} times as long as wide", "crop it")
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


def refuse_harm(text: str | bytes) -> None:
    """Refuse what draws files, other SVG, or elements that stand in each other too deep.

    resvg recurses, and a stack that overflows ends the whole process. Elements that refer to others
    (``use``, patterns, masks, markers …) are drawn with them inside, and count like them; so do
    those that entities make.

    Raises:
        Unusable: it does, or is no XML.
    """
    found = _Elements()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = found.start, found.end
    parser.CharacterDataHandler = found.words
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise Unusable("unreadable", f"cannot be drawn: {error}") from error
    found.check_references()


class _Elements:
    """Which elements stand in each other, and which refer to others, gathered while parsing."""

    def __init__(self) -> None:
        self._open: list[tuple[str, int]] = [("", 0)]  # elements that can be referred to, depths
        self._named: list[bool] = []  # of each open element, whether it is one of them
        self._inside: dict[str, dict[str, int]] = {"": {}}  # … and what they draw: levels down
        self._height: dict[str, int] = {"": 0}  # … and how many levels they have of their own
        self._sheet: set[str] = set()  # what style sheets refer to
        self._in_sheet = False
        self._gradients: set[str] = set()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        depth = len(self._named) + 1
        if depth > _DEEPEST:
            raise _too_deep()
        kind = tag.rpartition(":")[2]
        name = attributes.get("id", "")
        self._height[self._open[-1][0]] = max(
            self._height[self._open[-1][0]], depth - self._open[-1][1]
        )
        if name:
            self._refer(name, depth)
            self._open.append((name, depth))
            self._inside.setdefault(name, {})
            self._height.setdefault(name, 0)
            if kind in _GRADIENTS:
                self._gradients.add(name)
        self._named.append(bool(name))
        self._in_sheet = kind == "style"
        for key, value in attributes.items():
            if key.rpartition(":")[2] == "href" and kind in _DRAWING:
                self._link(value.strip(), depth)
            for target in _REFERENCE.findall(value):
                self._refer(target, depth)

    def end(self, _: str) -> None:
        """An element ends."""
        self._in_sheet = False
        if self._named.pop():
            self._open.pop()

    def words(self, text: str) -> None:
        """Text of an element."""
        if self._in_sheet:
            self._sheet.update(_REFERENCE.findall(text))

    def _link(self, target: str, depth: int) -> None:
        if target.startswith("#"):
            self._refer(target[1:], depth)
        elif target.lower().startswith("data:") and not _RASTER.match(target):
            raise Unusable("svg-link", "embeds another SVG", "draw it in place, or embed a PNG")
        elif target and not _RASTER.match(target):
            raise Unusable("svg-link", "shows another file", "embed that picture, or draw it")

    def _refer(self, target: str, depth: int) -> None:
        name, at = self._open[-1]
        self._inside[name][target] = max(self._inside[name].get(target, 0), depth - at)

    def check_references(self) -> None:
        """Refuse what is too deep once everything that is referred to stands in its place.

        Raises:
            Unusable: it is, or something refers to itself.
        """
        deep: dict[str, int] = {}
        # A style sheet may put what it refers to into any element: each of them once on the way.
        for name in ("", *self._sheet - self._gradients):
            if name in self._inside:
                self._measure(name, deep)
        levels = sum(deep.get(name, 0) for name in ("", *self._sheet - self._gradients))
        if levels > _DEEPEST:
            raise _too_deep()

    def _measure(self, first: str, deep: dict[str, int]) -> None:
        """Levels of an element with all that it refers to, without recursion of our own."""
        way = {first: iter(self._inside[first])}
        while way:
            name = next(reversed(way))
            ahead = next((k for k in way[name] if k in self._inside and k not in deep), None)
            if ahead is None:
                del way[name]
                below = (n + deep[k] for k, n in self._inside[name].items() if k in deep)
                deep[name] = max(self._height[name], *below, 0)
            elif ahead in way:
                raise Unusable("too-deep", f"has an element that draws itself: {ahead[:40]!r}")
            else:
                way[ahead] = iter(self._inside[ahead])
            if len(way) > _DEEPEST:
                raise _too_deep()


def _too_deep() -> Unusable:
    return Unusable("too-deep", f"nests more than {_DEEPEST} elements", "flatten its groups")


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

"""Looking at a data set: what is in it, in numbers and on a contact sheet."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import picture_digest
from medici.studio.data.manifest import CREDITS, NOT_STATED, credited
from medici.studio.data.parts import LOOKED_AT, Part, parts
from medici.studio.data.picture import by_area
from medici.studio.data.similar import Looks, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_COLOURS_OF = 1000  # pictures whose colours are counted
_COMMONEST = 12
_EXAMPLES = 20
_SHEET = 160
_COLUMNS = 16
_THUMB = 96


def inspect(folder: Path, sheet: Path | None = None) -> dict[str, Any]:
    """Everything that can be told of a set without training on it.

    Args:
        folder: a set, shards, splits below it, or loose pictures.
        sheet: where a contact sheet is written.

    Returns:
        plain JSON; a part a split.

    Raises:
        BadData: nothing to look at.
    """
    found = parts(folder)
    told = [_look(part) for part in found]
    if sheet is not None:
        _save_sheet(found, sheet)
    return {
        "folder": str(folder.absolute()),
        "count": sum(t["count"] for t in told),
        "parts": told,
        "sheet": str(sheet.absolute()) if sheet is not None else None,
    }


def _look(part: Part) -> dict[str, Any]:
    look = _Look()
    looks = Looks.of(look.through(part))
    near = list(pairs(looks))
    stated, attributes = _stated(part)
    return {
        "name": part.name,
        "folder": str(part.folder),
        "count": part.count,
        "looked_at": len(look.names),
        "side": part.side,
        "root": part.manifest.get("root") if part.manifest else None,
        "missing": part.missing(),
        "sizes": dict(part.sizes.most_common(_COMMONEST)),
        "bad": list(part.bad),
        "colours": look.colours(),
        "transparency": look.transparency(),
        "copies": [group[:_EXAMPLES] for group in look.copies()],
        "similar": {
            "pairs": len(near),
            "examples": [
                {"files": [look.names[i], look.names[j]], "by": by} for i, j, by in near[:_EXAMPLES]
            ],
            "too_flat_for_pdq": looks.flat,
        },
        **stated,
        "attributes": attributes,
    }


class _Look:
    """What is counted while the pictures of one part go by."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._digests: defaultdict[str, list[str]] = defaultdict(list)
        self._clear: list[float] = []
        self._colours: Counter[int] = Counter()
        self._each: list[int] = []

    def through(self, part: Part) -> Iterator[NDArray[np.uint8]]:
        """The pixels of a part, counted in passing."""
        for names, pixels in part.chunks():
            for name, picture in zip(names, pixels, strict=True):
                self._digests[picture_digest(picture)].append(name)
                self._clear.append(float((picture[..., 3] == 0).mean()))
                if len(self._each) < _COLOURS_OF:
                    self._count(picture)
            self.names += names
            yield pixels

    def _count(self, picture: NDArray[np.uint8]) -> None:
        opaque = picture[picture[..., 3] > 0].astype(np.int64)
        codes, counts = np.unique(
            opaque[:, 0] << 16 | opaque[:, 1] << 8 | opaque[:, 2], return_counts=True
        )
        self._each.append(len(codes))
        self._colours.update(dict(zip(codes.tolist(), counts.tolist(), strict=True)))

    def copies(self) -> list[list[str]]:
        """Names of pictures that are the same to the pixel, a list each."""
        return [group for group in self._digests.values() if len(group) > 1]

    def transparency(self) -> dict[str, float]:
        """Shares of the pictures with transparent pixels, and of such pixels."""
        clear = np.array(self._clear or [0.0])
        return {
            "pictures": round(float((clear > 0).mean()), 4),
            "area": round(float(clear.mean()), 4),
        }

    def colours(self) -> dict[str, Any]:
        """How many colours there are, a picture and in all, and which are the commonest."""
        total = sum(self._colours.values()) or 1
        top = sorted(self._colours.items(), key=lambda c: (-c[1], c[0]))[:_COMMONEST]
        return {
            "of_pictures": len(self._each),
            "distinct": len(self._colours),
            "a_picture": float(np.median(self._each)) if self._each else 0.0,
            "commonest": [[f"#{code:06x}", round(n / total, 4)] for code, n in top],
        }


def _stated(part: Part) -> tuple[dict[str, dict[str, int]], dict[str, Any]]:
    """Counts of licences, authors, owners and consents, and of the values of each attribute."""
    counts: dict[str, Counter[str]] = {key: Counter() for key in CREDITS}
    attributes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sample in part.samples():
        said = credited(sample, part.source)
        for key in CREDITS:
            counts[key][said.get(key, NOT_STATED)] += 1
        for key, value in sample.get("attributes", {}).items():
            attributes[key][str(value)] += 1
    return (
        {f"{key}s": _top(counts[key]) for key in CREDITS},
        {
            key: {"values": len(values), "commonest": _top(values)}
            for key, values in sorted(attributes.items())
        },
    )


def _top(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda c: (-c[1], c[0]))[:_COMMONEST])


def _save_sheet(found: list[Part], path: Path) -> None:
    """At most 160 pictures, evenly from all parts, on one page."""
    from medici.studio.making.sheet import save_sheet

    side = min(_THUMB, max(part.side for part in found))
    shown = []
    each = -(-_SHEET // len(found))
    for part in found:
        for _, pixels in part.chunks(each):
            shown += [_thumb(picture, side) for picture in pixels]
    shown = shown[:_SHEET]
    columns = min(_COLUMNS, len(shown))
    if not columns:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    save_sheet(np.stack(shown), path, columns=columns, scale=max(1, _THUMB // side))


def _thumb(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """At the side of the sheet: enlarged by nearest pixel, reduced by area, with hard alpha."""
    if len(picture) > side:
        picture = by_area(picture, side)
        picture[..., 3] = np.where(picture[..., 3] >= 128, 255, 0)
    elif len(picture) < side:
        chosen = np.arange(side) * len(picture) // side
        picture = picture[chosen][:, chosen]
    return picture


def lines(said: Mapping[str, Any]) -> Iterator[str]:
    """The answer of `inspect` for people."""
    for part in said["parts"]:
        name = part["name"] or part["folder"]
        some = "" if part["looked_at"] >= part["count"] else f", {part['looked_at']} looked at"
        yield f"{name}: {part['count']} pictures{some}"
        if part["root"]:
            yield f"  root        {part['root']}"
        if part["missing"]:
            yield (
                f"  missing     {len(part['missing'])} pictures that the manifest names, "
                f"{part['missing'][0]} for one; the root is of the whole set"
            )
        yield f"  sizes       {_listed(part['sizes'])}"
        colours = part["colours"]
        yield (
            f"  colours     {colours['a_picture']:.0f} a picture, {colours['distinct']} in "
            f"{colours['of_pictures']}: " + " ".join(c for c, _ in colours["commonest"])
        )
        clear, area = part["transparency"]["pictures"], part["transparency"]["area"]
        yield f"  transparent {clear:.0%} of the pictures, {area:.0%} of the area"
        similar = part["similar"]
        yield (
            f"  copies      {len(part['copies'])} exact groups, {similar['pairs']} near pairs; "
            f"{similar['too_flat_for_pdq']} pictures are too flat for PDQ"
        )
        for key in CREDITS:
            yield f"  {key:<11} {_listed(part[key + 's'])}"
        for key, values in part["attributes"].items():
            yield f"  {key}: {values['values']} values, {_listed(values['commonest'])}"
        for entry in part["bad"][:_EXAMPLES]:
            yield f"  {entry['message']}"
    if said["sheet"]:
        yield f"contact sheet in {said['sheet']}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({n})" for name, n in counts.items())


__all__ = ["LOOKED_AT", "inspect", "lines"]

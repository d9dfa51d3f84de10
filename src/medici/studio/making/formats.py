"""The formats of a campaign: sizes that platforms and printers ask for, with their safe areas."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medici.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCREEN = 0.75  # points a CSS pixel
_PRINT = 72 / 300  # points a pixel at 300 dots an inch


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Attributes:
        name: as it is asked for, and the name of the files.
        width, height: of the finished piece, in pixels.
        safe: top, right, bottom, left: pixels in which no words may stand, since they are cropped,
            trimmed or covered by the platform's own buttons.
        points: PDF points a pixel.
        bleed: pixels that pictures and grounds run over the edge, for the printer to cut.
        words_right: the words' side of a wide format.
        what: where it is used.
    """

    name: str
    width: int
    height: int
    safe: tuple[int, int, int, int]
    what: str
    points: float = _SCREEN
    bleed: int = 0
    words_right: bool = False

    @property
    def ratio(self) -> float:
        """Width over height."""
        return self.width / self.height

    @property
    def short(self) -> int:
        """The shorter side, by which type and margins are sized."""
        return min(self.width, self.height)


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("square", 1080, 1080, (64, 64, 64, 64), "post on Instagram and elsewhere"),
        Format("portrait", 1080, 1350, (64, 64, 64, 64), "upright post on Instagram"),
        Format("story", 1080, 1920, (250, 64, 340, 64), "story or reel, buttons above and below"),
        Format("opengraph", 1200, 630, (56, 56, 56, 56), "preview of a link"),
        Format(
            "banner",
            1500,
            500,
            (48, 56, 48, 420),
            "profile header; the account's picture covers its lower left",
            words_right=True,
        ),
        Format("poster-a4", 2480, 3508, (150, 150, 150, 150), "A4, 300 dpi", _PRINT, 36),
        Format("postcard-a6", 1748, 1240, (106, 106, 106, 106), "A6, 300 dpi", _PRINT, 36),
    )
}
ICONS = "icons"
ICON_SIDES = (16, 32, 48, 180, 192, 512)
"""Sides that browsers and phones ask for; 180 is Apple's, 192 and 512 are a web app manifest's."""


def chosen(names: Sequence[str]) -> list[str]:
    """Names of formats, checked; none means all, icons included.

    Raises:
        WrongUse: there is no such format.
    """
    known = [*FORMATS, ICONS]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else "known: " + ", ".join(known)
            raise WrongUse(f"no format is called {name!r}", hint)
    return list(dict.fromkeys(names)) or known

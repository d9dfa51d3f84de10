"""The picture of a work: a piano roll of four ribbons, drawn in whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.studio.music.score import REST, VOICES, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Canvas = NDArray[np.int32]

WIDTH, HEIGHT = 1280, 800
_MARGIN_X, _MARGIN_Y = 56, 64
_GROUND = ((22, 19, 33), (38, 28, 48))
_LINE = (150, 136, 164)
_INKS = ((247, 190, 92), (236, 104, 92), (86, 186, 168), (104, 138, 246))
_FERMATA = (250, 232, 200)
# Distances are in sixteenths of a pixel.
_UNIT = 16
# Back to front: the bass lies under the others.
_LAYERS = (3, 2, 1, 0)
_LEAST_PITCHES = 30


def draw(score: Score, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A piano roll: time to the right, pitch upwards, one colour a voice.

    Args:
        score: the music.
        width: of the picture in pixels.
        height: of the picture in pixels.

    Returns:
        (height, width, 4) uint8, opaque.
    """
    page = _Page(score, width, height)
    page.ground()
    for voice in _LAYERS:
        page.ribbon(voice, glow=True)
    for voice in _LAYERS:
        page.ribbon(voice, glow=False)
    out = np.full((height, width, 4), 255, np.uint8)
    out[..., :3] = page.canvas
    return out


class _Page:
    def __init__(self, score: Score, width: int, height: int) -> None:
        self.score, self.width, self.height = score, width, height
        self.canvas = np.zeros((height, width, 3), np.int32)
        sounding = score.pitches[score.pitches != REST]
        low, high = (int(sounding.min()), int(sounding.max())) if sounding.size else (48, 72)
        spare = max(_LEAST_PITCHES - (high - low), 4)
        self.low, self.high = low - spare // 2, high + (spare + 1) // 2
        self.left = _MARGIN_X * width // WIDTH
        self.top = _MARGIN_Y * height // HEIGHT

    def x(self, step: int) -> int:
        """Sixteenths of a pixel from the left edge."""
        inner = (self.width - 2 * self.left) * _UNIT
        return self.left * _UNIT + step * inner // len(self.score)

    def y(self, pitch: int) -> int:
        """Sixteenths of a pixel from the top."""
        inner = (self.height - 2 * self.top) * _UNIT
        return self.top * _UNIT + (self.high - pitch) * inner // (self.high - self.low)

    def ground(self) -> None:
        """Dusk from top to bottom, bar lines, octaves, a glow under each fermata."""
        where = np.arange(self.height)[:, None, None]
        top, bottom = (np.array(colour) for colour in _GROUND)
        self.canvas[:] = top + (bottom - top) * where // max(self.height - 1, 1)
        score = self.score
        for pitch in range(self.low, self.high + 1):
            if pitch % 12 == 0:
                self._stroke(self.left * _UNIT, self.x(len(score)), self.y(pitch), 10, 26)
        for step in range(score.upbeat % score.bar, len(score) + 1, score.bar):
            self._post(self.x(step), 10, 44, _LINE)
        begins = 0
        for step in range(1, len(score) + 1):
            ends = step == len(score) or not score.fermata[step]
            if score.fermata[step - 1] and ends:
                self._post((self.x(begins) + self.x(step)) // 2, self.x(step) - self.x(begins), 13)
            if step < len(score) and score.fermata[step] and not score.fermata[step - 1]:
                begins = step

    def _post(
        self, x: int, wide: int, strength: int, colour: tuple[int, int, int] = _FERMATA
    ) -> None:
        first = max((x - wide // 2) // _UNIT - 1, 0)
        last = min((x + wide // 2) // _UNIT + 2, self.width)
        edge = np.abs(np.arange(first, last) * _UNIT + _UNIT // 2 - x)
        cover = np.clip(wide // 2 - edge + _UNIT // 2, 0, _UNIT) * strength // _UNIT
        rows = slice(self.top // 2, self.height - self.top // 2)
        self._blend((rows, slice(first, last)), cover[None, :], colour)

    def _stroke(self, left: int, right: int, y: int, wide: int, strength: int) -> None:
        first, last = max(y // _UNIT - 2, 0), min(y // _UNIT + 3, self.height)
        edge = np.abs(np.arange(first, last) * _UNIT + _UNIT // 2 - y)
        cover = np.clip(wide // 2 - edge + _UNIT // 2, 0, _UNIT) * strength // _UNIT
        columns = slice(left // _UNIT, right // _UNIT)
        self._blend((slice(first, last), columns), cover[:, None], _LINE)

    def ribbon(self, voice: int, *, glow: bool) -> None:
        """Notes of a voice as rounded bars, joined where one follows another."""
        thick = max(
            (self.y(self.low) - self.y(self.low + 1)) * 7 // 8, 6 * _UNIT * self.height // HEIGHT
        )
        notes = self.score.notes(voice)
        gap = min(5 * _UNIT * self.width // WIDTH, (self.x(1) - self.x(0)) // 3)
        for i, (first, steps, pitch) in enumerate(notes):
            left, right = self.x(first) + gap // 2, self.x(first + steps) - gap // 2
            y = self.y(pitch)
            radius = thick // 2
            ends = ((left + radius, y), (max(right - radius, left + radius), y))
            if glow:
                self._bar(*ends, radius + thick // 2, 34, _INKS[voice], soft=thick)
                continue
            if i + 1 < len(notes) and notes[i + 1][0] == first + steps and notes[i + 1][2] != pitch:
                after = (self.x(first + steps) + gap // 2 + radius, self.y(notes[i + 1][2]))
                self._bar(ends[1], after, max(radius // 4, _UNIT), 105, _INKS[voice])
            held = self.score.fermata[first + steps - 1]
            self._bar(*ends, radius, 255 if held else 232, _INKS[voice])

    def _bar(
        self,
        a: tuple[int, int],
        b: tuple[int, int],
        radius: int,
        strength: int,
        colour: tuple[int, int, int],
        soft: int = _UNIT,
    ) -> None:
        """Everything within a radius of a line from a to b."""
        reach = radius + soft
        x0 = max((min(a[0], b[0]) - reach) // _UNIT, 0)
        x1 = min((max(a[0], b[0]) + reach) // _UNIT + 1, self.width)
        y0 = max((min(a[1], b[1]) - reach) // _UNIT, 0)
        y1 = min((max(a[1], b[1]) + reach) // _UNIT + 1, self.height)
        if x0 >= x1 or y0 >= y1:
            return
        px = (np.arange(x0, x1, dtype=np.int64) * _UNIT + _UNIT // 2 - a[0])[None, :]
        py = (np.arange(y0, y1, dtype=np.int64) * _UNIT + _UNIT // 2 - a[1])[:, None]
        dx, dy = b[0] - a[0], b[1] - a[1]
        length = max(dx * dx + dy * dy, 1)
        along = np.clip(px * dx + py * dy, 0, length)
        off_x, off_y = px - along * dx // length, py - along * dy // length
        # The square root of IEEE 754 is correctly rounded: the same everywhere.
        off = np.sqrt((off_x * off_x + off_y * off_y).astype(np.float64)).astype(np.int64)
        cover = np.clip((radius - off) + soft // 2, 0, soft) * strength // soft
        self._blend((slice(y0, y1), slice(x0, x1)), cover, colour)

    def _blend(
        self,
        where: tuple[slice, slice],
        cover: NDArray[np.int64],
        colour: tuple[int, int, int],
    ) -> None:
        under = self.canvas[where]
        under += (np.array(colour) - under) * cover[..., None].astype(np.int32) // 255


def legend() -> dict[str, tuple[int, int, int]]:
    """Which colour a voice has."""
    return dict(zip(VOICES, _INKS, strict=True))

"""Grids that show what a parameter does: seeds down the page, its values across."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import WrongUse
from medici.studio.making.colours import rgb
from medici.studio.making.sheet import PAPER
from medici.studio.making.upscale import LARGEST_SIDE
from medici.studio.pictures.finish import ground_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from PIL.ImageFont import FreeTypeFont

    from medici.records import Rendering
    from medici.studio.families import Generator

FONTS = Path(__file__).parent / "fonts"
_INK = "#1d1a26"
_CELL, _CROP = 96, 256  # pixels


def cell(model: Generator, seed: int) -> dict[str, int]:
    """The style under which a model's works fit into a grid: about 96 pixels, or 256 of texture.

    Args:
        model: whose works are shown.
        seed: of one of them.
    """
    if model.record.family == "textures":
        return {"width": _CROP, "height": _CROP}
    if "scale" not in model.keys:
        return {}
    shown = model.sample(seed, {"scale": 1}).pixels
    return {"scale": max(1, _CELL // max(shown.shape[:2]))}


@dataclass(frozen=True, slots=True)
class Grid:
    """Works in rows and columns, each with what stands beside and above it.

    Attributes:
        cells: rows of works; all rows are as long.
        rows, columns: labels; empty ones are not drawn.
        title: what is shown, for the page's head.
    """

    cells: tuple[tuple[Rendering, ...], ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    title: str = ""

    def page(self, gap: int = 4, label: int | None = None, paper: str = PAPER) -> NDArray[np.uint8]:
        """The grid as a page, works at the size they have.

        Args:
            gap: pixels of paper between works.
            label: height of the letters in pixels; 0 leaves all words away; by default it goes
                by the size of the works.
            paper: colour of the page.

        Returns:
            (h, w, 3) uint8.

        Raises:
            WrongUse: works of different sizes, or a page over 16,384 pixels a side.
        """
        from PIL import Image, ImageDraw

        shapes = {work.pixels.shape for row in self.cells for work in row}
        if len(shapes) != 1:
            raise WrongUse("works of different sizes do not make a grid", "keep scale the same")
        h, w, _ = shapes.pop()
        label = max(18, h // 20) if label is None else label
        font = _font(label)
        bold = _font(label * 3 // 2, "Bold")
        left = top = 2 * label
        if label and any(self.rows):
            left += round(max(font.getlength(text) for text in self.rows)) + label
        if label and any(self.columns):
            top += 2 * label
        if label and self.title:
            top += 3 * label
        width = left + len(self.cells[0]) * (w + gap) - gap + 2 * label
        height = top + len(self.cells) * (h + gap) - gap + 2 * label
        if max(width, height) > LARGEST_SIDE:
            raise WrongUse(f"the page would be {width}×{height} pixels", "a smaller style scale")
        page = np.empty((height, width, 3), np.uint8)
        page[:] = rgb(paper)
        for y, row in enumerate(self.cells):
            shown = ground_for(np.stack([work.pixels for work in row]), seed=3)
            for x, picture in enumerate(shown):
                cy, cx = top + y * (h + gap), left + x * (w + gap)
                page[cy : cy + h, cx : cx + w] = picture
        if not label:
            return page
        canvas = Image.fromarray(page)
        draw = ImageDraw.Draw(canvas)
        if self.title:
            draw.text((left, 2 * label), self.title, _INK, bold, anchor="lt")
        for x, text in enumerate(self.columns):
            place = (left + x * (w + gap) + w / 2, top - label)
            draw.text(place, _short(text, font, w), _INK, font, anchor="ms")
        for y, text in enumerate(self.rows):
            draw.text((left - label, top + y * (h + gap) + h / 2), text, _INK, font, anchor="rm")
        return np.asarray(canvas)


def _font(size: int, weight: str = "Regular") -> FreeTypeFont:
    from PIL import ImageFont

    # The basic layout engine is in every Pillow; the other one depends on the machine.
    return ImageFont.truetype(
        FONTS / f"SpaceGrotesk-{weight}.ttf", max(size, 1), layout_engine=ImageFont.Layout.BASIC
    )


def _short(text: str, font: FreeTypeFont, width: int) -> str:
    while len(text) > 1 and font.getlength(text) > width:
        text = text[:-2] + "…"
    return text


def works(
    generator: Generator, seeds: Sequence[int], columns: int, style: Mapping[str, Any] | None = None
) -> Grid:
    """Works of many seeds, read like a book; a row is named by its first seed.

    Raises:
        BadStyle: the style cannot be used.
    """
    made = generator.sample_many(list(seeds), style)
    columns = min(columns, len(made))
    full = [made[i : i + columns] for i in range(0, len(made) - columns + 1, columns)]
    starts = [str(row[0].seed) for row in full]
    return Grid(tuple(map(tuple, full)), tuple(starts), (), generator.record.name)


def interpolation(
    generator: Generator,
    pairs: Sequence[tuple[int, int]],
    steps: int = 7,
    style: Mapping[str, Any] | None = None,
) -> Grid:
    """Each row goes from one seed to another in equal steps, by the style key ``blend``.

    Raises:
        WrongUse: the model cannot blend, or fewer than two steps.
    """
    needs(generator, "blend", "interpolate")
    if steps < 2:
        raise WrongUse("an interpolation has at least two steps")
    amounts = [round(1000 * i / (steps - 1)) / 1000 for i in range(steps)]
    rows = []
    for start, end in pairs:
        blends = [{"seed": end, "amount": amount} for amount in amounts]
        rows.append(
            tuple(generator.sample(start, {**(style or {}), "blend": blend}) for blend in blends)
        )
    labels = tuple(f"{start} → {end}" for start, end in pairs)
    return Grid(tuple(rows), labels, tuple(f"{a:g}" for a in amounts), "Interpolation")


def mixing(
    generator: Generator,
    drawings: Sequence[int],
    colours: Sequence[int],
    style: Mapping[str, Any] | None = None,
) -> Grid:
    """The drawing of each row's seed in the colours of each column's, by ``colours_from``.

    Raises:
        WrongUse: the model does not hold drawing and colours apart.
    """
    needs(generator, "colours_from", "mix drawing and colours")
    columns = [
        generator.sample_many(list(drawings), {**(style or {}), "colours_from": seed})
        for seed in colours
    ]
    return Grid(
        tuple(zip(*columns, strict=True)),
        tuple(f"drawing {seed}" for seed in drawings),
        tuple(f"colours {seed}" for seed in colours),
        "Drawing × colours",
    )


def sweep(
    generator: Generator,
    seeds: Sequence[int],
    key: str,
    values: Sequence[Any],
    style: Mapping[str, Any] | None = None,
) -> Grid:
    """Any one style key across the page; ``psi`` gives the truncation grid.

    Raises:
        WrongUse: the model knows no such key.
        BadStyle: it cannot take one of the values.
    """
    needs(generator, key, f"be steered by {key}")
    columns = [
        generator.sample_many(list(seeds), {**(style or {}), key: value}) for value in values
    ]
    return Grid(
        tuple(zip(*columns, strict=True)),
        tuple(str(seed) for seed in seeds),
        tuple(f"{key} {_word(value)}" for value in values),
        "Truncation" if key == "psi" else key.capitalize(),
    )


def along(
    generator: Generator,
    seeds: Sequence[int],
    direction: str,
    amounts: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0),
    style: Mapping[str, Any] | None = None,
) -> Grid:
    """Each seed's work moved along a named direction, by the style key ``directions``.

    Raises:
        WrongUse: the model has no directions.
        BadStyle: it has none of that name.
    """
    needs(generator, "directions", "be moved along directions")
    columns = [
        generator.sample_many(list(seeds), {**(style or {}), "directions": {direction: amount}})
        for amount in amounts
    ]
    return Grid(
        tuple(zip(*columns, strict=True)),
        tuple(str(seed) for seed in seeds),
        tuple(f"{amount:+g}" if amount else "0" for amount in amounts),
        direction.capitalize(),
    )


def needs(generator: Generator, key: str, what: str) -> None:
    """Check that a model understands a style key.

    Raises:
        WrongUse: it does not; the hint lists what it does understand.
    """
    if key not in generator.keys:
        known = ", ".join(generator.keys) or "none"
        raise WrongUse(f"model {generator.record.name} cannot {what}", f"its style keys: {known}")


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return " ".join(f"{key} {_word(inner)}" for key, inner in value.items())
    return str(value)

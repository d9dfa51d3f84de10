"""Edits: a work changed by style where its model can draw the change, else a work derived from it.

A change of style gives seed and style again, so the model's own renderer makes the edited work.
What no style can say (a region from another work, a colour painted over) gives a *derived* work:
its recipe names its parents by content and every step, and replaying it gives the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import content_digest
from medici.errors import WrongUse
from medici.records import Rendering, WorkId
from medici.studio.making.colours import parse_colour, rgb, to_hex
from medici.studio.making.grid import needs
from medici.studio.making.opening import open_pixels
from medici.studio.making.upscale import enlarge, native, native_factor, rectangles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.families import Generator

SCHEMA = "medici/edit/1"
_MOST_STEPS = 64
_MOST_RECTANGLES = 4096


@dataclass(frozen=True, slots=True)
class Edited:
    """An edited work.

    Attributes:
        work: what it looks like.
        exact: whether model, seed and style alone make it again.
        parents: works it derives from; none when exact.
        recipe: schema ``medici/edit/1``: model, seed, style and steps; `replay` follows it.
    """

    work: Rendering
    exact: bool
    parents: tuple[WorkId, ...]
    recipe: Mapping[str, Any]

    @property
    def id(self) -> WorkId:
        """The content digest."""
        return content_digest(self.work)


@dataclass(frozen=True, slots=True)
class Region:
    """Part of a picture, as rectangles in native pixels: (x, y, width, height)."""

    rectangles: tuple[tuple[int, int, int, int], ...]

    @classmethod
    def parse(cls, text: str) -> Region:
        """From ``x,y,width,height``, several parted by ``;``.

        Raises:
            WrongUse: it is none.
        """
        try:
            found = [tuple(int(n) for n in part.split(",")) for part in text.split(";")]
            return cls(tuple((x, y, w, h) for x, y, w, h in found))
        except ValueError:
            raise WrongUse(
                f"{text!r} is no region", "x,y,width,height in native pixels; several by ;"
            ) from None

    @classmethod
    def of_mask(cls, path: Path) -> Region:
        """From a picture of the native size: opaque pixels that are not black belong to it.

        Raises:
            UnreadableFile: the file is no picture.
        """
        pixels = open_pixels(path, "mask")
        inside = (pixels[..., 3] > 127) & (pixels[..., :3].max(-1) > 127)
        flat = np.zeros((*inside.shape, 4), np.uint8)
        flat[inside] = 255
        return cls(tuple((r.x, r.y, r.width, r.height) for r in rectangles(flat)))

    def mask(self, height: int, width: int) -> NDArray[np.bool_]:
        """(height, width) bool.

        Raises:
            WrongUse: it is empty, has too many rectangles, or leaves the picture.
        """
        out = np.zeros((height, width), bool)
        if not 1 <= len(self.rectangles) <= _MOST_RECTANGLES:
            raise WrongUse(f"a region has 1 to {_MOST_RECTANGLES} rectangles")
        for x, y, w, h in self.rectangles:
            if not (0 <= x < x + w <= width and 0 <= y < y + h <= height):
                raise WrongUse(
                    f"region {x},{y},{w},{h} leaves the picture",
                    f"the native picture is {width}×{height}",
                )
            out[y : y + h, x : x + w] = True
        return out


def restyle(
    generator: Generator, seed: int, style: Mapping[str, Any], changes: Mapping[str, Any]
) -> Edited:
    """Change a work by its style: palette, colours of another seed, blend, directions, ground ….

    Args:
        generator: the model.
        seed: the work's.
        style: the work's.
        changes: style keys with new values.

    Raises:
        WrongUse: the model knows no such key.
        BadStyle: a value cannot be used.
    """
    for key in changes:
        needs(generator, key, f"be edited by {key}")
    work = generator.sample(seed, {**style, **changes})
    return Edited(work, True, (), _recipe(generator, work, []))


def replace_region(
    generator: Generator,
    seed: int,
    style: Mapping[str, Any],
    region: Region,
    other: int,
    other_style: Mapping[str, Any] | None = None,
) -> Edited:
    """Take a region from another seed's work.

    Args:
        generator: the model.
        seed: the work's.
        style: the work's.
        region: where.
        other: seed of the work that the region is taken from.
        other_style: its style; the work's own by default, on the work's own ground.

    Returns:
        a derived work with two parents.
    """
    base = generator.sample(seed, style)
    ground = _ground(generator, base)
    donor = generator.sample(other, {**style, **ground, **(other_style or {})})
    step = {
        "take": [list(r) for r in region.rectangles],
        "seed": other,
        "style": dict(donor.style),
        "work": content_digest(donor),
    }
    return replay(generator, _recipe(generator, base, [step]))


def repaint(
    generator: Generator,
    seed: int,
    style: Mapping[str, Any],
    colours: Mapping[str, str],
    region: Region | None = None,
) -> Edited:
    """Paint every pixel of one colour in another, in the whole picture or in a region.

    Returns:
        a derived work with one parent.

    Raises:
        WrongUse: the work has no such colour there.
    """
    base = generator.sample(seed, style)
    step: dict[str, Any] = {
        "repaint": {parse_colour(old): parse_colour(new) for old, new in colours.items()}
    }
    if region:
        step["in"] = [list(r) for r in region.rectangles]
    return replay(generator, _recipe(generator, base, [step]))


def replay(generator: Generator, recipe: Mapping[str, Any]) -> Edited:
    """Follow a recipe: the same recipe gives the same pixels.

    Raises:
        WrongUse: it is no recipe, of another model, or a parent is not what it says.
        BadStyle: a seed or style cannot be used.
    """
    try:
        if recipe["schema"] != SCHEMA or not isinstance(recipe["steps"], list):
            raise WrongUse("this is no recipe of an edit")
        if recipe["model"] != generator.id:
            raise WrongUse(
                f"the recipe is for model {str(recipe['model'])[:16]}, this is {generator.id[:16]}"
            )
        if len(recipe["steps"]) > _MOST_STEPS:
            raise WrongUse(f"a recipe has at most {_MOST_STEPS} steps")
        base = _parent(generator, recipe)
        if not recipe["steps"]:
            return Edited(base, True, (), dict(recipe))
        if base.audio is not None or base.text is not None:
            raise WrongUse(f"a work of {base.kind} has no regions and colours to edit")
        factor = int(base.style.get("scale") or native_factor(base.pixels))
        pixels = np.ascontiguousarray(base.pixels[::factor, ::factor])
        parents = [content_digest(base)]
        for step in recipe["steps"]:
            pixels = _follow(generator, step, pixels, factor, parents)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WrongUse(f"this is no recipe of an edit: {error!r}") from error
    out = enlarge(pixels, factor)
    work = Rendering(out, base.seed, dict(base.style), base.kind)
    return Edited(work, False, tuple(dict.fromkeys(parents)), dict(recipe))


def _follow(
    generator: Generator,
    step: Mapping[str, Any],
    pixels: NDArray[np.uint8],
    factor: int,
    parents: list[WorkId],
) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    if "take" in step:
        donor = _parent(generator, step)
        parents.append(content_digest(donor))
        other = donor.pixels[::factor, ::factor]
        if other.shape != pixels.shape:
            raise WrongUse("a region can only be taken from a work of the same size")
        inside = _region(step["take"]).mask(height, width)
        return np.where(inside[..., None], other, pixels)
    everywhere = np.ones((height, width), bool)
    inside = _region(step["in"]).mask(height, width) if "in" in step else everywhere
    out = pixels.copy()
    for old, new in step["repaint"].items():
        found = inside & (pixels == (*rgb(parse_colour(old)), 255)).all(-1)
        if not found.any():
            raise WrongUse(f"the work has no {old} there", "medici edit without changes lists them")
        out[found, :3] = rgb(parse_colour(new))
    return out


def colours_of(work: Rendering) -> list[tuple[str, int]]:
    """Colours of a work with their native pixels, most used first."""
    small = native(work.pixels)
    seen = small[small[..., 3] == 255][:, :3]
    colours, counts = np.unique(seen, axis=0, return_counts=True)
    named = [
        (f"#{r:02x}{g:02x}{b:02x}", int(n))
        for (r, g, b), n in zip(colours.tolist(), counts, strict=True)
    ]
    return sorted(named, key=lambda pair: (-pair[1], pair[0]))


def _parent(generator: Generator, said: Mapping[str, Any]) -> Rendering:
    work = generator.sample(said["seed"], said["style"])
    if content_digest(work) != said["work"]:
        raise WrongUse(
            f"seed {said['seed']} does not make work {str(said['work'])[:16]} here",
            "the recipe was changed, or is for another model",
        )
    return work


def _ground(generator: Generator, base: Rendering) -> dict[str, str]:
    """The ground that a work stands on by itself, as a style; nothing where there is none."""
    if "ground" not in generator.keys or base.style.get("ground", "auto") != "auto":
        return {}
    bare = generator.sample(base.seed, {**base.style, "ground": "transparent"}).pixels
    found = base.pixels[bare[..., 3] == 0]
    return {"ground": to_hex(found[0])} if len(found) else {}


def _recipe(
    generator: Generator, base: Rendering, steps: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "model": generator.id,
        "seed": base.seed,
        "style": dict(base.style),
        "work": content_digest(base),
        "steps": [dict(step) for step in steps],
    }


def _region(said: Sequence[Sequence[int]]) -> Region:
    return Region(tuple((int(x), int(y), int(w), int(h)) for x, y, w, h in said))

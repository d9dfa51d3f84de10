"""A diffusion model that can be sampled: from noise, from words, from a picture."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import MissingPart, WrongUse
from medici.records import Rendering
from medici.studio.checking import check_seed
from medici.studio.diffusion import pixels as in_pixels
from medici.studio.diffusion.latent import Latent
from medici.studio.diffusion.pipelines import open_pipeline
from medici.studio.diffusion.style import KEYS, parse_style
from medici.studio.pictures.finish import enlarge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.records import ModelId, ModelRecord
    from medici.studio.diffusion.style import Style

RENDERER = "float/diffusers"
HARD_ALPHA = 128


class DiffusionModel:
    """A pipeline of `diffusers` as a generator.

    Each picture has a random stream of its own, drawn on the CPU, so a seed gives the same picture
    in every batch and on every device as far as floats allow: `largest_difference` tells how far.

    Args:
        folder: a pipeline folder; it is opened when the first picture is asked for.
        record: the model's record.
    """

    forms: tuple[str, ...] = ()

    def __init__(self, folder: Path, record: ModelRecord) -> None:
        self.folder, self.record = folder, record

    @property
    def id(self) -> ModelId:
        """The model's identity: a digest over its files (`medici.studio.imported.identity`)."""
        return self.record.id

    @cached_property
    def maker(self) -> in_pixels.Pixels | Latent:
        """What draws: a denoiser of pixels, or a whole pipeline."""
        pipeline = open_pipeline(self.folder)
        if in_pixels.fits(pipeline):
            return in_pixels.Pixels(pipeline)
        return Latent(pipeline)

    @property
    def keys(self) -> Mapping[str, str]:
        """Style keys that this model understands, each with a sentence on its values."""
        return {key: KEYS[key] for key in sorted(self.maker.keys)}

    def parse(self, style: Mapping[str, Any] | None) -> Style:
        """Check a style against this model's schema.

        Raises:
            BadStyle: an unknown key or a value out of range.
        """
        return parse_style(style, self.keys)

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        """One work.

        Args:
            seed: 0 to 2^53 - 1.
            style: keys of `keys`; what is left open is the default.

        Returns:
            (h, w, 4) uint8 pixels and the full style they were made under.

        Raises:
            BadStyle: seed or style cannot be used.
            WrongUse: the pipeline's own safety checker withheld the picture.
            MissingPart: there is not memory enough.
        """
        return self.sample_many([seed], style)[0]

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """One work a seed, in order; each equals what `sample` makes of its seed within tolerance.

        Raises:
            BadStyle, WrongUse, MissingPart: see `sample`.
        """
        parsed = self.parse(style)
        told = parsed.as_json(self.keys)
        return [
            Rendering(enlarge(picture, parsed.scale), int(seed), dict(told))
            for seed, picture in zip(seeds, render(self.maker, seeds, parsed), strict=True)
        ]

    def natives(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> NDArray[np.uint8]:
        """The pictures before enlargement: (n, h, w, 4) uint8."""
        return np.stack(render(self.maker, seeds, self.parse(style)))

    def encode(self, path: Path) -> Rendering:
        """The work of this model nearest to a file: DDIM inversion, or through the autoencoder.

        Raises:
            WrongUse: this pipeline offers neither, or the file cannot be read.
        """
        if "image" not in self.keys:
            raise WrongUse(f"{self.record.name} has no way from a picture back to its latents")
        return self.sample(0, {"image": str(path), "strength": 0})

    def export(self, work: Rendering, form: str) -> bytes:
        """No other forms than pictures.

        Raises:
            WrongUse: always.
        """
        raise WrongUse(f"works of {self.record.name} cannot be had as {form!r}", "take the picture")


def render(
    maker: in_pixels.Pixels | Latent, seeds: Sequence[int], style: Style
) -> list[NDArray[np.uint8]]:
    """One picture a seed, (h, w, 4) uint8; where memory is short, one after the other.

    Raises:
        BadStyle: seed or style cannot be used.
        MissingPart: there is not memory for a single picture.
    """
    checked = [check_seed(seed) for seed in seeds]
    out: list[NDArray[np.uint8]] = []
    together = maker.together
    while len(out) < len(checked):
        some = checked[len(out) : len(out) + together]
        try:
            out += [to_pixels(p) for p in maker.draw(some, style)]
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, RuntimeError) and "memory" not in str(error):
                raise
            if together == 1:
                raise MissingPart(
                    "there is not memory enough for one picture", "take a smaller size"
                ) from error
            together = 1
    return out


def hardened(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Alpha made hard at one half, as in the data, for sheets and figures: (n, h, w, 4) uint8."""
    hard = pictures.copy()
    hard[..., 3] = np.where(hard[..., 3] >= HARD_ALPHA, 255, 0)
    hard[hard[..., 3] == 0] = 0
    return hard


def to_pixels(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(h, w, 1, 3 or 4) floats in [0, 1] → (h, w, 4) uint8, rounded to the nearest level."""
    levels = np.rint(np.clip(np.nan_to_num(picture), 0, 1) * 255).astype(np.uint8)
    if levels.shape[2] == 1:
        levels = np.repeat(levels, 3, 2)
    if levels.shape[2] == 3:
        levels = np.concatenate([levels, np.full_like(levels[..., :1], 255)], axis=2)
    return np.ascontiguousarray(levels)


def largest_difference(one: Rendering, other: Rendering) -> int:
    """Largest difference of two works in grey levels, 255 where their sizes differ.

    Floats round differently from machine to machine: two runs of one seed are the same work when
    this is small. What counts as small is for the verifier to say.
    """
    if one.pixels.shape != other.pixels.shape:
        return 255
    return int(np.abs(one.pixels.astype(np.int16) - other.pixels.astype(np.int16)).max())

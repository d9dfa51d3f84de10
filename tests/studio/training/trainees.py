"""The smallest real run: a picture GAN of a few hundred weights on 24 drawings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.records import Digest
from medici.studio.data.folder import PictureSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.studio.pictures.gan import Trainer

SETTINGS: dict[str, Any] = {
    "batch": 8,
    "lazy": 2,
    "averages": [0.5, 0.9],
    "latent": 8,
    "mapping": 16,
    "width": 8,
    "widest": 16,
    "critic": 8,
    "critic_widest": 16,
    "slots": 4,
    "augment": "none",
    "precision": "float32",
}
CODES: dict[str, Any] = {
    "codes": 6,
    "width": 16,
    "blocks": 1,
    "colour": 16,
    "slots": 4,
    "colours": 8,
    "prior": 16,
    "prior_blocks": 1,
    "focus": 0.5,
    "hidden": 0.1,
    "precision": "float32",
}


def drawings(n: int = 24, side: int = 16, *, transparent: bool = True) -> PictureSet:
    """A coloured figure on transparent or white ground; attribute ``colour`` says which."""
    random = np.random.default_rng(3)
    pixels = np.zeros((n, side, side, 4), np.uint8)
    if not transparent:
        pixels[:] = 255
    for i in range(n):
        top, left = random.integers(1, side // 2 - 1, 2)
        box = (slice(top, top + side // 2), slice(left, left + side // 2 - 1))
        pixels[i][box] = [*[[200, 40, 40], [40, 160, 90], [50, 80, 200]][i % 3], 255]
    names = tuple(f"{i:03d}.png" for i in range(n))
    colours = ("red", "green", "blue")
    samples = [
        {"file": name, "attributes": {"colour": colours[i % 3]}} for i, name in enumerate(names)
    ]
    digests = tuple(Digest.of(p.tobytes()) for p in pixels)
    return PictureSet(pixels, names, digests, {"licence": "CC0-1.0", "samples": samples})


def trainer(data: PictureSet | None = None, seed: int = 1, **settings: Any) -> Trainer:
    """A trainer of these settings on the processor."""
    import torch

    from medici.studio.pictures.gan import Trainer
    from medici.studio.pictures.recipe import Recipe

    data = data if data is not None else drawings()
    recipe = Recipe.from_settings({**SETTINGS, **settings})
    recipe = replace(recipe, shape=replace(recipe.shape, side=data.side))
    return Trainer(data, recipe, seed, torch.device("cpu"))


class MeanColours:
    """A tiny feature extractor that really looks: mean colour of each quarter."""

    name = "mean colours of quarters"

    def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(n, h, w, 3) uint8 → (n, 12) float64."""
        n, h, w, _ = pictures.shape
        return pictures.reshape(n, 2, h // 2, 2, w // 2, 3).mean((2, 4)).reshape(n, 12)

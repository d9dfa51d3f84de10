"""Small picture codes to test with, and pictures with a class each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from medici.studio.pictures.codes import CodesShape  # noqa: E402
from medici.studio.pictures.codes_recipe import CodesRecipe  # noqa: E402
from medici.studio.pictures.codes_trainer import CodesTrainer  # noqa: E402

if TYPE_CHECKING:
    from medici.studio.data.folder import PictureSet

SHAPE = CodesShape(codes=6, width=32, blocks=1, colour=16, slots=5, prior=16, prior_blocks=1)
TINY = CodesRecipe(batch=16, precision="float32", colours=8, shape=SHAPE)
CPU = torch.device("cpu")


def trained(data: PictureSet, steps: int, recipe: CodesRecipe = TINY) -> CodesTrainer:
    trainer = CodesTrainer(data, recipe, 0, CPU)
    for _ in range(steps):
        trainer.advance()
    return trainer


def labelled(data: PictureSet) -> PictureSet:
    names = ["red", "green", "blue"]
    said = [
        {"file": name, "attributes": {"colour": names[i % 3]}} for i, name in enumerate(data.names)
    ]
    return replace(data, source={**data.source, "samples": said})

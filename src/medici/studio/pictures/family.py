"""The picture family: how `medici.studio.families` trains and loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medici.studio.exact import identity
from medici.studio.families import WEIGHTS, Training
from medici.studio.pictures.model import PictureModel

if TYPE_CHECKING:
    from pathlib import Path

    from medici.records import ModelRecord


class Pictures:
    """Palette pictures, from 16 pixels a side up."""

    name = "pictures"
    kind = "picture"

    def train(self, data: Path, out: Path, how: Training) -> ModelRecord:
        """Train on a folder of pictures; see `medici.studio.pictures.training.train`.

        Raises:
            MissingPart: PyTorch is not installed.
        """
        from medici.studio.pictures import training

        return training.train(data, out, how)

    def load(self, folder: Path, record: ModelRecord) -> PictureModel:
        """A model from its folder, checked against its record.

        Raises:
            NoWeights, BadWeights: the weights are missing, damaged, or another model's.
        """
        return PictureModel(identity.read_checked(folder / WEIGHTS, record), record, folder)

"""The picture family: how `medici.studio.families` trains and loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medici.errors import WrongUse
from medici.studio.exact import identity
from medici.studio.families import WEIGHTS, Training
from medici.studio.pictures.model import PictureModel

if TYPE_CHECKING:
    from pathlib import Path

    from medici.records import ModelRecord
    from medici.studio.families import Generator
    from medici.studio.metrics.measure import Measuring
    from medici.studio.metrics.table import Table


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

    def measure(self, model: Generator, train: Path, judge: Path, how: Measuring) -> Table:
        """Figures of a model beside floor and controls; see `medici.studio.metrics.measure`.

        Raises:
            BadData: a folder cannot be used.
            MissingPart: the extractor is not there.
        """
        from medici.studio.data.folder import read_folder
        from medici.studio.metrics import extractors
        from medici.studio.pictures import publish

        if not isinstance(model, PictureModel):
            raise WrongUse("this is no picture model")
        chosen = extractors.extractor(how.extractor or extractors.DEFAULT)
        sets = read_folder(train, model.side), read_folder(judge, model.side)
        return publish.measure(model, *sets, chosen, how.n, how.style, how.cache)

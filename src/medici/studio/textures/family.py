"""Textures as a family: trained from folders of photographs, loaded from a model folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medici.errors import BadWeights, MissingPart, WrongUse
from medici.studio.exact.identity import read_checked
from medici.studio.textures.model import TextureModel

if TYPE_CHECKING:
    from pathlib import Path

    from medici.records import ModelRecord
    from medici.studio.families import Generator, Training
    from medici.studio.metrics.measure import Measuring
    from medici.studio.metrics.table import Table

WEIGHTS = "weights.safetensors"


class Textures:
    """The family of seamless textures."""

    name = "textures"
    kind = "texture"

    def train(self, data: Path, out: Path, how: Training) -> ModelRecord:
        """Train on a folder of materials, one subfolder each, and write a model folder.

        One photograph of 96 pixels a side is enough to begin with: textures are learned from
        crops. `how.settings` may name any field of `medici.studio.textures.gan.Recipe` (``batch``,
        ``side``, ``rate``, ``gamma`` …) and of `medici.studio.textures.networks.Shape` (``local``,
        ``shared``, ``waves``, ``channels``, ``width``). `how.judge` is a folder of the same
        materials for the figures; without it they are measured against the training pictures.

        Raises:
            BadData: a picture cannot be used; the message names it.
            BadWeights: a snapshot of another architecture.
            Interrupted: stopped by the user; the same call with `resume` goes on.
            MissingPart: PyTorch or the device is not there.
            WrongUse: no end is given, a setting is unknown, or training diverged.
        """
        try:
            import torch
        except ImportError as error:
            raise MissingPart(
                "training needs PyTorch, which is not installed", "pip install 'medici[train]'"
            ) from error
        del torch
        from medici.studio.textures.training import train

        return train(data, out, how)

    def load(self, folder: Path, record: ModelRecord) -> TextureModel:
        """A texture model from its folder, checked against its record.

        Raises:
            BadWeights: the weights are damaged, not those that the record names, or no texture's.
        """
        exact = read_checked(folder / WEIGHTS, record)
        if exact.header["family"] != self.name:
            raise BadWeights(f"{folder} holds a model of family {exact.header['family']!r}")
        return TextureModel(exact, record, folder)

    def measure(self, model: Generator, train: Path, judge: Path, how: Measuring) -> Table:
        """Figures of a model beside fresh pictures of its materials and beside controls.

        Raises:
            BadData: a folder cannot be used.
            MissingPart: the extractor is not there.
            WrongUse: it is no texture model, or there are no pictures of a material.
        """
        from medici.studio.metrics import extractors
        from medici.studio.textures.data import read_materials
        from medici.studio.textures.measuring import measure

        if not isinstance(model, TextureModel):
            raise WrongUse("this is no texture model")
        chosen = extractors.extractor(how.extractor or extractors.DEFAULT)
        return measure(
            model, read_materials(train), read_materials(judge), chosen, how.n, how.style
        )

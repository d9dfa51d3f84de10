"""The icon family: how `medici.studio.families` trains and loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medici.errors import BadWeights, MissingPart, WrongUse
from medici.studio.exact import identity
from medici.studio.families import WEIGHTS, Training
from medici.studio.icons.model import IconModel

if TYPE_CHECKING:
    from pathlib import Path

    from medici.records import ModelRecord
    from medici.studio.families import Generator
    from medici.studio.metrics.measure import Measuring
    from medici.studio.metrics.table import Table


class Icons:
    """Icons in one ink, with vectors."""

    name = "icons"
    kind = "icon"

    def train(self, data: Path, out: Path, how: Training) -> ModelRecord:
        """Train on a folder of icons.

        Settings are those of `medici.studio.icons.trainer.Recipe` and
        `medici.studio.icons.networks.Shape`, and the training room's `Options`.

        Raises:
            BadData: an icon or the folder cannot be used; the message names it.
            BadWeights: a run to resume is of other networks.
            Interrupted: stopped by the user; the same call with `resume` goes on.
            MissingPart: PyTorch or the device is not there.
            WrongUse: a setting or budget that cannot be, or training diverged.
        """
        try:
            from medici.studio.icons import training
        except ImportError as error:
            raise MissingPart(
                "training needs PyTorch, which is not installed", "pip install 'medici[train]'"
            ) from error
        return training.train(data, out, how)

    def load(self, folder: Path, record: ModelRecord) -> IconModel:
        """A model from its folder, checked against its record.

        Raises:
            NoWeights, BadWeights: the weights are missing, damaged, or another model's.
        """
        exact = identity.read_checked(folder / WEIGHTS, record)
        try:
            return IconModel(exact, record, folder)
        except (KeyError, TypeError, ValueError) as error:
            raise BadWeights(f"{folder / WEIGHTS} is no icon model: {error}") from error

    def measure(self, model: Generator, train: Path, judge: Path, how: Measuring) -> Table:
        """Figures of a model, beside floor and controls.

        Raises:
            BadData: a folder cannot be used.
            WrongUse: not an icon model, or too few icons.
        """
        from medici.studio.icons.data import read_icons
        from medici.studio.icons.judging import icon_table

        if not isinstance(model, IconModel):
            raise WrongUse(f"{model.record.name} is no icon model")
        return icon_table(model, read_icons(train), read_icons(judge), how)

"""The music family: how `medici.studio.families` trains, loads and measures it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medici.errors import BadWeights, MissingPart, WrongUse
from medici.studio.exact import identity
from medici.studio.families import WEIGHTS
from medici.studio.music.model import MusicModel

if TYPE_CHECKING:
    from pathlib import Path

    from medici.records import ModelRecord
    from medici.studio.families import Generator, Training
    from medici.studio.metrics.measure import Measuring
    from medici.studio.metrics.table import Table


class Music:
    """Four-voice works."""

    name = "music"
    kind = "music"

    def train(self, data: Path, out: Path, how: Training) -> ModelRecord:
        """Train on a folder of four-voice MIDI or MusicXML files, or a cache of them.

        `how.settings` may name fields of `medici.studio.music.trainer.Recipe` (``batch``, ``rate``
        …), of its `Shape` (``width``, ``blocks`` …), and of the training room's `Options`.

        Raises:
            BadData: a score cannot be used; the message names it.
            BadWeights: a snapshot of another architecture.
            Interrupted: stopped by the user; the same call with `resume` goes on.
            MissingPart: PyTorch, mido or music21 is not there.
            WrongUse: no end is given, a setting is unknown, or training diverged.
        """
        try:
            import torch
        except ImportError as error:
            raise MissingPart(
                "training needs PyTorch, which is not installed", "pip install 'medici[train]'"
            ) from error
        del torch
        from medici.studio.music import training

        return training.train(data, out, how)

    def load(self, folder: Path, record: ModelRecord) -> MusicModel:
        """A model from its folder, checked against its record.

        Raises:
            NoWeights, BadWeights: the weights are missing, damaged, or another model's.
        """
        exact = identity.read_checked(folder / WEIGHTS, record)
        if exact.header["family"] != self.name:
            raise BadWeights(f"{folder} holds a model of family {exact.header['family']!r}")
        return MusicModel(exact, record, folder)

    def measure(self, model: Generator, train: Path, judge: Path, how: Measuring) -> Table:
        """Figures of a model beside fresh works and shuffled ones.

        Raises:
            BadData: a folder cannot be used.
            WrongUse: it is no music model.
        """
        from medici.studio.music.measuring import measure
        from medici.studio.music.scores import read_scores

        if not isinstance(model, MusicModel):
            raise WrongUse("this is no music model")
        return measure(model, read_scores(train), read_scores(judge), how.n, how.style)

"""Makes works: data sets, the picture GAN, its exact integer renderer, filters and metrics.

Importing this room needs numpy alone; PyTorch is loaded when something is trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.studio.families import Generator, load_model
from medici.studio.pictures.model import PictureModel
from medici.studio.pictures.quality import Judgement, judge, select

if TYPE_CHECKING:
    from pathlib import Path

    from medici.records import ModelRecord

__all__ = ["Generator", "Judgement", "PictureModel", "judge", "load_model", "select", "train"]


def train(dataset_dir: str | Path, out_dir: str | Path, **options: Any) -> ModelRecord:
    """Train a picture model; see `medici.studio.training.train` for the options.

    Raises:
        MissingPart: PyTorch is not installed.
    """
    from medici.studio.training import run as training

    return training.train(dataset_dir, out_dir, **options)

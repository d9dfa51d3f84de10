"""Makes works: families of generators, data sets, training, the exact renderer, filters, metrics.

Importing this room needs numpy alone; PyTorch is loaded when something is trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.studio.choosing import judge, select
from medici.studio.families import Generator, load_model
from medici.studio.pictures.model import PictureModel
from medici.studio.pictures.quality import Judgement

if TYPE_CHECKING:
    from pathlib import Path

    from medici.records import ModelRecord

__all__ = ["Generator", "Judgement", "PictureModel", "judge", "load_model", "select", "train"]


def train(
    dataset_dir: str | Path, out_dir: str | Path, *, family: str = "pictures", **options: Any
) -> ModelRecord:
    """Train a model of a family; the options are those of `medici.studio.families.Training`.

    Raises:
        MissingPart: PyTorch is not installed.
        WrongUse: no such family, or an option that cannot be.
    """
    from pathlib import Path

    from medici.studio import families

    for old, new in (("tune_dir", "tune"), ("judge_dir", "judge")):
        if options.get(old) is not None:
            options[new] = Path(options[old])
        options.pop(old, None)
    how = families.Training(**options)
    return families.train(family, Path(dataset_dir), Path(out_dir), how)

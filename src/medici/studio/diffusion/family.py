"""Diffusion models as a family: our own small ones, and pipelines of others taken in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from medici.errors import MissingPart, NoWeights, WrongUse
from medici.records import ZERO_DIGEST, ModelRecord
from medici.studio.diffusion.model import RENDERER, DiffusionModel, hardened
from medici.studio.diffusion.pipelines import HUB_FILES, read_index
from medici.studio.imported import (
    check,
    copy_model,
    fetch,
    files_of,
    identity,
    licence_of,
    weights_digest,
    write_record,
)

if TYPE_CHECKING:
    from medici.studio.families import Generator, Training
    from medici.studio.metrics.measure import Measuring
    from medici.studio.metrics.table import Table


class Diffusion:
    """Pictures out of noise, through `diffusers`."""

    name = "diffusion"
    kind = "picture"

    def train(self, data: Path, out: Path, how: Training) -> ModelRecord:
        """Train a small denoiser and write a model folder in the layout of `diffusers`.

        Settings are those of `medici.studio.diffusion.recipe.Recipe` and the training room's
        `Options`. With `how.tune` the average with the lowest loss on those pictures is kept,
        else the last.

        Raises:
            BadData: a picture cannot be used; the message names it.
            BadWeights: a snapshot or a model to start from does not fit.
            Interrupted: stopped by the user; the same call with `resume` goes on.
            MissingPart: a library, a device, memory or room on the disk is not there.
            WrongUse: no budget, a wrong setting, nothing to resume, or training diverged.
        """
        try:
            import torch  # noqa: F401
        except ImportError as error:
            raise MissingPart(
                "training needs PyTorch, which is not installed",
                "pip install 'medici[train,diffusion]' (CPU wheels: --index-url of PyTorch's "
                "CPU index)",
            ) from error
        from medici.studio.diffusion.training import train

        return train(data, out, how)

    def load(self, folder: Path, record: ModelRecord) -> DiffusionModel:
        """A model from its folder, whose every file is checked against the record.

        Raises:
            BadWeights: a file was changed, or can only be read as a pickle.
            NoWeights: there is no pipeline.
        """
        read_index(folder)
        check(folder, record.id)
        return DiffusionModel(folder, record)

    def adopt(
        self,
        source: str | Path,
        out: Path,
        *,
        name: str | None = None,
        licence: str | None = None,
        revision: str | None = None,
        endpoint: str | None = None,
    ) -> ModelRecord:
        """Take in a pipeline of another maker: copy it, look it over, write its record.

        Args:
            source: a folder that a pipeline was saved in, or a hub id like ``owner/name``.
            out: the model's folder, new; or `source` itself, which then only gets a record.
            name: the model's name; the folder's by default.
            licence: of the model; by default what its model card states.
            revision: branch, tag or commit on the hub.
            endpoint: another hub's address.

        Raises:
            NoWeights: no such folder, or the hub has none or does not answer.
            BadWeights: pickles only, code of its own, or damaged.
            WrongUse: `out` is there already.
        """
        told: dict[str, Any] = {"source": str(source)}
        if Path(source).is_dir():
            read_index(Path(source))
            files_of(Path(source))
            if out.resolve() != Path(source).resolve():
                copy_model(Path(source), out)
        else:
            if str(source).startswith((".", "/")):
                raise NoWeights(f"no folder at {source}", "give a pipeline's folder or a hub id")
            told["revision"] = fetch(
                str(source), out, HUB_FILES, revision=revision, endpoint=endpoint
            )
        index = read_index(out)
        files = files_of(out)
        record = ModelRecord(
            id=identity(files),
            name=name or out.name,
            renderer=RENDERER,
            weights_sha256=weights_digest(files),
            data_root=ZERO_DIGEST,
            data_licence=licence or licence_of(out),
            training={**told, "pipeline": index["_class_name"], "files": files},
            family=self.name,
        )
        write_record(out, record)
        return record

    def measure(self, model: Generator, train: Path, judge: Path, how: Measuring) -> Table:
        """Figures of a model beside floor and controls; see `medici.studio.metrics.measure`.

        Raises:
            BadData: a folder cannot be used.
            WrongUse: the model makes no square pictures, or there are too few.
        """
        from medici.studio.data.folder import read_folder
        from medici.studio.metrics import extractors
        from medici.studio.metrics.measure import picture_table

        if not isinstance(model, DiffusionModel):
            raise WrongUse("this is no diffusion model")
        made = hardened(model.natives(range(how.n), how.style))
        if made.shape[1] != made.shape[2]:
            raise WrongUse("figures are of square pictures", "give width and height alike")
        side = made.shape[1]
        chosen = extractors.extractor(how.extractor or extractors.DEFAULT)
        return picture_table(
            made,
            read_folder(train, side),
            read_folder(judge, side),
            chosen,
            n=how.n,
            cache=how.cache,
            about={"style": dict(model.sample(0, how.style).style)},
        )

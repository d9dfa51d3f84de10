"""The families of generators, and the one protocol that all of them stand behind.

A family trains models of one kind and loads them; a loaded model is a `Generator`. Ours are named
in `BUILT_IN`; anybody's own plugs in by an entry point of the group ``medici.families``.
"""

from __future__ import annotations

import difflib
import sys
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from medici.errors import BadWeights, Interrupted, MissingPart, NoWeights, WrongUse
from medici.records import ModelRecord
from medici.store import did_not_fit
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from medici.records import ModelId, Rendering

SHIPPED = Path(__file__).parent / "weights"
WEIGHTS = "weights.safetensors"
RECORD = "record.json"
RUN = "run"
GROUP = "medici.families"
BUILT_IN: dict[str, str] = {
    "pictures": "medici.studio.pictures.family:Pictures",
    "textures": "medici.studio.textures.family:Textures",
    "icons": "medici.studio.icons.family:Icons",
    "music": "medici.studio.music.family:Music",
    "diffusion": "medici.studio.diffusion.family:Diffusion",
    "language": "medici.studio.language.family:Language",
}


@runtime_checkable
class Generator(Protocol):
    """A loaded model: anything that makes works from seeds."""

    @property
    def id(self) -> ModelId:
        """The model's identity on the chain."""
        ...

    @property
    def record(self) -> ModelRecord:
        """What the world may know of the model."""
        ...

    @property
    def keys(self) -> Mapping[str, str]:
        """Style keys that this model understands, each with a sentence on its values."""
        ...

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        """One work; its style is complete, so that the record can make it again."""
        ...

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """One work a seed, in order; each equals what `sample` makes of its seed."""
        ...

    def encode(self, path: Path) -> Rendering:
        """Projection: the work of this model nearest to a given file.

        Raises:
            WrongUse: this model has no way from a work back to its latents.
        """
        ...

    @property
    def forms(self) -> Sequence[str]:
        """Other files a work of this model can be had as, by suffix (``svg``, ``mid``)."""
        ...

    def export(self, work: Rendering, form: str) -> bytes:
        """The work in another form.

        Raises:
            WrongUse: `form` is none of `forms`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Now:
    """Where a training run stands; handed to the progress callback.

    Attributes:
        step: steps done.
        fraction: of the budget, 0 to 1.
        seconds_left: estimate until the budget is used.
        losses: of the last step.
    """

    step: int
    fraction: float
    seconds_left: float
    losses: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Training:
    """What every family is told when it trains.

    Attributes:
        minutes: wall time of this call; None leaves it to `steps`.
        steps: steps of the whole run; whichever comes first ends it.
        resume: go on from the run's snapshot.
        seed: the same data, settings, steps and seed on the same machine give the same model.
        device: ``cpu``, ``cuda``, ``cuda:1`` …
        name: the model's name; the folder's by default.
        tune: fresh samples; with them the best moment of the run is exported, not the last.
        judge: other fresh samples, for the figures in the record.
        start_from: a model whose weights are fine-tuned: its folder, or a shipped one's name.
        settings: the family's own, checked by it (``body``, ``size``, ``batch`` …).
        progress: told after every step, and of step 0 where much comes before the first.
    """

    minutes: float | None = None
    steps: int | None = None
    resume: bool = False
    seed: int = 0
    device: str = "cpu"
    name: str | None = None
    tune: Path | None = None
    judge: Path | None = None
    start_from: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    progress: Callable[[Now], None] = lambda now: None


@runtime_checkable
class Family(Protocol):
    """One kind of generator."""

    name: str
    kind: str

    def train(self, data: Path, out: Path, how: Training) -> ModelRecord:
        """Train on a data folder and write a model folder: weights, record, metrics, curves, sheet.

        Raises:
            BadData: a sample cannot be used; the message names it.
            Interrupted: stopped by the user; the same call with `resume` goes on.
            MissingPart: a library or device is not there; the hint says how to get it.
        """
        ...

    def load(self, folder: Path, record: ModelRecord) -> Generator:
        """A model from its folder, checked against its record.

        Raises:
            BadWeights: the weights are damaged, or not those that the record names.
        """
        ...


def names() -> list[str]:
    """Every family that can be had here."""
    return sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))})


def train(name: str, data: Path, out: Path, how: Training) -> ModelRecord:
    """Train a model of a family in a folder of its own.

    Raises:
        WrongUse: no such family; or the folder holds the data, or a model that would be lost.
        MissingPart: the family needs something that is not installed, or disk or memory is full.
        Interrupted: stopped by the user, be it while the model was written.
    """
    from medici.studio.training.folder import forget_unpublished, how_to_go_on

    if out.resolve() == data.resolve():
        raise WrongUse(f"{out} holds the data", "give the model a folder of its own")
    if out.exists() and not out.is_dir():
        raise WrongUse(f"{out} is a file", "give the model a folder of its own")
    run = out / RUN
    if (out / RECORD).exists() and not run.exists():
        raise WrongUse(f"{out} holds a model without its run", "give another folder")
    if how.start_from is not None:
        # A run that goes on knows what it began as.
        start_from = None if how.resume else _parent(name, how.start_from)
        how = replace(how, start_from=start_from)
    try:
        record = family(name).train(data, out, how)
    except KeyboardInterrupt:
        raise Interrupted("stopped", how_to_go_on(run)) from None
    except OSError as error:
        file = did_not_fit(error)
        if file is None:
            raise
        raise MissingPart(
            f"{file}: {error.strerror}",
            f"make room on the disk; {how_to_go_on(run)}",
            code="disk-full",
        ) from error
    except (RuntimeError, MemoryError) as error:
        if not _no_memory(error):
            raise
        raise MissingPart(
            "memory does not hold these networks, or what is made with them",
            f"a smaller size, narrower networks, or a larger machine; {how_to_go_on(run)}",
            code="out-of-memory",
        ) from error
    forget_unpublished(run)
    return record


def _no_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    if "torch" not in sys.modules:
        return False
    from medici.studio.training.run import out_of_memory

    return out_of_memory(error)


def _parent(name: str, told: Path) -> Path:
    """Folder of the model that a run of a family begins as; of an unpublished run, as it is."""
    from medici.studio.training.folder import BEST, SNAPSHOT, found_in

    parent = told if found_in(told, RECORD, SNAPSHOT, BEST) else find(told)
    if (parent / RECORD).exists():
        theirs = read_record(parent / RECORD).family
        if theirs != name:
            raise WrongUse(
                f"{told} is a model of {theirs}, not of {name}", f"train with --family {theirs}"
            )
    return parent


def family(name: str) -> Family:
    """A family by its name.

    Raises:
        WrongUse: there is none of that name.
        MissingPart: it needs something that is not installed, or its package is broken.
    """
    found: Family
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found = getattr(import_module(module), attribute)()
        return found
    for point in entry_points(group=GROUP):
        if point.name == name:
            from medici.studio.plugins import plugged_in

            return plugged_in(point)
    near = difflib.get_close_matches(name, names(), 1)
    known = "families here: " + ", ".join(names())
    raise WrongUse(
        f"no family of generators is called {name!r}", f"did you mean {near[0]}?" if near else known
    )


def load_model(path_or_name: str | Path = "portraits") -> Generator:
    """Load a model by the name of a shipped one or by its folder, and check that it is itself.

    Raises:
        NoWeights: no such model here.
        BadWeights: the weights are damaged, not safetensors, or not those that the record names.
        MissingPart: its family needs something that is not installed.
    """
    folder = find(path_or_name)
    record = read_record(folder / RECORD)
    return family(record.family).load(folder, record)


def with_id(identity: ModelId) -> Generator | None:
    """The shipped model of this identity, if there is one."""
    for name in shipped():
        if read_record(SHIPPED / name / RECORD).id == identity:
            return load_model(name)
    return None


def find(path_or_name: str | Path) -> Path:
    """The folder of a model, given itself or a shipped model's name.

    Raises:
        NoWeights: there is none.
    """
    for folder in (Path(path_or_name), SHIPPED / path_or_name):
        if (folder / RECORD).is_file():
            return folder
    if Path(path_or_name).is_dir():
        raise NoWeights(f"{path_or_name} holds no {RECORD}", "give the folder of a trained model")
    raise NoWeights(
        f"no model called {str(path_or_name)!r}",
        f"shipped models: {', '.join(shipped()) or 'none'}; or give the folder of a trained one",
    )


def shipped() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(p.name for p in SHIPPED.iterdir() if (p / RECORD).is_file())


def read_record(path: Path) -> ModelRecord:
    """A model's record.

    Raises:
        NoWeights, BadWeights: it is not there, or is none.
    """
    try:
        return ModelRecord.from_json(read_json(path.read_text("utf-8")))
    except FileNotFoundError:
        raise NoWeights(f"no record at {path}", "weights are only used with their record") from None
    except ValueError as error:
        raise BadWeights(f"{path} is not a model record: {error}") from error
    except WrongUse as error:
        raise BadWeights(f"{path} is not a model record: {error.message}") from error

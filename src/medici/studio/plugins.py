"""Families from entry points, guarded: what they raise or return wrongly names their package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.errors import MediciError, MissingPart, WrongUse
from medici.records import ModelRecord
from medici.studio.conformance import check_rendering
from medici.studio.families import Family, Generator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.metadata import EntryPoint
    from pathlib import Path

    from medici.records import ModelId, Rendering
    from medici.studio.families import Training


def plugged_in(point: EntryPoint) -> Family:
    """The family of an entry point, guarded.

    Raises:
        MissingPart: its package cannot be imported, or what it needs is not there.
        WrongUse: it is no family.
    """
    package = point.dist.name if point.dist is not None else point.value
    hint = f"mend or remove the package {package}"
    try:
        made = point.load()()
    except MediciError:
        raise
    except Exception as error:
        raise MissingPart(
            f"the family {point.name!r} of the package {package} cannot be loaded: "
            f"{type(error).__name__}: {error}",
            hint,
        ) from error
    if not isinstance(made, Family):
        raise WrongUse(
            f"{point.value} of the package {package} is no family: "
            "name, kind, train or load is missing",
            hint,
        )
    if made.name != point.name:
        raise WrongUse(
            f"the entry point {point.name!r} of {package} gives a family called {made.name!r}", hint
        )
    return _GuardedFamily(made, package)


class _GuardedFamily:
    """A family whose errors name its package, and whose models are guarded too."""

    def __init__(self, inner: Family, package: str) -> None:
        self.inner, self.package = inner, package
        self.name, self.kind = inner.name, inner.kind

    def train(self, data: Path, out: Path, how: Training) -> ModelRecord:
        record = self._ask(lambda: self.inner.train(data, out, how))
        if not isinstance(record, ModelRecord):
            raise self._wrong(f"train returned {type(record).__name__}, not a ModelRecord")
        return record

    def load(self, folder: Path, record: ModelRecord) -> Generator:
        made = self._ask(lambda: self.inner.load(folder, record))
        if not isinstance(made, Generator):
            raise self._wrong("load returned no generator: a member of the protocol is missing")
        return _GuardedGenerator(made, self)

    def _ask(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (MediciError, KeyboardInterrupt):
            raise
        except Exception as error:
            raise self._wrong(f"{type(error).__name__}: {error}") from error

    def _wrong(self, said: str) -> WrongUse:
        return WrongUse(
            f"the family {self.name!r} of the package {self.package} failed: {said}",
            "tell its author; medici.studio.conformance.check shows what is wrong",
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class _GuardedGenerator:
    """A generator whose works are looked at before anybody sees them."""

    def __init__(self, inner: Generator, family: _GuardedFamily) -> None:
        self.inner, self.family = inner, family

    @property
    def id(self) -> ModelId:
        return self.inner.id

    @property
    def record(self) -> ModelRecord:
        return self.inner.record

    @property
    def keys(self) -> Mapping[str, str]:
        return self.inner.keys

    @property
    def forms(self) -> Sequence[str]:
        return self.inner.forms

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        return self._work(lambda: self.inner.sample(seed, style))

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        made = self.family._ask(lambda: list(self.inner.sample_many(seeds, style)))
        if len(made) != len(seeds):
            raise self.family._wrong(f"{len(seeds)} seeds made {len(made)} works")
        return [self._looked_at(work) for work in made]

    def encode(self, path: Path) -> Rendering:
        return self._work(lambda: self.inner.encode(path))

    def export(self, work: Rendering, form: str) -> bytes:
        data = self.family._ask(lambda: self.inner.export(work, form))
        if not isinstance(data, bytes):
            raise self.family._wrong(f"export returned {type(data).__name__}, not bytes")
        return data

    def _work(self, call: Callable[[], Any]) -> Rendering:
        return self._looked_at(self.family._ask(call))

    def _looked_at(self, work: Any) -> Rendering:
        try:
            check_rendering(work)
        except WrongUse as error:
            raise self.family._wrong(error.message) from error
        made: Rendering = work
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

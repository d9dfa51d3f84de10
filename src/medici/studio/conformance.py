"""Whether a family of generators keeps the protocol: for authors to run on a model of theirs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import content_digest
from medici.errors import WrongUse
from medici.records import Audio, ModelRecord, Rendering, canonical_json
from medici.studio.families import RECORD, Family, Generator, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SEEDS = (0, 1, 2**53 - 1)
_UNKNOWN = "no-such-key"


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found.

    Attributes:
        passed: promises that were kept, a sentence each.
        failed: promises that were broken, each with what happened.
    """

    passed: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed

    def __str__(self) -> str:
        lines = [f"kept    {line}" for line in self.passed]
        return "\n".join(lines + [f"BROKEN  {line}" for line in self.failed])


class _BrokenError(Exception):
    """A promise was not kept."""


def check(
    family: Family,
    folder: str | Path,
    style: Mapping[str, Any] | None = None,
    *,
    within: int | None = None,
) -> Report:
    """Try everything the protocol promises on one model of a family.

    Args:
        family: an instance of the family.
        folder: of a model of it, with its ``record.json``.
        style: to try it with, if the default is slow.
        within: largest difference in grey levels that a repeated work may show; None asks for the
            same content. For renderers in floats, which say so in the record.

    Returns:
        what was kept and what was broken; nothing is raised.
    """
    trial = _Trial(family, Path(folder), dict(style or {}), within)
    passed, failed = [], []
    for said, run in trial.promises():
        try:
            run()
        except _BrokenError as broken:
            failed.append(f"{said}: {broken}")
        except Exception as error:  # whatever the package raises is its own doing
            failed.append(f"{said}: {type(error).__name__}: {error}")
        else:
            passed.append(said)
    return Report(tuple(passed), tuple(failed))


class _Trial:
    def __init__(
        self, family: Family, folder: Path, style: dict[str, Any], within: int | None
    ) -> None:
        self.family, self.folder, self.style, self.within = family, folder, style, within
        self.model: Any = None

    def promises(self) -> list[tuple[str, Callable[[], None]]]:
        return [
            ("the family has all members of the protocol", self.family_shape),
            ("the folder holds a record of this family", self.record),
            ("the model loads and has all members of the protocol", self.loads),
            ("a work is well made", self.one),
            ("a work's style is complete and makes it again", self.again),
            ("many works are in order and equal those made alone", self.many),
            ("another seed makes another work", self.seeds),
            ("a wrong style or seed is refused", self.refusals),
            ("works can be had in every form that is named, and in no other", self.forms),
            ("a file is projected, or the model says that it cannot", self.encodes),
        ]

    def family_shape(self) -> None:
        _want(isinstance(self.family, Family), "name, kind, train or load is missing")
        for what in ("name", "kind"):
            said = getattr(self.family, what)
            _want(isinstance(said, str) and bool(said), f"{what} is {said!r}")

    def record(self) -> None:
        found = read_record(self.folder / RECORD)
        _want(found.family == self.family.name, f"it is of the family {found.family!r}")
        _want(bool(found.data_licence and found.renderer), "licence or renderer is empty")

    def loads(self) -> None:
        record = read_record(self.folder / RECORD)
        model = self.family.load(self.folder, record)
        _want(isinstance(model, Generator), "a member of Generator is missing")
        _want(model.id == record.id, f"its id is {model.id}, the record's {record.id}")
        _want(isinstance(model.record, ModelRecord), "record is no ModelRecord")
        keys = dict(model.keys)
        plain = all(isinstance(k, str) and isinstance(v, str) and v for k, v in keys.items())
        _want(plain, "keys must map names to sentences")
        self.model = model

    def one(self) -> None:
        work = self._sample(0)
        _want(work.kind == self.family.kind, f"its kind is {work.kind!r}")
        _want(work.seed == 0, f"its seed is {work.seed!r}")

    def again(self) -> None:
        work = self._sample(1)
        told = json.loads(canonical_json(dict(work.style)))
        missing = sorted(set(self.model.keys) - set(told))
        _want(not missing, f"its style lacks {', '.join(missing)}")
        fresh = self.family.load(self.folder, read_record(self.folder / RECORD))
        repeated = fresh.sample(work.seed, told)
        self._same(work, repeated, "made again from its record")
        _want(dict(repeated.style) == dict(work.style), "made again, its style is another")

    def many(self) -> None:
        works = self.model.sample_many(list(_SEEDS), self.style)
        _want(len(works) == len(_SEEDS), f"{len(_SEEDS)} seeds made {len(works)} works")
        for seed, work in zip(_SEEDS, works, strict=True):
            check_rendering(work)
            _want(work.seed == seed, f"the work of seed {seed} says seed {work.seed}")
            self._same(work, self._sample(seed), f"seed {seed}, made alone")
        _want(list(self.model.sample_many([], self.style)) == [], "no seeds made something")

    def seeds(self) -> None:
        made = {content_digest(self._sample(seed)) for seed in range(4)}
        _want(len(made) > 1, "seeds 0 to 3 make the same work")

    def refusals(self) -> None:
        _refuses("an unknown style key", lambda: self.model.sample(0, {_UNKNOWN: 1}))
        for seed in (-1, 2**53, 0.5):
            _refuses(f"seed {seed}", partial(self.model.sample, seed, self.style))

    def forms(self) -> None:
        work = self._sample(0)
        for form in self.model.forms:
            data = self.model.export(work, form)
            _want(isinstance(data, bytes) and bool(data), f"{form} is no bytes")
        _refuses("an unknown form", lambda: self.model.export(work, "no-such-form"))

    def encodes(self) -> None:
        import tempfile

        from PIL import Image

        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "work.png"
            Image.fromarray(self._sample(0).pixels).save(path)
            try:
                work = self.model.encode(path)
            except WrongUse:
                return
        check_rendering(work)

    def _sample(self, seed: int) -> Rendering:
        _want(self.model is not None, "there is no model to try")
        work = self.model.sample(seed, self.style)
        check_rendering(work)
        made: Rendering = work
        return made

    def _same(self, one: Rendering, other: Rendering, how: str) -> None:
        check_rendering(other)
        if content_digest(one) == content_digest(other):
            return
        gap = None
        if self.within is not None and one.pixels.shape == other.pixels.shape:
            gap = int(np.abs(one.pixels.astype(int) - other.pixels.astype(int)).max())
        _want(
            gap is not None and self.within is not None and gap <= self.within,
            f"{how}, it is another work" + (f", {gap} levels off" if gap is not None else ""),
        )


def check_rendering(work: object) -> None:
    """See that what a generator returned is a work.

    Raises:
        WrongUse: it is not; the message says what is wrong with it.
    """
    if not isinstance(work, Rendering):
        raise WrongUse(f"a generator returned {type(work).__name__}, not a Rendering")
    pixels = work.pixels
    shape = getattr(pixels, "shape", None)
    if getattr(pixels, "dtype", None) != np.uint8 or shape is None or len(shape) != 3:
        raise WrongUse(f"pixels are {shape} {getattr(pixels, 'dtype', '')}, not (h, w, 4) uint8")
    if shape[2] != 4 or pixels.size == 0:
        raise WrongUse(f"pixels are {shape}, not (h, w, 4)")
    if work.audio is not None and not (
        isinstance(work.audio, Audio)
        and getattr(work.audio.samples, "dtype", None) == np.int16
        and work.audio.samples.ndim == 2
        and work.audio.rate > 0
    ):
        raise WrongUse("audio is not (frames, channels) int16 with a rate")
    if work.text is not None and not isinstance(work.text, str):
        raise WrongUse(f"text is {type(work.text).__name__}")
    if not isinstance(work.kind, str) or isinstance(work.seed, bool):
        raise WrongUse("kind or seed of a work is of the wrong type")
    canonical_json(dict(work.style))


def _want(kept: bool, otherwise: str) -> None:
    if not kept:
        raise _BrokenError(otherwise)


def _refuses(what: str, call: Callable[[], Any]) -> None:
    try:
        call()
    except WrongUse:
        return
    except Exception as error:
        raise _BrokenError(f"{what} raises {type(error).__name__}, not a WrongUse") from error
    raise _BrokenError(f"{what} is taken")

"""Filters: what a candidate must pass before it goes on to the proof room.

Quality and novelty are ours. Others, first of all safety, plug in by an entry point of the group
``medici.filters``: a callable without arguments that gives an object with a `name` and `check`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from medici.content import content_digest
from medici.errors import MissingPart, WrongUse
from medici.studio.making.upscale import native

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from medici.records import Rendering
    from medici.studio.families import Generator

GROUP = "medici.filters"
_SIDE = 16
_NEAR = 24
_PDQ_BITS = 31
_PDQ_QUALITY = 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one filter says of one candidate.

    Attributes:
        filter: its name.
        passes: whether the candidate may go on.
        score: the figure it was judged by, if there is one; higher is better.
        reasons: why, one sentence each; empty when there is nothing to say.
    """

    filter: str
    passes: bool
    score: float | None = None
    reasons: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "filter": self.filter,
            "passes": self.passes,
            "score": self.score,
            "reasons": list(self.reasons),
        }


@runtime_checkable
class Filter(Protocol):
    """Judges candidates one by one, in the order of their seeds."""

    @property
    def name(self) -> str:
        """What it is called in reports."""
        ...

    def check(self, rendering: Rendering) -> Verdict:
        """Judge one candidate; the same candidates in the same order get the same verdicts."""
        ...


@dataclass(slots=True)
class Quality:
    """Plausibility among the training works, by the model's own statistics.

    Attributes:
        generator: a model whose family keeps statistics of its training works.
        least: share of training pictures that are less plausible, 0 to 1.
    """

    generator: Generator
    least: float = 0.05
    name: str = "quality"

    def check(self, rendering: Rendering) -> Verdict:
        """Judge one candidate.

        Raises:
            WrongUse: the model has no statistics to judge by.
        """
        from medici.studio.choosing import judge

        found = judge(self.generator, [rendering])[0].quality
        if found is None:
            raise WrongUse(
                f"model {self.generator.record.name} has no statistics to judge quality by",
                "leave the quality filter out, or plug one in",
            )
        said = f"less plausible than {1 - self.least:.0%} of the training pictures"
        passes = found >= self.least
        return Verdict(self.name, passes, round(found, 4), () if passes else (said,))


@dataclass(slots=True)
class Novelty:
    """Unlike every work that is known and every candidate that passed before.

    Compared are thumbnails of 16 pixels a side: 1,024 bytes a known work. Where a picture is rich
    enough for it (PDQ quality of 50), its PDQ hash may not be within 31 bits of a known one either.

    Attributes:
        least: least share of thumbnail pixels that visibly differ from the most similar, 0 to 1.
    """

    least: float = 0.05
    name: str = "novelty"
    _ids: dict[str, int] = field(default_factory=dict)
    _thumbs: NDArray[np.uint8] = field(
        default_factory=lambda: np.zeros((64, _SIDE, _SIDE, 4), np.uint8)
    )
    _hashes: list[tuple[int, str]] = field(default_factory=list)

    def remember(self, rendering: Rendering) -> None:
        """Count a work among the known ones."""
        identity = content_digest(rendering)
        if identity in self._ids:
            return
        count = len(self._ids)
        if count == len(self._thumbs):
            self._thumbs = np.concatenate([self._thumbs, np.zeros_like(self._thumbs)])
        self._thumbs[count] = thumbnail(rendering.pixels)
        self._ids[identity] = rendering.seed
        hashed = _pdq(rendering.pixels)
        if hashed is not None:
            self._hashes.append((hashed, identity))

    def check(self, rendering: Rendering) -> Verdict:
        """Judge one candidate, and remember it when it passes."""
        identity = content_digest(rendering)
        if identity in self._ids:
            return Verdict(self.name, False, 0.0, (f"the same work as {identity[:16]}",))
        score, reasons = 1.0, []
        if self._ids:
            known = self._thumbs[: len(self._ids)].astype(np.int16)
            gaps = np.abs(known - thumbnail(rendering.pixels)).max(-1) > _NEAR
            shares = gaps.mean((1, 2))
            nearest = int(shares.argmin())
            score = float(shares[nearest])
            if score < self.least:
                like = list(self._ids)[nearest]
                reasons.append(f"differs from {like[:16]} in {score:.1%} of the picture only")
        hashed = _pdq(rendering.pixels)
        if hashed is not None:
            for other, like in self._hashes:
                distance = (hashed ^ other).bit_count()
                if distance <= _PDQ_BITS:
                    reasons.append(f"fingerprint within {distance} bits of {like[:16]}")
                    break
        if not reasons:
            self.remember(rendering)
        return Verdict(self.name, not reasons, round(score, 4), tuple(reasons))


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture at 16 pixels a side, by box average in integers, (16, 16, 4) uint8."""
    from PIL import Image

    small = native(pixels)
    if small.shape[:2] == (_SIDE, _SIDE):
        return small
    image = Image.fromarray(small).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(image)


def _pdq(pixels: NDArray[np.uint8]) -> int | None:
    import pdqhash

    bits, quality = pdqhash.compute(np.ascontiguousarray(pixels[..., :3]))
    if quality < _PDQ_QUALITY:
        return None
    return int("".join("1" if bit else "0" for bit in bits), 2)


def plugged_in() -> list[str]:
    """Names of filters that other packages bring."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def make(
    names: Sequence[str], generator: Generator, known: Iterable[Rendering] = ()
) -> list[Filter]:
    """Filters by name, in this order: ``quality``, ``novelty``, or one that is plugged in.

    Args:
        names: what to filter by; a number after ``=`` sets the least score: ``novelty=0.2``.
        generator: the model whose works are judged.
        known: works that `novelty` compares with.

    Raises:
        WrongUse: there is no such filter, or its number is none.
        MissingPart: a plugged-in filter cannot be loaded.
    """
    out: list[Filter] = []
    for said in names:
        name, _, number = said.partition("=")
        try:
            least = float(number) if number else None
        except ValueError:
            raise WrongUse(f"filter {said!r}: {number!r} is no number") from None
        if name == "quality":
            out.append(Quality(generator) if least is None else Quality(generator, least))
        elif name == "novelty":
            novelty = Novelty() if least is None else Novelty(least)
            for work in known:
                novelty.remember(work)
            out.append(novelty)
        else:
            out.append(_plugged(name))
    return out


def _plugged(name: str) -> Filter:
    for point in entry_points(group=GROUP):
        if point.name == name:
            try:
                found = point.load()()
            except Exception as error:
                raise MissingPart(
                    f"filter {name} of {point.value} does not load: {error}",
                    "install or mend the package that brings it",
                ) from error
            if isinstance(found, Filter):
                return found
            raise MissingPart(f"filter {name} of {point.value} has no name and check")
    raise WrongUse(
        f"no filter is called {name!r}", ", ".join(["quality", "novelty", *plugged_in()])
    )

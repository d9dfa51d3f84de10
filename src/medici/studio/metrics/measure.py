"""A model's whole table: features, floor, controls, memorisation, all at the same n."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from medici.errors import WrongUse
from medici.studio.metrics.distances import NEIGHBOURS, Extractor, Normal, compare
from medici.studio.metrics.features import FeatureCache
from medici.studio.metrics.memorisation import memorisation
from medici.studio.metrics.table import FLOOR, HIGHER, LOWER, MODEL, Table
from medici.studio.pictures.finish import ground_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.families import Generator

    Pixels = NDArray[np.uint8]
    Features = NDArray[np.float64]

FIGURES = {
    "fid": LOWER,
    "kid": LOWER,
    "precision": HIGHER,
    "recall": HIGHER,
    "density": HIGHER,
    "coverage": HIGHER,
}
CONTROLS = ("noise", "collapse")
SAMPLES = 2000
_NOISE = 12
_COLLAPSED = 20
# Seeds of the grounds behind transparent pictures, one a role, and of the control's noise.
_GROUND_JUDGE, _GROUND_MODEL, _GROUND_FLOOR, _NOISE_SEED = 1, 2, 3, 4


class Pictures(Protocol):
    """A set of real pictures, as the data room reads it."""

    @property
    def pixels(self) -> Pixels:
        """(n, h, w, 4) uint8."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """File names, in order."""
        ...

    @property
    def root(self) -> str:
        """Merkle root over the samples."""
        ...


@dataclass(frozen=True, slots=True)
class Measuring:
    """How a model is to be measured.

    Attributes:
        n: works a side; fewer when a set is smaller.
        style: what the samples are steered with.
        extractor: ``NAME`` or ``NAME:FILE``, see `medici.studio.metrics.extractors`; families
            that are not judged by pictures have no use for it.
        cache: folder where features of real sets are kept; None keeps none.
    """

    n: int = SAMPLES
    style: Mapping[str, Any] = field(default_factory=dict)
    extractor: str | None = None
    cache: Path | None = None


@runtime_checkable
class Measures(Protocol):
    """What a family offers when its works can be measured."""

    def measure(self, model: Generator, train: Path, judge: Path, how: Measuring) -> Table:
        """Figures of a model, beside floor and controls.

        Args:
            model: of this family.
            train: what it was trained on.
            judge: fresh works of the same kind, seen by nothing before.
            how: n, style, extractor, cache.

        Raises:
            BadData: a folder cannot be used.
            WrongUse: too few works.
        """
        ...


def measure(model: Generator, train: Path, judge: Path, how: Measuring) -> Table:
    """A model's table, by its own family.

    Raises:
        WrongUse: the family measures nothing, or there are too few works.
        BadData: a folder cannot be used.
        MissingPart: the extractor is not there.
    """
    from medici.studio.families import family

    room = family(model.record.family)
    if not isinstance(room, Measures):
        raise WrongUse(
            f"models of the family {room.name} have no figures", "look at the works themselves"
        )
    return room.measure(model, train, judge, how)


def picture_table(
    made: Pixels,
    train: Pictures,
    judge: Pictures,
    extractor: Extractor,
    *,
    n: int = SAMPLES,
    cache: Path | None = None,
    about: Mapping[str, Any] | None = None,
) -> Table:
    """Figures of sampled pictures, beside floor and controls.

    Pictures of both sides are set on grounds drawn at random where they are transparent. Row
    ``floor`` is training pictures against the judging set (what a perfect model would score),
    ``noise`` is the judging set with noise of σ 12 grey levels, ``collapse`` is 20 samples over
    and over, or a tenth of fewer than 200. Real pictures are drawn from their sets once and
    for all, not taken from the front.

    Args:
        made: (m, h, w, 4) uint8 samples, sample i from seed i.
        train: what the model was trained on, at the same size.
        judge: fresh pictures, at the same size.
        extractor: turns pictures into features.
        n: pictures a side; fewer when a set is smaller.
        cache: folder where features of real sets are kept; None keeps none.
        about: more for the table: style …

    Raises:
        WrongUse: not more than five pictures on a side, or sizes differ.
    """
    n = min(n, len(made), len(judge.pixels), len(train.pixels))
    if n <= NEIGHBOURS:
        raise WrongUse(f"{n} pictures a side are too few: figures need more than {NEIGHBOURS}")
    sizes = {p.shape[1:] for p in (made, train.pixels, judge.pixels)}
    if len(sizes) > 1:
        raise WrongUse(f"samples and real pictures have different sizes: {sorted(sizes)}")
    made = made[:n]
    real = _Real(judge, n, extractor, FeatureCache(cache))
    against = real.features("judge", _GROUND_JUDGE)
    ours = extractor.features(ground_for(made, seed=_GROUND_MODEL))
    floor = _Real(train, n, extractor, FeatureCache(cache)).features("train", _GROUND_FLOOR)
    noisy = real.features("noise", _GROUND_JUDGE, noise=_NOISE)
    kept = min(_COLLAPSED, max(1, n // 10))  # of few works 20 would be all, and no collapse
    collapsed = np.resize(ours[:kept], ours.shape)
    notes = {
        "noise": f"σ {_NOISE} grey levels",
        "collapse": f"{kept} sample{'s' if kept > 1 else ''} over and over",
    }
    sides = {MODEL: ours, FLOOR: floor, "noise": noisy, "collapse": collapsed}
    known = Normal(against)
    rows = {name: compare(against, side, known) for name, side in sides.items()}
    copying = memorisation(made, train.pixels, real.pixels, train.names)
    return Table(
        extractor=extractor.name,
        n=n,
        figures=FIGURES,
        rows=rows,
        controls=CONTROLS,
        about={
            "neighbours": NEIGHBOURS,
            "control_notes": notes,
            **(about or {}),
            "memorisation": copying,
        },
        warnings=tuple(copying["warnings"]),
    )


class _Real:
    """So many pictures of a real set, and their features, kept between measurings."""

    def __init__(
        self, pictures: Pictures, n: int, extractor: Extractor, cache: FeatureCache
    ) -> None:
        self.root, self.extractor, self.cache, self.n = pictures.root, extractor, cache, n
        # Files are sorted by name, and names often by class: the first n would be no fair draw.
        drawn = np.random.default_rng(0).permutation(len(pictures.pixels))[:n]
        self.pixels = pictures.pixels[np.sort(drawn)]

    def features(self, role: str, ground: int, noise: int = 0) -> Features:
        return self.cache.get(
            root=str(self.root),
            extractor=self.extractor.name,
            n=self.n,
            grounds=f"{role}, draw 0, grounds {ground}, noise {noise}",
            make=lambda: self._make(ground, noise),
        )

    def _make(self, ground: int, noise: int) -> Features:
        pixels = ground_for(self.pixels, seed=ground)
        if noise:
            loud = pixels + np.random.default_rng(_NOISE_SEED).normal(0, noise, pixels.shape)
            pixels = np.clip(np.rint(loud), 0, 255).astype(np.uint8)
        return self.extractor.features(pixels)

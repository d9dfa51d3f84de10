"""One table of a texture model: its seams, its statistics and its crops, beside real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import WrongUse
from medici.studio.metrics.distances import NEIGHBOURS, compare
from medici.studio.metrics.table import FLOOR, HIGHER, LOWER, MODEL, Table
from medici.studio.textures import metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from medici.studio.metrics.distances import Extractor
    from medici.studio.textures.data import Material, MaterialSet
    from medici.studio.textures.model import TextureModel

    Pictures = Sequence[NDArray[np.uint8]]

# Of crops four say enough: more would not fit on a terminal beside the rest.
_PATCHES = {"fid": LOWER, "kid": LOWER, "precision": HIGHER, "recall": HIGHER}
_STATISTICS = ("seam", "histogram", "spectrum", "correlation")
FIGURES = dict.fromkeys(_STATISTICS, LOWER) | _PATCHES
CONTROLS = ("shuffled", "noise", "collapse")
SAMPLES = 500
_JUDGED = 12
# One border says little by itself: seams are measured on many textures, as small as they may be.
_SEAMED = 96
_NARROW = 64
_TURNS = 4
_BLOCK = 8
_NOISE = 24


def measure(
    model: TextureModel,
    train: MaterialSet,
    judge: MaterialSet,
    extractor: Extractor,
    n: int = SAMPLES,
    style: Mapping[str, Any] | None = None,
) -> Table:
    """Figures of a model's textures, means over its materials; ``about`` has each material's.

    ``seam`` is by how much the borders that meet in tiling step more or less than inner ones (0.05
    is 5 %); ``histogram``, ``spectrum`` and ``correlation`` are distances of mean statistics, see
    `medici.studio.textures.metrics.distances`; the rest is of crops.

    Args:
        model: what is judged; seeds 0 to 11 of each material, for seams 96 smaller textures.
        train: what it was trained on: a row of its own, with the borders of no seam.
        judge: fresh pictures of the same materials, at least 192 pixels wide.
        extractor: turns crops into features.
        n: crops a side, at most 500.
        style: a ``material`` keeps to one; else all of them are measured.

    Raises:
        WrongUse: too few crops, too small pictures, or a material of which there are none.
    """
    n = min(n, SAMPLES)
    if n <= NEIGHBOURS:
        raise WrongUse(f"{n} crops a side are too few: figures need more than {NEIGHBOURS}")
    style = dict(style or {})
    names = [str(style["material"])] if "material" in style else list(model.materials)
    side = model.network.cell * 16
    told = {}
    for name in names:
        asked = {**style, "material": name, "width": side, "height": side}
        made = [metrics.three(model.light(seed, asked)) for seed in range(_JUDGED)]
        learned = _pictures(train, name, model)
        small = {**asked, "width": _NARROW, "height": _NARROW}
        seamed = [metrics.three(model.light(seed, small)) for seed in range(_SEAMED)]
        told[name] = _rows(
            (made, seamed), learned, _pictures(judge, name, model), extractor, n, side
        )
    rows = {
        row: {f: float(np.mean([one[row][f] for one in told.values()])) for f in FIGURES}
        for row in next(iter(told.values()))
    }
    known = "judged by the pictures that it was trained on: give fresh ones as --judge"
    return Table(
        extractor=f"{extractor.name}, crops of {metrics.CROP}",
        n=n,
        figures=FIGURES,
        rows=rows,
        controls=CONTROLS,
        about={
            "style": style,
            "textures": _JUDGED,
            "seamed": _SEAMED,
            "side": side,
            "materials": _rounded(told),
        },
        warnings=(known,) if train.root == judge.root else (),
    )


def _pictures(data: MaterialSet, name: str, model: TextureModel) -> list[NDArray[np.uint8]]:
    """A material's pictures; a folder without subfolders is that of a model of one material."""
    alone = len(data.materials) == len(model.materials) == 1
    found: Material | None = next((m for m in data.materials if alone or m.name == name), None)
    if found is None:
        raise WrongUse(f"there are no real pictures of {name}", "folders: " + ", ".join(data.names))
    return [metrics.three(p) for p in found.pictures]


def _rows(
    ours: tuple[Pictures, Pictures],
    learned: Pictures,
    real: Pictures,
    extractor: Extractor,
    n: int,
    side: int,
) -> dict[str, dict[str, float]]:
    """All rows of one material; `ours` are textures, and smaller ones for their seams."""
    made, seamed = ours
    random = np.random.default_rng(4)
    left, right = metrics.halves(real)
    whole = [p[: len(p) // _BLOCK * _BLOCK, : p.shape[1] // _BLOCK * _BLOCK] for p in real]
    mixed = [metrics.shuffled(p[None], random, _BLOCK)[0] for p in whole]
    loud = [p + random.normal(0, _NOISE, p.shape) for p in real]
    noisy = [np.clip(np.rint(p), 0, 255).astype(np.uint8) for p in loud]
    patches = metrics.patch_rows(real, made, extractor, n)
    patches["training"] = compare(
        extractor.features(metrics.crops(real, n, 1)),
        extractor.features(metrics.crops(learned, n, 7)),
    )
    seams = {
        MODEL: seamed,
        FLOOR: _turned(real, _NARROW),
        "training": _turned(learned, _NARROW),
        "shuffled": [t for p in mixed for t in metrics.tiles(p, _NARROW)],
        "noise": [t for p in noisy for t in metrics.tiles(p, _NARROW)],
        "collapse": seamed[:1],
    }
    statistics = {
        MODEL: metrics.between(real, made, side),
        FLOOR: metrics.between(left, right, side),
        "training": metrics.between(real, learned, side),
        "shuffled": metrics.between(real, mixed, side),
        "noise": metrics.between(real, noisy, side),
        "collapse": metrics.between(real, made[:1], side),
    }
    return {
        row: {
            "seam": abs(metrics.seam_excess(seams[row])),
            **statistics[row],
            **{figure: patches[row][figure] for figure in _PATCHES},
        }
        for row in seams
    }


def _turned(pictures: Pictures, side: int) -> list[NDArray[np.uint8]]:
    """Squares turned round at random: inner neighbours meet in tiling, as without any seam."""
    random = np.random.default_rng(5)
    return [
        np.roll(tile, random.integers(1, min(tile.shape[:2]) - 1, 2), (0, 1))
        for picture in pictures
        for tile in metrics.tiles(picture, side)
        for _ in range(_TURNS)
    ]


def _rounded(told: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    return {
        name: {row: {f: round(v, 5) for f, v in one.items()} for row, one in rows.items()}
        for name, rows in told.items()
    }

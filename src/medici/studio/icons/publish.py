"""From a training run to a model folder: integers, record, figures, filter, sheet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from medici.errors import BadWeights
from medici.records import Digest, ModelRecord
from medici.studio.exact.identity import RENDERER
from medici.studio.families import RECORD, WEIGHTS
from medici.studio.icons.bodies import trainer
from medici.studio.icons.export import to_exact
from medici.studio.icons.judging import icon_table
from medici.studio.icons.model import IconModel
from medici.studio.icons.quality import STATISTICS, Statistics
from medici.studio.icons.sheets import COLUMNS, ROWS, save_sheet
from medici.studio.icons.trainer import SCHEMA, Recipe
from medici.studio.metrics.features import default_cache
from medici.studio.metrics.measure import Measuring
from medici.studio.metrics.memorisation import copying_without_fresh, warn_of
from medici.studio.training.publishing import about_data, staged, versions, write_json
from medici.studio.training.snapshots import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.icons.data import IconSet
    from medici.studio.metrics.distances import Extractor

METRICS, CURVES, SHEET = "metrics.json", "curves.json", "sheet.png"
ARCHITECTURES = {
    "codes": "autoencoder with finite scalar quantisation, autoregressive prior over its codes",
    "gan": "one-channel GAN, DCGAN body, norm-free conditional discriminator",
}


@staged
def publish(
    best: Path,
    out: Path,
    *,
    train: IconSet,
    name: str,
    curves: Mapping[str, Any],
    judge: IconSet | None = None,
    extractor: Extractor | None = None,
    psi: int = 1000,
    n: int = 2000,
) -> ModelRecord:
    """Export a run's best moment and write everything that ships with a model.

    Args:
        best: what a run kept.
        out: model folder; its files are replaced.
        train: the icons it was trained on.
        name: short name for the record.
        curves: the run's series, for the pages.
        judge: fresh icons, seen by nothing before; figures are measured against them.
        extractor: features for the figures; EfficientNet-Lite0 by default.
        psi: the model's default temperature or truncation, in thousandths.
        n: icons a side in the figures; fewer when a set is smaller.

    Raises:
        BadWeights: the run's weights cannot be made exact, or are of other data.
    """
    about, _ = read_snapshot(best, SCHEMA)
    recipe = Recipe.from_json(about["recipe"])
    if recipe.shape.looks != len(train.looks):
        raise BadWeights(f"{best} knows {recipe.shape.looks} looks, not {len(train.looks)}")
    state = trainer(train, recipe, int(about["seed"]), torch.device("cpu"))
    state.load(best)
    exact = to_exact(state, train.looks, psi)
    digest = exact.save(out / WEIGHTS)
    record = ModelRecord(
        id=exact.id,
        name=name,
        family="icons",
        renderer=RENDERER,
        weights_sha256=digest,
        data_root=train.root,
        data_licence=train.licence,
        training={
            "architecture": ARCHITECTURES[recipe.body],
            **{k: about[k] for k in ("recipe", "seed", "step", "spent")},
            "data": about_data(train.source, len(train.names)),
            "versions": versions(),
            "certificate": exact.certificate,
        },
    )
    model = IconModel(exact, record, out)
    statistics = Statistics.of(model, train.pixels, train.classes).save(out / STATISTICS)
    stated = {**record.training, "statistics_sha256": Digest.of(statistics)}
    model.record = record = replace(record, training=stated)
    save_sheet(model.greys(range(COLUMNS * ROWS)), out / SHEET)
    measured: dict[str, Any] = {"measured": "no held-out icons were given"}
    if judge is not None:
        measured = icon_table(
            model, train, judge, Measuring(n=n, cache=default_cache()), extractor
        ).as_json()
    else:
        greys = model.greys(range(n))[..., None]
        measured["memorisation"] = told = copying_without_fresh(
            greys, train.pixels[..., None], train.names
        )
        warn_of(told)
    full = replace(record, bias_report=bias(model, train), metrics=measured)
    write_json(out / METRICS, measured)
    write_json(out / CURVES, curves)
    write_json(out / RECORD, full.as_json())
    return full


def bias(model: IconModel, train: IconSet, n: int = 1000) -> dict[str, Any]:
    """How data and samples are distributed: looks, share of ink, mirror symmetry."""
    made = model.greys(range(n))
    looks = model.looks_of(range(n))

    def told(greys: NDArray[np.uint8], classes: NDArray[np.int64]) -> dict[str, Any]:
        ink = greys > 127
        both = (ink & ink[:, :, ::-1]).sum((1, 2)) / np.maximum(
            (ink | ink[:, :, ::-1]).sum((1, 2)), 1
        )
        shares = np.bincount(classes, minlength=len(model.looks)) / len(classes)
        named = zip(model.looks, shares.tolist(), strict=True)
        quartiles = np.quantile(ink.mean((1, 2)), (0.25, 0.5, 0.75))
        return {
            "looks": {name or "all": round(share, 4) for name, share in named},
            "ink_quartiles": [round(q, 4) for q in quartiles.tolist()],
            "symmetric": round(float((both > 0.95).mean()), 4),
        }

    return {
        "data": told(train.pixels, train.classes),
        "samples": told(made, looks),
        "about": f"{len(train.names)} training icons; {n} exact renderings, seeds 0 to {n - 1}",
    }

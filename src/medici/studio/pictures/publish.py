"""From a training run to a model folder: integers, record, metrics, bias report, sheet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medici.records import Digest, ModelRecord
from medici.studio.exact.identity import RENDERER
from medici.studio.families import RECORD, WEIGHTS
from medici.studio.making.sheet import save_sheet
from medici.studio.metrics.measure import SAMPLES, picture_table
from medici.studio.metrics.memorisation import copying_without_fresh, warn_of
from medici.studio.pictures.bias import attribute_report, colour_report
from medici.studio.pictures.model import PictureModel
from medici.studio.pictures.quality import STATISTICS, Statistics
from medici.studio.training.publishing import about_data, staged, versions, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from medici.studio.data.folder import PictureSet
    from medici.studio.data.sampling import Samples
    from medici.studio.exact.identity import ExactModel
    from medici.studio.metrics.distances import Extractor
    from medici.studio.metrics.table import Table

METRICS = "metrics.json"
CURVES = "curves.json"
SHEET = "sheet.png"
_SHOWN = 160
# What nobody judges by is drawn as fast as may be: as many pixels as these samples have.
_FULL_SIDE = 32
_LEAST = 200


@staged
def publish(
    exact: ExactModel,
    out: Path,
    *,
    train: PictureSet,
    name: str,
    training: Mapping[str, Any],
    whole: Samples | None = None,
    curves: Sequence[Mapping[str, Any]] = (),
    judge: PictureSet | None = None,
    tune: PictureSet | None = None,
    extractor: Extractor | None = None,
    n: int = SAMPLES,
) -> ModelRecord:
    """Write everything that ships with a picture model.

    Args:
        exact: the model in integers.
        out: model folder; its files are replaced.
        train: the pictures it was trained on, or a portion of them to take statistics from.
        whole: the set they are a portion of; None where they are all.
        name: short name for the record.
        training: how it was trained: architecture, recipe, seed, steps, time spent.
        curves: losses and figures by step.
        judge: fresh pictures, seen by nothing before; figures are measured against them.
        tune: other fresh pictures, for the bias reader's accuracy.
        extractor: features for the figures; none are measured without it or without `judge`.
        n: pictures a side in the figures; where none are measured, see `samples_for`.

    Raises:
        BadWeights: the exact model is not of this family.
    """
    whole = whole or train
    digest = exact.save(out / WEIGHTS)
    statistics = Statistics.of(train.pixels).save(out / STATISTICS)
    record = ModelRecord(
        id=exact.id,
        name=name,
        family="pictures",
        renderer=RENDERER,
        weights_sha256=digest,
        data_root=whole.root,
        data_licence=whole.licence,
        training={
            **training,
            "data": about_data(whole.source, len(whole)),
            "versions": versions(),
            "statistics_sha256": Digest.of(statistics),
            "certificate": exact.certificate,
        },
    )
    model = PictureModel(exact, record, out)
    judged = judge is not None and extractor is not None
    n = n if judged else samples_for(model.side, n)
    made = model.natives(range(n), {"ground": "transparent"})
    shown = model.natives(range(_SHOWN), {"ground": "auto"})
    save_sheet(shown, out / SHEET, columns=16, scale=max(1, 64 // model.side))
    bias: dict[str, Any] = {
        "data": f"{len(train.names)} training pictures",
        "samples": f"{n} exact renderings, seeds 0 to {n - 1}, psi {model.psi / 1000}",
        "colours": colour_report(train.pixels, made),
    }
    if tune is not None:
        bias["attributes"] = attribute_report(train, tune, made)
    measured: dict[str, Any] = {"measured": "no held-out pictures were given"}
    if judge is not None and extractor is not None:
        measured = measure(model, train, judge, extractor, n, made=made).as_json()
    elif judge is None and tune is None:
        # The run had nothing to judge by, so nobody has looked yet.
        measured["memorisation"] = told = copying_without_fresh(made, train.pixels, train.names)
        warn_of(told)
    full = replace(record, bias_report=bias, metrics=measured)
    write_json(out / METRICS, measured)
    write_json(out / CURVES, list(curves))
    write_json(out / RECORD, full.as_json())
    return full


def samples_for(side: int, n: int = SAMPLES) -> int:
    """How many samples a report without figures is drawn from.

    Args:
        side: of the model's pictures; up to 32 pixels it is all of them, above as many pixels.
        n: all of them.
    """
    return min(n, max(_LEAST, n * _FULL_SIDE**2 // max(side, _FULL_SIDE) ** 2))


def measure(
    model: PictureModel,
    train: PictureSet,
    judge: PictureSet,
    extractor: Extractor,
    n: int = SAMPLES,
    style: Mapping[str, Any] | None = None,
    cache: Path | None = None,
    made: NDArray[np.uint8] | None = None,
) -> Table:
    """The figures of a model; see `medici.studio.metrics.measure.picture_table`.

    Args:
        model: is drawn from seeds 0 to n - 1.
        train: what it was trained on.
        judge: fresh pictures.
        extractor: features for the figures.
        n: pictures a side.
        style: of the samples.
        cache: folder where features of real sets are kept; None keeps none.
        made: the samples, where they are drawn already.
    """
    if made is None:
        made = model.natives(range(n), {**(style or {}), "ground": "transparent"})
    told = {**(style or {}), "psi": model.parse(style).psi / 1000}
    return picture_table(made, train, judge, extractor, n=n, cache=cache, about={"style": told})

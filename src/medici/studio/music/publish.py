"""From a training run to a model folder: integers, record, metrics, curves, sheet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.records import Digest, ModelRecord
from medici.studio.exact.identity import RENDERER
from medici.studio.families import RECORD, WEIGHTS
from medici.studio.metrics.table import MODEL
from medici.studio.music import measuring, metrics, sheet
from medici.studio.music.export import about_network, to_model
from medici.studio.music.model import MusicModel
from medici.studio.music.trainer import load_trained
from medici.studio.training.curves import Curves
from medici.studio.training.publishing import about_data, staged, versions, write_json
from medici.studio.training.run import BEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medici.studio.music.score import Score
    from medici.studio.music.scores import ScoreSet

METRICS = "metrics.json"
CURVES = "curves.json"
SHEET = "sheet.png"
# Temperatures that are tried on the tuning scores, in thousandths.
_TRIED = (700, 800, 850, 900, 950, 1000)
_TRIED_WITH = 96
_SHEET = 12


@staged
def publish(
    run: Path,
    out: Path,
    train: ScoreSet,
    *,
    name: str,
    tune: ScoreSet | None = None,
    judge: ScoreSet | None = None,
    psi: int | None = None,
    beside: Mapping[str, tuple[Sequence[Score], Mapping[str, Any]]] | None = None,
    n: int | None = None,
) -> ModelRecord:
    """Export a run's best network and write everything that ships with a model.

    Args:
        run: training folder.
        out: model folder; its files are replaced.
        train: what it was trained on.
        name: short name for the record.
        tune: fresh scores; with them the default temperature is the one that comes nearest.
        judge: other fresh scores, for the figures; none are measured without it.
        psi: the default temperature in thousandths, instead of a search.
        beside: works of other models, for more rows in the table, and what is to be known of each.
        n: samples in the figures; `measuring.SAMPLES` without it.

    Raises:
        BadWeights: the run's weights cannot be made exact.
    """
    network, about = load_trained(run / BEST)
    tried: dict[str, float] = {}
    if psi is None and tune is not None:
        tried = temperatures(network, train, tune)
        psi = int(min(tried, key=lambda key: tried[key]))
    exact = to_model(network, train.scores, **({} if psi is None else {"psi": psi}))
    digest = exact.save(out / WEIGHTS)
    record = ModelRecord(
        id=exact.id,
        name=name,
        renderer=RENDERER,
        weights_sha256=digest,
        data_root=train.root,
        data_licence=train.licence,
        family="music",
        training={
            "architecture": "autoregressive sequence over four voices, table sums and residual "
            "layers",
            **about_network(about),
            "temperatures": tried,
            "data": about_data(train.source, len(train.scores), steps=train.steps),
            "versions": versions("mido", "music21"),
            "certificate": exact.certificate,
        },
    )
    model = MusicModel(exact, record, out)
    made = model.compose(range(n or measuring.SAMPLES))
    sheet.save(sheet.of_scores(made[:_SHEET]), out / SHEET)
    measured: dict[str, Any] = {"measured": "no held-out scores were given"}
    if judge is not None:
        style = {"psi": exact.about["psi"] / 1000}
        others = beside or {}
        rows = {MODEL: made, **{name: works for name, (works, _) in others.items()}}
        notes = {"style": style, "beside": {name: dict(told) for name, (_, told) in others.items()}}
        measured = measuring.table(rows, train.scores, judge.scores, notes).as_json()
    full = replace(record, bias_report=bias(train.scores, made), metrics=measured)
    write_json(out / METRICS, measured)
    write_json(out / CURVES, Curves(run).series())
    write_json(out / RECORD, full.as_json())
    return full


def temperatures(network: Any, train: ScoreSet, tune: ScoreSet) -> dict[str, float]:
    """For each temperature how far samples are from fresh works: the mean over barred figures.

    Training works stand in for fresh ones where they are counted rarely: crossings of voices in a
    few dozen pieces differ by a third from set to set.
    """
    both = [*train.scores, *tune.scores]
    fresh = metrics.figures(metrics.windows(both))
    out = {}
    for psi in _TRIED:
        exact = to_model(network, train.scores, psi)
        record = ModelRecord(exact.id, "trial", RENDERER, Digest("0" * 64), train.root, "")
        made = MusicModel(exact, record, Path()).compose(range(_TRIED_WITH))
        told = metrics.figures(metrics.windows(made))
        out[str(psi)] = round(
            float(np.mean([metrics.off(told[f], fresh[f]) for f in metrics.FIGURES])), 4
        )
    return out


def bias(train: Sequence[Score], made: Sequence[Score]) -> dict[str, Any]:
    """Shares of keys and modes in data and samples, and pitches by voice."""
    report: dict[str, Any] = {
        "data": f"{len(train)} training pieces",
        "samples": f"{len(made)} exact works, seeds 0 to {len(made) - 1}",
    }
    for title, scores in (("data", train), ("samples", made)):
        keys = [score.key for score in scores]
        report[f"minor_{title}"] = round(float(np.mean([mode for _, mode in keys])), 4)
        tonics = np.bincount([tonic for tonic, _ in keys], minlength=12) / max(len(keys), 1)
        report[f"tonics_{title}"] = [round(float(x), 4) for x in tonics]
        pitches = np.concatenate([score.pitches for score in scores]).astype(float)
        pitches[pitches < 0] = np.nan
        report[f"pitch_range_{title}"] = [
            [float(x) for x in np.nanpercentile(pitches[:, v], [5, 50, 95])] for v in range(4)
        ]
    difference = np.abs(np.subtract(report["tonics_data"], report["tonics_samples"])).sum() / 2
    report["tonics_total_variation"] = round(float(difference), 4)
    return report

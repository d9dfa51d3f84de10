"""One table of a music model: beside fresh works, what they learned from, and shuffled works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import WrongUse
from medici.studio.metrics.table import FLOOR, MODEL, NEAR, Table
from medici.studio.music import metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medici.studio.music.model import MusicModel
    from medici.studio.music.score import Score
    from medici.studio.music.scores import ScoreSet

EXTRACTOR = "counted in notes, windows of 32 eighths"
FRESH = "fresh"
BAR = 0.15
CONTROLS = ("shuffled voices", "shuffled time")
SAMPLES = 256
_BARS = 8


def measure(
    model: MusicModel,
    train: ScoreSet,
    judge: ScoreSet,
    n: int = SAMPLES,
    style: Mapping[str, Any] | None = None,
) -> Table:
    """Figures of a model's samples, seeds 0 to n - 1.

    Raises:
        WrongUse: no fresh score is as long as a window.
    """
    told = {"bars": _BARS, **(style or {})}
    made = model.compose(range(min(n, SAMPLES)), told)
    return table({MODEL: made}, train.scores, judge.scores, {"style": told})


def table(
    made: Mapping[str, Sequence[Score]],
    train: Sequence[Score],
    judge: Sequence[Score],
    about: Mapping[str, Any] | None = None,
) -> Table:
    """Figures of several models' works in one table.

    The floor is the fresh works themselves: what a perfect model would reach. ``training`` shows
    how far real works are from other real works.

    Args:
        made: works by model, ``model`` among them.
        train: what they learned from.
        judge: fresh works.
        about: more for the table.

    Raises:
        WrongUse: no fresh score is as long as a window.
    """
    fresh = metrics.windows(judge)
    if not fresh:
        raise WrongUse(f"no fresh score has {metrics.WINDOW} eighths", "give longer ones")
    rows = {name: metrics.figures(metrics.windows(works)) for name, works in made.items()}
    rows |= {
        FLOOR: metrics.figures(fresh),
        "training": metrics.figures(metrics.windows(train)),
        CONTROLS[0]: metrics.figures(metrics.shuffled_voices(fresh)),
        CONTROLS[1]: metrics.figures(metrics.shuffled_time(fresh)),
    }
    off = {
        name: {f: round(metrics.off(row[f], rows[FLOOR][f]), 4) for f in metrics.BARRED}
        for name, row in rows.items()
        if name != FLOOR
    }
    copies = copying(made[MODEL], train, judge)
    return Table(
        extractor=EXTRACTOR,
        n=len(metrics.windows(made[MODEL])),
        figures=dict.fromkeys(metrics.FIGURES, NEAR),
        rows=rows,
        controls=CONTROLS,
        about={
            **(about or {}),
            "fresh_windows": len(fresh),
            "off_the_floor": off,
            "bar": BAR,
            "reached": all(value <= BAR for value in off[MODEL].values()),
            "memorisation": copies,
        },
        warnings=tuple(copies["warnings"]),
    )


def copying(
    made: Sequence[Score], train: Sequence[Score], judge: Sequence[Score]
) -> dict[str, Any]:
    """Longest runs that stand in a training piece, of samples and of fresh works, in quarters."""
    ours = metrics.longest_copies(made, train)
    fresh = metrics.longest_copies(judge, train)
    warnings = []
    if np.percentile(ours, 95) > max(np.percentile(fresh, 95) + 2, 8):
        warnings.append(
            f"one sample in twenty repeats {int(np.percentile(ours, 95))} quarters or more of a "
            f"training piece; fresh works repeat {int(np.percentile(fresh, 95))}"
        )
    return {
        "unit": "quarters, all four voices, in any key",
        "samples": _spread(ours),
        "fresh": _spread(fresh),
        "warnings": warnings,
    }


def _spread(lengths: Sequence[int]) -> dict[str, float]:
    median, high = np.percentile(lengths, [50, 95])
    return {"median": float(median), "p95": float(high), "longest": float(max(lengths))}

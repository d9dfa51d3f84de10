"""When more training stops helping."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Plateau:
    """Ends a run whose metric has stopped falling.

    The rule: a judgement counts as progress when it is at least `least` (a share) below the best
    one before; after `patience` judgements in a row without progress the run ends. What has been
    judged fewer than `patience` times never ends that way.

    Attributes:
        patience: judgements in a row; 0 never ends a run.
        least: relative improvement that counts.
        best: lowest so far.
        waited: judgements since the last progress.

    Source: Prechelt 1998, "Early stopping — but when?", criterion UP in its relative form.
    """

    patience: int = 0
    least: float = 0.01
    best: float = float("inf")
    waited: int = 0

    def judged(self, metric: float) -> bool:
        """Tell the next judgement; whether the run is to end."""
        if metric < self.best * (1 - self.least) or self.best == float("inf"):
            self.best, self.waited = min(self.best, metric), 0
        else:
            self.waited += 1
        return bool(self.patience) and self.waited >= self.patience

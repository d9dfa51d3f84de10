"""Settings of a run that are the same in every family."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse
from medici.studio.training.settings import typed

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is kept, watched and ended.

    Attributes:
        cpu_seconds: ends the run after so much processor time of its steps; None for no such end.
        note_steps: losses are noted every so many steps.
        snapshot_seconds: a snapshot is written at least so often.
        judge_seconds: weights are judged and a sample sheet is drawn so often at the most.
        judge_share: and less often where it would take more than this share of all processor time.
        patience: judgements without progress that end the run; 0 never does (see `Plateau`).
        trackers: plug-ins that are told, beside TensorBoard.
        deterministic: only algorithms that give the same bits each time.
        recoveries: how often a run that diverged is taken back to its snapshot before it ends.
    """

    cpu_seconds: float | None = None
    note_steps: int = 20
    snapshot_seconds: float = 120.0
    judge_seconds: float = 420.0
    judge_share: float = 0.2
    patience: int = 0
    trackers: tuple[str, ...] = ()
    deterministic: bool = False
    recoveries: int = 3

    @classmethod
    def take(cls, settings: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
        """The options among a family's settings, and the settings that are left to the family.

        Raises:
            WrongUse: a value of another type.
        """
        rest = dict(settings)
        if isinstance(rest.get("trackers"), str):
            rest["trackers"] = (rest["trackers"],)
        mine = typed(cls, {k: v for k, v in rest.items() if not (k == "trackers" and v == [])})
        if mine.get("note_steps") == 0:
            raise WrongUse("note_steps must be a whole number from 1 up, not 0")
        if not 0 < mine.get("judge_share", 1.0) <= 1:
            raise WrongUse(f"judge_share must be over 0 and at most 1, not {mine['judge_share']}")
        names = {known.name for known in fields(cls)}
        return cls(**mine), {k: v for k, v in rest.items() if k not in names}

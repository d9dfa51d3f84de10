"""Settings of a run that are the same in every family."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is kept, watched and ended.

    Attributes:
        cpu_seconds: ends the run after so much processor time of its steps; None for no such end.
        note_steps: losses are noted every so many steps.
        snapshot_seconds: a snapshot is written at least so often.
        judge_seconds: weights are judged and a sample sheet is drawn so often.
        patience: judgements without progress that end the run; 0 never does (see `Plateau`).
        trackers: plug-ins that are told, beside TensorBoard.
        deterministic: only algorithms that give the same bits each time.
        recoveries: how often a run that diverged is taken back to its snapshot before it ends.
    """

    cpu_seconds: float | None = None
    note_steps: int = 20
    snapshot_seconds: float = 120.0
    judge_seconds: float = 420.0
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
        rest, mine = dict(settings), {}
        for known in fields(cls):
            if known.name not in rest:
                continue
            value = rest.pop(known.name)
            if known.name == "trackers":
                value = (value,) if isinstance(value, str) else tuple(value)
            elif known.name == "deterministic":
                if not isinstance(value, bool):
                    raise WrongUse(f"setting deterministic is true or false, not {value!r}")
            elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise WrongUse(f"setting {known.name} is a number from 0 up, not {value!r}")
            mine[known.name] = value
        return cls(**mine), rest

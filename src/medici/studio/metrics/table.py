"""The one form of every family's figures: rows beside a floor and controls, never alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL, FLOOR = "model", "floor"
LOWER, HIGHER, NEAR = "lower", "higher", "near the floor"
_CONTROLS = 2


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of a model, what a perfect model would score, and what bad ones score.

    Attributes:
        extractor: what turned works into numbers, with version and input size.
        n: works a side.
        figures: each figure's name and which way is better: `LOWER`, `HIGHER` or `NEAR` (as close
            to the floor as can be, on either side).
        rows: row name → figure name → value. ``model`` is judged; ``floor`` is real works against
            other real works; further rows may be baselines.
        controls: rows that must look bad (noise, collapse, shuffled works …): at least two.
        about: more to know, JSON values only: style, neighbours, memorisation, ``control_notes``
            (control → what it is, in a few words) …
        warnings: sentences that a reader must not miss.

    Raises:
        WrongUse: a row is missing, or a row lacks a figure.
    """

    extractor: str
    n: int
    figures: Mapping[str, str]
    rows: Mapping[str, Mapping[str, float]]
    controls: tuple[str, ...]
    about: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        missing = {MODEL, FLOOR, *self.controls} - set(self.rows)
        if missing or len(self.controls) < _CONTROLS:
            told = ", ".join(sorted(missing)) or "two negative controls"
            raise WrongUse(f"a table of figures lacks {told}", "no figure is shown alone")
        for name, row in self.rows.items():
            if set(row) != set(self.figures):
                raise WrongUse(f"row {name} holds {sorted(row)}, not {sorted(self.figures)}")

    def gap(self, row: str, figure: str) -> float:
        """How far a row is from ideal, smaller is better, whichever way the figure counts."""
        value, way = self.rows[row][figure], self.figures[figure]
        if way == NEAR:
            return abs(value - self.rows[FLOOR][figure])
        return value if way == LOWER else -value

    def misleading(self) -> list[str]:
        """Figures by which a control is at least as good as the model: alone they would mislead."""
        return [
            f"{control} is not worse than the model by {figure}"
            for figure in self.figures
            for control in self.controls
            if self.gap(control, figure) <= self.gap(MODEL, figure)
        ]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        rows = {
            name: {k: round(float(v), 5) for k, v in row.items()} for name, row in self.rows.items()
        }
        return {
            "extractor": self.extractor,
            "n": self.n,
            **self.about,
            "figures": dict(self.figures),
            "rows": rows,
            "controls": list(self.controls),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Table:
        """Read what `as_json` wrote.

        Raises:
            WrongUse: it is no table.
        """
        own = {"extractor", "n", "figures", "rows", "controls", "warnings"}
        try:
            return cls(
                extractor=str(data["extractor"]),
                n=int(data["n"]),
                figures=dict(data["figures"]),
                rows={name: dict(row) for name, row in data["rows"].items()},
                controls=tuple(data["controls"]),
                about={k: v for k, v in data.items() if k not in own},
                warnings=tuple(data["warnings"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WrongUse(f"this is no table of figures: {error!r}") from error

    def columns(self) -> list[str]:
        """Headings for people; the arrow says which way is better."""
        arrows = {LOWER: "↓", HIGHER: "↑", NEAR: "→ floor"}
        return ["", *(f"{name} {arrows[way]}" for name, way in self.figures.items())]

    def lines(self) -> list[list[str]]:
        """Cells for people: the model first, then other rows, the floor, the controls."""
        last = (FLOOR, *self.controls)
        order = [MODEL, *(r for r in self.rows if r != MODEL and r not in last), *last]
        return [[self._label(r), *(number(self.rows[r][f]) for f in self.figures)] for r in order]

    def _label(self, row: str) -> str:
        if row == FLOOR:
            return "floor (real against real)"
        if row not in self.controls:
            return row
        note = self.about.get("control_notes", {}).get(row)
        return f"control: {row} ({note})" if note else f"control: {row}"


def number(value: float) -> str:
    """A figure as people read it: three digits that count."""
    if value != value:
        return "–"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"

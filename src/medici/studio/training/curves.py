"""What a run noted by step, as data that pages can plot: figures, events, sample sheets."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from medici.errors import MissingPart
from medici.store import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROWS = "curves.jsonl"
SHEETS = "sheets"


class Curves:
    """A run's notes: one JSON object a line, and sample sheets beside them.

    Args:
        folder: of the run; ``curves.jsonl`` and ``sheets/000120.png`` in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / ROWS

    def note(self, step: int, row: Mapping[str, Any]) -> None:
        """Append a row. Numbers that are not finite become null: JSON has none.

        Raises:
            MissingPart: the disk is full.
        """
        told = {"step": step, **{k: _plain(v) for k, v in row.items()}}
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(told, ensure_ascii=False) + "\n")
        except OSError as error:
            raise MissingPart(
                f"{self.path} cannot be written: {error.strerror}",
                "make room on the disk; the same command with --resume goes on",
                code="disk-full",
            ) from error

    def rows(self) -> list[dict[str, Any]]:
        """Every row so far; a last line that a crash cut short is left out."""
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_text("utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def forget_after(self, step: int) -> None:
        """Drop rows and sheets of steps that a resumed run does again."""
        for sheet in self.sheets():
            if int(sheet.stem) > step:
                sheet.unlink()
        rows = self.rows()
        kept = [r for r in rows if r["step"] <= step]
        if len(kept) < len(rows):
            text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in kept)
            atomic_write(self.path, text.encode())

    def sheet(self, step: int) -> Path:
        """Where the sample sheet of a step goes; its folder is made."""
        path = self.folder / SHEETS / f"{step:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def sheets(self) -> list[Path]:
        """Sample sheets by step."""
        return sorted((self.folder / SHEETS).glob("*.png"))

    def series(self) -> dict[str, Any]:
        """Everything for one plot.

        Returns:
            ``series``: name → ``{"step": […], "value": […]}`` for everything that is a number;
            ``events``: rows that tell of a recovery, a warning or an end; ``sheets``: step and file
            name of each sample sheet.
        """
        series: dict[str, dict[str, list[float]]] = {}
        events = []
        for row in self.rows():
            if "event" in row:
                events.append(row)
                continue
            for name, value in row.items():
                if name == "step" or isinstance(value, bool) or not isinstance(value, int | float):
                    continue
                key = f"{name} ({row['average']})" if "average" in row else name
                points = series.setdefault(key, {"step": [], "value": []})
                points["step"].append(row["step"])
                points["value"].append(value)
        sheets = [{"step": int(p.stem), "file": f"{SHEETS}/{p.name}"} for p in self.sheets()]
        return {"schema": "medici/curves/1", "series": series, "events": events, "sheets": sheets}

    def export(self, path: Path) -> None:
        """Write `series` as ``curves.json``."""
        atomic_write(path, (json.dumps(self.series(), ensure_ascii=False) + "\n").encode())


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value

"""Generation in batches: seeds in order through filters, every verdict kept, memory flat.

What comes out is what the proof room takes in: a rendering and a report on it. A batch that was cut
off goes on at the seed after the last report.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medici.content import content_digest
from medici.errors import WrongUse
from medici.records import WorkId
from medici.store import atomic_write, naming
from medici.studio.making.files import write_work
from medici.studio.making.filters import Novelty, Verdict
from medici.studio.stylebook import StyleVersion
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from medici.records import Rendering
    from medici.studio.families import Generator
    from medici.studio.making.filters import Filter

REPORTS = "reports.jsonl"
CALL = "batch.json"
TOGETHER = 64
"""Works rendered at a time: enough to keep a renderer busy, few enough for any memory."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one candidate.

    Attributes:
        seed: it was made from.
        work: its content digest.
        kept: whether it passed every filter.
        verdicts: of the filters that saw it; the first refusal ends the questions.
        style: it was made under.
        style_version: of the style book.
    """

    seed: int
    work: WorkId
    kept: bool
    verdicts: tuple[Verdict, ...]
    style: Mapping[str, Any]
    style_version: int

    @property
    def scores(self) -> dict[str, float]:
        """Scores by filter, as the firm's catalogue keeps them."""
        return {v.filter: v.score for v in self.verdicts if v.score is not None}

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        return {
            "seed": self.seed,
            "work": self.work,
            "kept": self.kept,
            "verdicts": [v.as_json() for v in self.verdicts],
            "style": dict(self.style),
            "style_version": self.style_version,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """Read what `as_json` wrote.

        Raises:
            WrongUse: it is malformed.
        """
        try:
            verdicts = tuple(
                Verdict(v["filter"], v["passes"], v["score"], tuple(v["reasons"]))
                for v in data["verdicts"]
            )
            return cls(
                int(data["seed"]),
                WorkId(data["work"]),
                bool(data["kept"]),
                verdicts,
                dict(data["style"]),
                int(data["style_version"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise WrongUse(f"report is malformed: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A model, a style and filters.

    Attributes:
        generator: makes the candidates.
        filters: asked in this order.
        style: what every candidate is made under, beside the style book's version.
        version: of the style book.
    """

    generator: Generator
    filters: Sequence[Filter] = ()
    style: Mapping[str, Any] = field(default_factory=dict)
    version: StyleVersion = field(default_factory=StyleVersion)

    def run(self, seeds: Sequence[int]) -> Iterator[tuple[Rendering, Report]]:
        """Candidates in the order of the seeds, each with its report, kept or not.

        Raises:
            BadStyle: a seed or the style cannot be used.
        """
        for start in range(0, len(seeds), TOGETHER):
            for rendering in self._render(seeds[start : start + TOGETHER]):
                yield rendering, self.judge(rendering)

    def as_json(self) -> dict[str, Any]:
        """What decides of a batch: model, style, style book, filters and how strict they are."""
        return {
            "model": self.generator.id,
            "style": dict(self.style),
            "version": self.version.as_json(),
            "filters": [[f.name, getattr(f, "least", None)] for f in self.filters],
        }

    def judge(self, rendering: Rendering) -> Report:
        """Ask the filters about a candidate."""
        verdicts: list[Verdict] = []
        for one in self.filters:
            verdicts.append(one.check(rendering))
            if not verdicts[-1].passes:
                break
        return Report(
            rendering.seed,
            content_digest(rendering),
            all(v.passes for v in verdicts),
            tuple(verdicts),
            rendering.style,
            self.version.version,
        )

    def _render(self, seeds: Sequence[int]) -> list[Rendering]:
        if not self.version.choices:
            return self.generator.sample_many(list(seeds), self.version.style_for(0, self.style))
        return [
            self.generator.sample(seed, self.version.style_for(seed, self.style)) for seed in seeds
        ]


@dataclass(frozen=True, slots=True)
class Produced:
    """What a batch came to.

    Attributes:
        seen: candidates judged, those of earlier calls included.
        kept: of these, those that passed.
        next_seed: with which to go on.
        refused: how many each filter refused.
    """

    seen: int
    kept: int
    next_seed: int
    refused: Mapping[str, int]


def produce(
    pipeline: Pipeline,
    folder: Path,
    *,
    first: int = 0,
    keep: int | None = None,
    most: int = 100_000,
    progress: Callable[[int], None] = lambda done: None,
) -> Produced:
    """Make works into a folder until enough are kept; the same call goes on where it stopped.

    Kept works are written as bare files, named by content, before their report; a report is one
    line of ``reports.jsonl``. A line that was cut off is made again. What was asked for is kept in
    ``batch.json``.

    Args:
        pipeline: what makes and judges them.
        folder: for works and reports.
        first: seed of the first candidate of the whole batch.
        keep: stop when so many are kept, those of earlier calls included; None judges `most`.
        most: candidates judged at most, those of earlier calls included.
        progress: told how many are kept (or judged, without `keep`).

    Raises:
        WrongUse: the folder holds another batch: of another model, style, filter or first seed.
        BadStyle: a seed or the style cannot be used.
    """
    path = folder / REPORTS
    done = read_reports(path)
    call = read_json(json.dumps({**pipeline.as_json(), "first": first}))
    if done:
        _refuse_other(folder, call)
    reports = _Count(first)
    for report in done:
        reports.add(report)
    _recall(pipeline, done)
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / CALL, json.dumps(call, indent=1, ensure_ascii=False).encode())
    # Exactly the whole lines: what was cut off is dropped before more is added.
    whole = "".join(json.dumps(r.as_json(), ensure_ascii=False) + "\n" for r in done)
    atomic_write(path, whole.encode())
    with naming(path), path.open("a", encoding="utf-8") as file:
        while reports.seen < most and (keep is None or reports.kept < keep):
            start = reports.next_seed
            count = min(TOGETHER, most - reports.seen)
            for rendering, report in pipeline.run(range(start, start + count)):
                if report.kept:
                    write_work(folder, rendering)
                file.write(json.dumps(report.as_json(), ensure_ascii=False) + "\n")
                file.flush()
                reports.add(report)
                progress(reports.seen if keep is None else reports.kept)
                if keep is not None and reports.kept >= keep:
                    break
        os.fsync(file.fileno())
    return reports.produced()


def _refuse_other(folder: Path, call: Mapping[str, Any]) -> None:
    try:
        before = read_json((folder / CALL).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WrongUse(f"{folder} does not say what it is a batch of: {error}") from error
    for key, value in call.items():
        held = before.get(key) if isinstance(before, dict) else None
        if held != value:
            raise WrongUse(
                f"{folder} holds a batch whose {key} is {held!r}, not {value!r}",
                "the same call goes on; another belongs into a folder of its own",
            )


def read_reports(path: Path) -> list[Report]:
    """Reports of a batch; an unfinished last line does not count.

    Raises:
        WrongUse: a line is no report.
    """
    if not path.exists():
        return []
    lines = path.read_text("utf-8").split("\n")[:-1]
    out = []
    for number, line in enumerate(lines, 1):
        try:
            out.append(Report.from_json(read_json(line)))
        except (ValueError, WrongUse) as error:
            raise WrongUse(f"{path}, line {number} is no report: {error}") from error
    return out


def _recall(pipeline: Pipeline, reports: Sequence[Report]) -> None:
    """Filters that compare with earlier works are told of those again."""
    memories = [f for f in pipeline.filters if isinstance(f, Novelty)]
    if not memories:
        return
    for report in reports:
        # Exactly those that the filter itself let pass, kept by the later ones or not.
        if any(v.filter == "novelty" and v.passes for v in report.verdicts):
            work = pipeline.generator.sample(report.seed, report.style)
            for memory in memories:
                memory.remember(work)


class _Count:
    def __init__(self, first: int) -> None:
        self.seen = self.kept = 0
        self.next_seed = first
        self.refused: dict[str, int] = {}

    def add(self, report: Report) -> None:
        self.seen += 1
        self.kept += report.kept
        self.next_seed = report.seed + 1
        if not report.kept:
            name = report.verdicts[-1].filter
            self.refused[name] = self.refused.get(name, 0) + 1

    def produced(self) -> Produced:
        return Produced(self.seen, self.kept, self.next_seed, dict(self.refused))

"""Fine-tuning a shipped model on a few samples, against training on them from nothing.

    python benchmarks/studio_fine_tuning.py [--quick] [--json] [--portraits runs/portraits]

Music: thirty movements of Palestrina's masses out of music21's corpus, from the shipped chorales;
thirty of other masses choose the moment, and of others again judge. Portraits: two hundred with
glasses, beard or hat (tools/portraits.mjs draws them), from the shipped ones of all kinds, which
saw them among 40,000; what is judged by, neither saw. What both sides took until they
were published stands in the rows, learning the encoder back included. One thread, one seed.
"""

from __future__ import annotations

from _reporting import Row, report, row

# isort: split
import json
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from medici.errors import BadData
from medici.studio import families

if TYPE_CHECKING:
    import argparse

    from medici.records import ModelRecord

PIECES = 30
PORTRAITS = Path("runs/portraits")
PICTURES = 200
COPYING = {
    "nearer_to_train": "of the samples; 0.5 without learning by heart",
    "much_nearer_to_train": f"of {PICTURES} samples",
    "exact_copies": f"of {PICTURES} samples",
}
WORN = ("beard", "glasses", "hat")


def masses(out: Path) -> None:
    """Palestrina in four voices: folders ``train``, ``tune`` and ``judge`` of scores."""
    import music21

    from medici.studio.music.reading import read_score
    from medici.studio.music.scores import save_scores

    parts: dict[str, list[Any]] = {"train": [], "tune": [], "judge": []}
    for path in sorted((Path(music21.__file__).parent / "corpus" / "palestrina").iterdir()):
        number = re.search(r"\d+", path.name)
        if number is None:
            continue
        # Movements of one mass, which share their themes, stay together.
        part = parts[(*parts,)[int(number[0]) % 3]]
        if len(part) < PIECES:
            with suppress(BadData):  # in more voices or fewer than four
                part.append(read_score(path))
    for name, scores in parts.items():
        save_scores(out / name, scores, {"licence": "CC0-1.0", "title": "Palestrina"})


def worn(data: Path, out: Path) -> None:
    """Few portraits of one kind to train on, and fresh ones of that kind."""
    for part, count in (("train", PICTURES), ("judge", 5 * PICTURES)):
        told = json.loads((data / part / "source.json").read_text("utf-8"))
        kept = [
            sample
            for sample in told["samples"]
            if any(sample["attributes"].get(name) not in (None, "none") for name in WORN)
        ][:count]
        (out / part).mkdir(parents=True)
        for sample in kept:
            shutil.copy(data / part / sample["file"], out / part)
        (out / part / "source.json").write_text(json.dumps({**told, "samples": kept}), "utf-8")


def trained(
    family: str, data: Path, out: Path, seconds: float, parent: str | None, **settings: Any
) -> tuple[ModelRecord, float]:
    """A model, and the processor seconds before its first step ended and of all its steps."""
    begun: list[float] = []
    start = time.process_time()

    def note(now: families.Now) -> None:
        if now.step and not begun:
            begun.append(time.process_time() - start)

    how = families.Training(
        tune=data / "tune" if family == "music" else None,
        judge=data / "judge",
        start_from=Path(parent) if parent else None,
        settings={"cpu_seconds": seconds, "judge_share": 0.5, **settings},
        progress=note,
    )
    record = families.train(family, data / "train", out, how)
    return record, begun[0] + max(noted(out, "cpu_seconds"))


def noted(out: Path, key: str) -> list[float]:
    """What a run noted under a name, row by row."""
    lines = (out / "run" / "curves.jsonl").read_text("utf-8").splitlines()
    return [row[key] for row in map(json.loads, lines) if row.get(key) is not None]


def of_music(folder: Path, share: float) -> list[Row]:
    """Surprise and the figures of works."""
    masses(folder / "data")
    told: dict[str, dict[str, float]] = {}
    for name, parent in (("tuned", "chorales"), ("alone", None)):
        out = folder / name
        record, spent = trained(
            "music", folder / "data", out, share * 60, parent, judge_seconds=share * 8
        )
        rows = record.metrics["rows"]
        off = {k: abs(rows["model"][k] - v) for k, v in rows["floor"].items()}
        told[name] = {"surprise": min(noted(out, "surprise")), "spent": spent, **off}
    tuned, alone = told["tuned"], told["alone"]
    spent = f"{tuned['spent']:.0f} and {alone['spent']:.0f} cpu-s"
    beside = f"from the chorales (peer: from nothing; {spent})"
    return [
        row(
            f"masses, surprise of fresh ones {beside}",
            tuned["surprise"],
            "nats a token",
            peer=alone["surprise"],
            bar=alone["surprise"],
        ),
        *(
            row(
                f"masses, {name.replace('_', ' ')}, off fresh ones {beside}",
                tuned[name],
                peer=alone[name],
            )
            for name in ("in_scale", "consonance", "step_size", "voice_crossing", "repetition")
        ),
    ]


def of_pictures(folder: Path, portraits: Path, share: float) -> list[Row]:
    """FID and signs of learning by heart."""
    worn(portraits, folder / "data")
    told: dict[str, dict[str, float]] = {}
    for name, parent, seconds in (("tuned", "portraits", 30.0), ("alone", None, 120.0)):
        body = {} if parent else {"body": "codes"}
        record, spent = trained(
            "pictures",
            folder / "data",
            folder / name,
            share * seconds,
            parent,
            judge_seconds=1e6,
            **body,
        )
        copying = record.metrics["memorisation"]
        told[name] = {
            **record.metrics["rows"]["model"],
            **{key: copying[key] for key in COPYING},
            "spent": spent,
        }
    tuned, alone = told["tuned"], told["alone"]
    beside = (
        f"{PICTURES} portraits, from the shipped ones (peer: from nothing; "
        f"{tuned['spent']:.0f} and {alone['spent']:.0f} cpu-s)"
    )
    rows = [row(f"fid, {beside}", tuned["fid"], peer=alone["fid"])]
    for name in ("precision", "recall", "coverage"):
        rows.append(row(f"{name}, {beside}", tuned[name], peer=alone[name], better="higher"))
    for name, unit in COPYING.items():
        rows.append(
            row(
                f"{name.replace('_', ' ')}, {beside}",
                tuned[name],
                unit,
                peer=alone[name],
                bar=alone[name],
            )
        )
    return rows


def measure(asked: argparse.Namespace) -> list[Row]:
    """All rows; portraits where their set was drawn."""
    import torch

    torch.set_num_threads(1)
    share = 0.1 if asked.quick else 1.0
    with TemporaryDirectory() as folder:
        rows = of_music(Path(folder) / "music", share)
        if (asked.portraits / "train" / "source.json").is_file():
            rows += of_pictures(Path(folder) / "pictures", asked.portraits, share)
    return rows


if __name__ == "__main__":
    report(
        "studio_fine_tuning",
        __doc__,
        measure,
        lambda parser: parser.add_argument("--portraits", type=Path, default=PORTRAITS),
    )

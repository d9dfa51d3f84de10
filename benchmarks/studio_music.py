"""Music: figures of the shipped model beside held-out and shuffled chorales, and its speeds.

python benchmarks/studio_music.py [--quick] [--json] [--data runs/chorales] [--gan SECONDS]

Figures are measured where the data is (tools/chorales.py writes it), else they are those of the
model's record. The peer is the convolutional GAN: trained here for so many processor seconds with
--gan, else as the record has it.
"""

from __future__ import annotations

from _reporting import Row, cpu_seconds, report, row

# isort: split
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medici.studio.families import load_model
from medici.studio.music import metrics, roll, synth
from medici.studio.music.model import MusicModel
from medici.studio.music.scores import CACHE, read_scores

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from medici.studio.music.score import Score

GAN = "GAN"
OFF_BAR = 0.15
SPEED_BAR = 1000.0
WORKS_BAR = 50.0
WHOLE_BAR = 250.0


def gan_works(train: Sequence[Score], tune: Sequence[Score], seconds: float) -> list[Score]:
    """Works of a GAN trained for so many processor seconds."""
    import torch

    from medici.studio.music import gan

    torch.set_num_threads(1)
    trainer = gan.GanTrainer(train, gan.GanRecipe())
    start = time.process_time()
    while time.process_time() - start < seconds:
        trainer.advance()
    return gan.works(trainer.averaged(trainer.averages[-1]), trainer.recipe, 512)


def figures(
    model: MusicModel, data: Path, n: int, gan_seconds: float
) -> dict[str, dict[str, float]]:
    """Rows of figures: model, floor, controls, perhaps the GAN."""
    rows: dict[str, dict[str, float]] = dict(model.record.metrics["rows"])
    if (data / "judge" / CACHE).is_file():
        fresh = metrics.windows(read_scores(data / "judge").scores)
        rows["floor"] = metrics.figures(fresh)
        rows["model"] = metrics.figures(metrics.windows(model.compose(range(n))))
        rows["shuffled voices"] = metrics.figures(metrics.shuffled_voices(fresh))
        rows["shuffled time"] = metrics.figures(metrics.shuffled_time(fresh))
        if gan_seconds:
            train, tune = (read_scores(data / side).scores for side in ("train", "tune"))
            rows[GAN] = metrics.figures(gan_works(train, tune, gan_seconds))
    return rows


def measure(asked: argparse.Namespace) -> list[Row]:
    quick = asked.quick
    model = load_model("chorales")
    assert isinstance(model, MusicModel)
    repeats = 3 if quick else 10
    rows = figures(model, asked.data, 64 if quick else 256, asked.gan)
    out: list[Row] = []

    def add(name: str, value: float, unit: str, bar: float, better: str, peer: Any = None) -> None:
        out.append(row(name, value, unit, bar=bar, better=better, peer=peer))

    for figure in metrics.BARRED:
        fresh = rows["floor"][figure]
        peer = metrics.off(rows[GAN][figure], fresh) if GAN in rows else None
        off = metrics.off(rows["model"][figure], fresh)
        name = f"{figure.replace('_', ' ')}, off held-out chorales (peer: GAN)"
        add(name, off, "of the figure", OFF_BAR, "lower", peer)
    off = metrics.off(rows["shuffled voices"]["consonance"], rows["floor"]["consonance"])
    add("control: consonance of shuffled voices, off", off, "of the figure", OFF_BAR, "higher")
    off = metrics.off(rows["shuffled time"]["step_size"], rows["floor"]["step_size"])
    add("control: steps of shuffled time, off", off, "of the figure", OFF_BAR, "higher")
    score = model.compose([0], {"bars": 16})[0]
    audio = synth.render(score)
    length = len(audio.samples) / audio.rate
    speed = length / cpu_seconds(lambda: synth.render(score), repeats)
    add("sound of 16 bars, stereo at 44.1 kHz", speed, "x real time", SPEED_BAR, "higher")
    rate = 32 / cpu_seconds(lambda: model.compose(range(32)), repeats)
    add("notes of 8 bars, 32 works together", rate, "works/cpu-s", WORKS_BAR, "higher")
    whole = cpu_seconds(lambda: model.sample(0), repeats) * 1000
    add("one finished work of 8 bars", whole, "ms cpu", WHOLE_BAR, "lower")
    picture = cpu_seconds(lambda: roll.draw(score), repeats) * 1000
    add("its piano roll", picture, "ms cpu", 150.0, "lower")
    together = model.compose(range(24))
    alone = [model.compose([seed])[0] for seed in range(24)]
    odd = sum(a.digest != b.digest for a, b in zip(alone, together, strict=True))
    add("works that differ between batch 1 and 24", odd, "of 24", 0, "lower")
    return out


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("runs/chorales"))
    parser.add_argument("--gan", type=float, default=0.0, help="processor seconds")


if __name__ == "__main__":
    report(
        "studio_music",
        __doc__,
        measure,
        options,
        pictures={
            "piano rolls of the shipped model": "src/medici/studio/weights/chorales/sheet.png"
        },
    )

"""Quality at equal CPU time: contestants train on the same portraits, one thread, and are judged.

python benchmarks/studio_quality.py --run dcgan --seed 0 --cpu 400,1200   one contestant, stored
python benchmarks/studio_quality.py --floor                    floor and controls, stored
python benchmarks/studio_quality.py [--json]                   the table of what is stored

Data: runs/portraits/{train,tune,judge}, made by ``node tools/portraits.mjs``. The first 10,000
training pictures, EfficientNet-Lite0 at 96 px, 2,000 finished pictures against the first 2,000 of
judge; the variant of a contestant (finishing, average) is that with the least FID against tune.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np  # noqa: E402
from contestants import CONTESTANTS, Clock, Task, contestant  # noqa: E402

from medici.studio.data.folder import read_folder  # noqa: E402
from medici.studio.metrics.distances import compare, frechet_distance  # noqa: E402
from medici.studio.metrics.extractor import EfficientNetLite0  # noqa: E402
from medici.studio.metrics.memorisation import memorisation  # noqa: E402
from medici.studio.pictures.finish import ground_for  # noqa: E402

if TYPE_CHECKING:
    from contestants import Sampler
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "quality"
TRAINED_ON, JUDGED, TRIED = 10_000, 2_000, 1_000
# What ours must reach, as a factor of the DCGAN's figure, and which way is better. Where that is
# more than real pictures have, ours may miss one part in as many of what the peer misses of them
# (docs/decisions/0010-what-is-missing-to-real-pictures.md).
BARS = {
    "fid": (0.7, "lower"),
    "precision": (2.0, "higher"),
    "coverage": (2.5, "higher"),
    "recall": (1.0, "higher"),
}
FIGURES = ("fid", "kid", "precision", "recall", "density", "coverage")


class Judge:
    """Features of the tuning and judging pictures, and the figures against them."""

    def __init__(self, data: Path) -> None:
        self.extractor = EfficientNetLite0()
        self.held_out = read_folder(data / "judge").pixels[:JUDGED]
        self.tune = self._kept(data, "tune")
        self.judge = self._kept(data, "judge")

    def _kept(self, data: Path, name: str) -> NDArray[np.float64]:
        """Features of real pictures, computed once."""
        path = data / f"features-{name}-{JUDGED}.npy"
        if not path.exists():
            pictures = ground_for(read_folder(data / name).pixels[:JUDGED], seed=1)
            np.save(path, self.extractor.features(pictures))
        found: NDArray[np.float64] = np.load(path, allow_pickle=False)
        return found

    def best(self, sampler: Sampler) -> dict[str, Any]:
        """Choose stage by stage on tune, judge on judge."""
        choice = [stage[0] for stage in sampler.stages]
        tried: dict[str, float] = {}
        for i, stage in enumerate(sampler.stages):
            scores = {}
            for option in stage if len(stage) > 1 else ():
                trial = [*choice[:i], option, *choice[i + 1 :]]
                features = self.extractor.features(sampler(TRIED, trial))
                scores[option] = frechet_distance(self.tune, features)
                tried[", ".join(trial)] = round(scores[option], 4)
            if scores:
                choice[i] = min(scores, key=lambda k: scores[k])
        pictures = sampler(JUDGED, choice)
        figures = compare(self.judge, self.extractor.features(pictures))
        return {
            "variant": ", ".join(choice),
            "tried_on_tune": tried,
            **{k: round(figures[k], 5) for k in FIGURES},
            "pictures": pictures,
        }


def run(name: str, seed: int, budgets: list[float], data: Path, told: dict[str, Any]) -> None:
    import torch

    torch.set_num_threads(1)
    train = read_folder(data / "train").pixels[:TRAINED_ON]
    judge = Judge(data)
    label = told.pop("label", name)
    clock = Clock()
    task = Task(train, sorted(budgets), seed, clock, told)
    clock.go_on()
    for budget, sampler in contestant(name)(task):
        clock.pause()
        row = judge.best(sampler)
        pictures = row.pop("pictures")
        row = {
            "contestant": label,
            "seed": seed,
            "budget_cpu_seconds": budget,
            "used_cpu_seconds": round(clock.used, 1),
            "settings": told,
            **row,
            "memorisation": memorisation(
                pictures, ground_for(train, seed=3), ground_for(judge.held_out, seed=1)
            ),
            "torch": torch.__version__,
            "machine": platform.machine(),
        }
        _store(f"{label}-seed{seed}-{budget:g}", row)
        _sheet(pictures, f"{label}-seed{seed}-{budget:g}")
        print(
            {k: row[k] for k in ("contestant", "seed", "budget_cpu_seconds", "variant", *FIGURES)}
        )
        clock.go_on()


def floor(data: Path) -> None:
    """What real pictures score, and two controls that a good figure must tell apart from them."""
    judge = Judge(data)
    train = ground_for(read_folder(data / "train").pixels[:JUDGED], seed=3)
    noisy = ground_for(judge.held_out, seed=1).astype(np.float64)
    noisy += np.random.default_rng(4).normal(0, 12, noisy.shape)
    rows = {
        "floor: training pictures": train,
        "control: noise of 12 grey levels": np.clip(np.rint(noisy), 0, 255).astype(np.uint8),
        "control: 20 training pictures repeated": np.resize(train[:20], train.shape),
    }
    for name, pictures in rows.items():
        figures = compare(judge.judge, judge.extractor.features(pictures))
        row = {"contestant": name, **{k: round(figures[k], 5) for k in FIGURES}}
        _store(name.split(":")[0] + "-" + name.split()[1], row)
        print(row)


def _store(name: str, row: dict[str, Any]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    part = RESULTS / f"{name}.part"
    part.write_text(json.dumps(row, indent=1, ensure_ascii=False) + "\n", "utf-8")
    part.replace(RESULTS / f"{name}.json")


def _sheet(pictures: NDArray[np.uint8], name: str) -> None:
    from PIL import Image

    shown = np.dstack([pictures[:160].reshape(-1, 16, 3), np.full((160 * 16, 16), 255, np.uint8)])
    from medici.studio.making.sheet import save_sheet

    save_sheet(shown.reshape(160, 16, 16, 4), RESULTS / f"{name}.png", columns=20, scale=3)
    with Image.open(RESULTS / f"{name}.png") as image:
        image.quantize(256).save(RESULTS / f"{name}.png", optimize=True)


def stored() -> list[dict[str, Any]]:
    rows = [json.loads(p.read_text("utf-8")) for p in sorted(RESULTS.glob("*.json"))]
    return sorted(rows, key=lambda r: (r.get("budget_cpu_seconds", 0), r["contestant"]))


def compared() -> list[dict[str, Any]]:
    """Means over seeds: ours against DCGAN and our shorter budget, and StyleGAN2 beside."""
    found: dict[tuple[str, float], list[dict[str, Any]]] = {}
    for row in stored():
        if "budget_cpu_seconds" in row:
            key = (row["contestant"], row["budget_cpu_seconds"])
            found.setdefault(key, []).append(row)
    real = next(row for row in stored() if row["contestant"].startswith("floor"))
    rows, before = [], 0.0
    for budget in sorted(budget for name, budget in found if name == "codes"):
        ours, peers = found["codes", budget], found.get(("dcgan", budget), [])
        for figure in BARS:
            peer = _mean(peers, figure) if peers else None
            told = f"{budget:g} CPU-s, seeds {len(ours)} against {len(peers)}"
            rows += barred(figure, told, _mean(ours, figure), peer, real[figure])
        if before:
            fid = _mean(found["codes", before], "fid")
            name = f"fid, {budget:g} CPU-s (peer: ours after {before:g})"
            rows.append(_row(name, _mean(ours, "fid"), fid, fid, "lower"))
        before = budget
        for other in found.get(("stylegan2-pytorch", budget), []):
            for figure, (_, better) in BARS.items():
                name = f"{figure}, {budget:g} CPU-s (peer: stylegan2-pytorch, seed {other['seed']})"
                rows.append(_row(name, _mean(ours, figure), other[figure], None, better))
    return rows


def barred(
    figure: str, told: str, ours: float, peer: float | None, real: float
) -> list[dict[str, Any]]:
    """A figure with its bar; if that is beyond real pictures, what is missing to them has one.

    Args:
        figure: one of `BARS`.
        told: budget and seeds, for the name.
        ours: our figure.
        peer: the DCGAN's, if it was measured.
        real: the floor's: what real pictures score against other real ones.
    """
    factor, better = BARS[figure]
    name = f"{figure}, {told}"
    if peer is None or better == "lower" or factor * peer <= real:
        return [_row(name, ours, peer, None if peer is None else factor * peer, better)]
    beyond = f"{factor:g} times the peer's, {factor * peer:.3f}, cannot be had"
    first = _row(f"{name} ({beyond}: real pictures have {real:.4f})", ours, peer, None, better)
    if peer >= real:
        return [_row(f"{name} (the peer is at the floor, {real:.4f})", ours, peer, real, better)]
    name = f"{figure} missing to real pictures' {real:.4f}, {told}"
    share, unit = (real - ours) / (real - peer), "of what the peer misses"
    return [first, _row(name, share, None, 1 / factor, "lower", unit)]


def _mean(rows: list[dict[str, Any]], figure: str) -> float:
    return float(np.mean([row[figure] for row in rows]))


def _row(
    name: str, value: float, peer: float | None, bar: float | None, better: str, unit: str = ""
) -> dict[str, Any]:
    holds = bar is None or (value <= bar if better == "lower" else value >= bar)
    return {
        "name": name,
        "value": round(value, 4),
        "unit": unit,
        "peer": None if peer is None else round(peer, 4),
        "bar": None if bar is None else round(bar, 4),
        "better": better,
        "holds": bool(holds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", choices=sorted(CONTESTANTS))
    parser.add_argument("--floor", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu", default="400,1200", help="CPU-seconds, comma-separated")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=JSON")
    parser.add_argument("--data", type=Path, default=ROOT / "runs" / "portraits")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="what is stored is shown either way")
    options = parser.parse_args()
    if options.floor:
        floor(options.data)
    elif options.run:
        told = {k: json.loads(v) for k, _, v in (x.partition("=") for x in options.set)}
        budgets = [float(x) for x in options.cpu.split(",")]
        run(options.run, options.seed, budgets, options.data, told)
    elif options.json:
        place = RESULTS.relative_to(ROOT)
        shown = {
            f"{name}, seed 0, 400 processor seconds": f"{place}/{name}-seed0-400.png"
            for name in ("codes", "dcgan")
        }
        print(json.dumps({"benchmark": "studio_quality", "rows": compared(), "pictures": shown}))
    else:
        for r in stored():
            figures = "  ".join(f"{k} {r[k]:.4f}" for k in FIGURES)
            budget, seed = r.get("budget_cpu_seconds", 0), r.get("seed", "")
            print(f"{budget:>6g}  {r['contestant']:<40} {seed}  {figures}")


if __name__ == "__main__":
    main()

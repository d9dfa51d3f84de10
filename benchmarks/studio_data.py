"""Data sets larger than memory: reading shards beside other readers, and the memory it takes.

    python benchmarks/studio_data.py [--quick] [--json]

Builds a synthetic set (200,000 pictures of 32 pixels; --quick 12,000) from a tar by `data build
--shards` in a process of its own, reads one shuffled epoch in another, and compares with reading a
folder by Pillow and with Hugging Face `datasets` streaming the same shards. Speeds are a processor
second on one thread; memory is the peak of the process, less what it took after its first batch.
"""

from __future__ import annotations

from _reporting import Row, report, row

# isort: split
import io
import json
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SIDE = 32
BATCH = 64
FULL, QUICK = 200_000, 12_000
PEER = 6_000  # pictures that the peers read; enough for a steady rate
RATE_BAR = 1.5
READ_BAR = 24.0
BUILD_BAR = 96.0

BUILD = """
import json, resource, sys, time
from pathlib import Path
from medici.studio.data.build import Plan, build
from medici.studio.data.picture import Reading
seen = []
def note(done):
    if done == 2000:
        seen.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
told = build([sys.argv[1]], Path(sys.argv[2]), Plan(Reading(32), shards=True), note)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"count": told["count"], "shards": told["shards"], "root": told["root"],
                  "cpu": time.process_time(), "peak": peak, "grown": peak - seen[0]}))
"""
READ = """
import hashlib, json, resource, sys, time
from pathlib import Path
from medici.studio.data.sampling import batch
from medici.studio.data.shards import ShardSet
data = ShardSet(Path(sys.argv[1]))
n = int(sys.argv[2])
batch(data, 0, n, 0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start, state, steps = time.process_time(), hashlib.sha256(), len(data) // n
for step in range(steps):
    state.update(batch(data, step, n, 0)[:, 0, 0].tobytes())
spent = time.process_time() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"cpu": spent, "read": steps * n, "peak": peak, "grown": peak - before,
                  "digest": state.hexdigest()}))
"""


def pictures(count: int) -> Iterator[bytes]:
    """PNG files of smooth random colours, no two alike."""
    draw = np.random.default_rng(0)
    for i in range(count):
        small = draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        picture = np.repeat(np.repeat(small, 8, 0), 8, 1)
        picture[0, :4] = np.frombuffer(i.to_bytes(12, "big"), np.uint8).reshape(4, 3)
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG", compress_level=1)
        yield file.getvalue()


def write_sources(place: Path, count: int) -> None:
    (place / "folder").mkdir()
    with tarfile.open(place / "source.tar", "w") as tar:
        for i, data in enumerate(pictures(count)):
            info = tarfile.TarInfo(f"{i:06d}.png")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
            tar.members = []
            if i < PEER:
                (place / "folder" / info.name).write_bytes(data)


def child(code: str, *words: object) -> dict[str, Any]:
    command = [sys.executable, "-c", code, *map(str, words)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        sys.exit(said.stderr)
    answer: dict[str, Any] = json.loads(said.stdout)
    return answer


def folder_rate(place: Path) -> float:
    """Pictures a processor second, opened one by one in random order, as most trainers do."""
    files = sorted(place.iterdir())
    random.Random(0).shuffle(files)
    start = time.process_time()
    for at in range(0, len(files), BATCH):
        read = []
        for path in files[at : at + BATCH]:
            with Image.open(path) as image:
                read.append(np.asarray(image.convert("RGBA")))
        np.stack(read)
    return len(files) / (time.process_time() - start)


def streaming_rate(place: Path) -> float | None:
    """The same shards by `datasets`: its WebDataset reader, streamed through a shuffle buffer."""
    try:
        import datasets
    except ImportError:
        return None
    datasets.disable_progress_bars()
    files = sorted(map(str, place.glob("*.tar")))
    rows = datasets.load_dataset("webdataset", data_files=files, split="train", streaming=True)
    shuffled = iter(rows.shuffle(seed=0, buffer_size=1024))
    next(shuffled)
    start = time.process_time()
    read: list[Any] = []
    for count, sample in enumerate(shuffled, 1):
        read.append(np.asarray(sample["png"].convert("RGBA")))
        if len(read) == BATCH:
            np.stack(read)
            read.clear()
        if count == PEER:
            break
    return count / (time.process_time() - start)


def measure(asked: argparse.Namespace) -> list[Row]:
    count = QUICK if asked.quick else FULL
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        write_sources(place, count)
        built = child(BUILD, place / "source.tar", place / "set")
        first = child(READ, place / "set", BATCH)
        second = child(READ, place / "set", BATCH)
        size = sum(p.stat().st_size for p in (place / "set").iterdir()) / count
        by_folder = folder_rate(place / "folder")
        by_streaming = streaming_rate(place / "set")
    rate = max(one["read"] / one["cpu"] for one in (first, second))
    whole = count * SIDE * SIDE * 4 / (1 << 20)

    def mib(one: dict[str, Any]) -> float:
        return float(one["grown"]) / 1024

    few = f"{count:,} pictures of {SIDE} pixels"
    grown, on_disk = max(mib(first), mib(second)), SIDE * SIDE * 4
    differ = first["digest"] != second["digest"]
    return [
        row(
            f"shuffled epoch from shards, {few} (peer: a folder by Pillow; bar: 1.5 times it)",
            rate,
            "1/cpu-s",
            bar=RATE_BAR * by_folder,
            better="higher",
            peer=by_folder,
        ),
        row(
            "the same (peer: datasets streaming the same shards, buffer 1,024)",
            rate,
            "1/cpu-s",
            bar=by_streaming,
            better="higher",
            peer=by_streaming,
        ),
        row(
            f"memory that an epoch adds, {few} (peer: the set in memory)",
            grown,
            "MiB",
            bar=READ_BAR,
            peer=whole,
        ),
        row(
            f"memory that building adds after 2,000 pictures, {few}",
            mib(built),
            "MiB",
            bar=BUILD_BAR,
            peer=whole,
        ),
        row("building", built["count"] / built["cpu"], "1/cpu-s", bar=1000, better="higher"),
        row("a sample on disk, with its credits", size, "bytes", bar=4096, peer=on_disk),
        row("epochs that differ in another process", differ, bar=0),
    ]


if __name__ == "__main__":
    report("studio_data", __doc__, measure)

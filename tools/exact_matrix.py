"""Render shipped models in many surroundings and compare every digest.

    python tools/exact_matrix.py [--json] [--quick] [--works N] [--arm DIR] [MODEL …]

Each cell of the matrix is a process of its own: batch sizes, threads, BLAS kernels, other products
in place of numpy's (int64 without a BLAS, torch in float64, oneDNN convolutions in float32 on
bytes), instruction sets, and with --arm an ARM processor emulated by QEMU, in a folder that
tools/arm_root.sh has made. What really ran is asked from the libraries and stands in each row.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import product as cross
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BATCHES = (1, 3, 64)
THREADS = (1, 2)
KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "SkylakeX")
ONEDNN = ("SSE41", "AVX2", "AVX512_CORE")
MKL = ("AUTO", "COMPATIBLE")
# Processors that QEMU can be, from an early 64-bit one to one with everything.
ARMS = ("cortex-a57", "neoverse-n1", "max")
WORKS, ARM_WORKS = 64, 4
# Of a convolution: padding, stride, dilation, groups.
_PLAIN = ([0, 0], [1, 1], [1, 1], 1)
# What decides which code runs: set by each cell, never inherited.
_CLEARED = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "ONEDNN_MAX_CPU_ISA",
    "MKL_CBWR",
)


@dataclass(frozen=True)
class Cell:
    """One surrounding.

    Attributes:
        name: for people.
        batch: works rendered together.
        threads: of every library.
        product: see `products`.
        environment: variables that choose kernels.
        arm: the processor QEMU emulates, or None for this machine.
        works: how many.
    """

    name: str
    batch: int = 64
    threads: int = 1
    product: str = "numpy"
    environment: dict[str, str] = field(default_factory=dict)
    arm: str | None = None
    works: int = WORKS


def cells(works: int, *, quick: bool, arm: bool, torch: bool) -> list[Cell]:
    """The matrix; quick varies one thing at a time."""
    found = [Cell("as it comes", works=works)]
    kernels: list[str | None] = [None, *KERNELS]
    for batch, threads, kernel in cross(BATCHES, THREADS, kernels):
        changed = (batch != BATCHES[-1]) + (threads != 1) + (kernel is not None)
        if changed == 0 or (quick and changed > 1):
            continue
        told = {"OPENBLAS_CORETYPE": kernel} if kernel else {}
        name = f"batch {batch}, {threads} thread{'s' * (threads > 1)}, {kernel or 'own'} kernel"
        found.append(Cell(name, batch, threads, environment=told, works=works))
    few = min(works, 8)
    found.append(Cell("int64 without a BLAS", product="int64", works=few))
    if torch:
        for path in MKL:
            told = {"MKL_CBWR": path, "MKL_VERBOSE": "1"}
            found.append(Cell(f"torch float64, MKL {path}", 3, 2, "torch", told, works=few))
        for isa in ONEDNN:
            told = {"ONEDNN_MAX_CPU_ISA": isa, "ONEDNN_VERBOSE": "1"}
            found.append(Cell(f"oneDNN float32 on bytes, {isa}", 64, 1, "onednn", told, works=few))
    if arm:
        for cpu in ARMS[-1:] if quick else ARMS:
            found.append(Cell(f"emulated ARM, {cpu}", 64, 1, arm=cpu, works=min(works, ARM_WORKS)))
    return found


def run(cell: Cell, model: str, arm: Path | None = None) -> dict[str, Any]:
    """Render in a process of its own.

    Returns:
        name, digests of the works, what ran, and CPU seconds; or ``error``.
    """
    environment = {k: v for k, v in os.environ.items() if k not in _CLEARED}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = str(cell.threads)
    environment |= cell.environment
    words = [sys.executable]
    if cell.arm is not None:
        assert arm is not None
        environment["PYTHONPATH"] = f"{arm / 'site'}:{ROOT / 'src'}"
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        root = arm / "root"
        python = str(root / "usr/bin/python3.11")
        words = [str(arm / "qemu-aarch64-static"), "-cpu", cell.arm, "-L", str(root), python]
    words += [__file__, "--child", model, str(cell.works), str(cell.batch), cell.product]
    start = time.monotonic()
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        return {"name": cell.name, "error": done.stderr.strip().splitlines()[-1:]}
    told: dict[str, Any] = json.loads(lines[-1])
    # Both libraries say it on the way.
    for library, mark in (("onednn", ",isa:"), ("mkl", "CNR:")):
        said = [line.split(mark)[1].split(" Dyn")[0] for line in lines[:-1] if mark in line]
        if said:
            told["ran"][library] = said[0]
    asked = cell.environment.get("OPENBLAS_CORETYPE")
    if asked and told["ran"]["blas"].lower() != asked.lower():
        told["instead_of"] = asked
    return {"name": cell.name, **told, "seconds": round(time.monotonic() - start, 1)}


def compare(model: str, chosen: list[Cell], arm: Path | None = None) -> dict[str, Any]:
    """All cells of one model: identical when every work has one digest wherever it was made."""
    rows = [run(cell, model, arm) for cell in chosen]
    told = [row["digests"] for row in rows if "digests" in row]
    longest = max(told, key=len, default=[])
    for row in rows:
        digests = row.pop("digests", None)
        row["works"] = len(digests or [])
        row["identical"] = bool(digests) and digests == longest[: len(digests)]
    return {
        "model": model,
        "digest": hashlib.sha256("".join(longest).encode()).hexdigest(),
        "identical": all(row["identical"] for row in rows),
        "rows": rows,
    }


def child(model: str, works: int, batch: int, product: str) -> dict[str, Any]:
    """Render in this process."""
    from medici.studio.families import load_model

    loaded: Any = load_model(model)
    multiply = products(product)
    if multiply is not None:
        _replace(loaded.exact, multiply)
    style = {"scale": 1} if "scale" in loaded.keys else {}
    digests = []
    for start in range(0, works, batch):
        seeds = range(start, min(start + batch, works))
        made = loaded.sample_many(seeds, style) if batch > 1 else [loaded.sample(start, style)]
        digests += [digest(work) for work in made]
    return {"digests": digests, "ran": ran(product)}


def digest(work: Any) -> str:
    """Everything of a work that is seen, heard or read."""
    state = hashlib.sha256(repr(work.pixels.shape).encode() + work.pixels.tobytes())
    if work.audio is not None:
        state.update(work.audio.samples.tobytes())
    state.update((work.text or "").encode())
    return state.hexdigest()


def _replace(exact: Any, multiply: Any) -> None:
    for network in exact.networks.values():
        network.product = multiply
    for sequence in exact.sequences.values():
        sequence.product = multiply
        if sequence.blocks is not None:
            sequence.blocks.product = multiply


def products(name: str) -> Any:
    """Another product of two float64 matrices that hold integers; None for numpy's."""
    import numpy as np

    if name == "numpy":
        return None
    if name == "int64":
        return lambda a, b: (a.astype(np.int64) @ b.astype(np.int64)).astype(np.float64)
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    if name == "torch":
        return lambda a, b: (torch.from_numpy(a) @ torch.from_numpy(b)).numpy()
    return lambda a, b: _by_bytes(a, b, torch)


def _by_bytes(a: Any, b: Any, torch: Any) -> Any:
    """Integers cut into signed bytes, multiplied in float32: under 2^24, so nothing is rounded."""
    import numpy as np

    out = np.zeros((len(a), b.shape[1]))
    for start in range(0, a.shape[1], 512):
        parts = [_bytes(x) for x in (a[:, start : start + 512], b[start : start + 512].T)]
        for (i, x), (j, w) in cross(*(enumerate(part) for part in parts)):
            if not x.any() or not w.any():
                continue
            images, taps = (torch.from_numpy(m)[:, :, None, None] for m in (x, w))
            sums = torch.mkldnn_convolution(images, taps, None, *_PLAIN)[:, :, 0, 0].numpy()
            out += np.ldexp(sums.astype(np.float64), 8 * (i + j))
    return out


def _bytes(x: Any) -> list[Any]:
    """X = Σ part[i] · 2^(8·i), each part from -128 to 127, float32."""
    import numpy as np

    left, parts = np.ascontiguousarray(x).astype(np.int64), []
    while left.any() or not parts:
        low = ((left + 128) & 255) - 128
        parts.append(low.astype(np.float32))
        left = (left - low) >> 8
    return parts


def ran(product: str) -> dict[str, Any]:
    """What the libraries say they ran on."""
    import numpy as np

    told: dict[str, Any] = {
        "machine": platform.machine(),
        "numpy": np.__version__,
        "blas": blas_kernel(),
        "threads": os.environ.get("OPENBLAS_NUM_THREADS", "own"),
    }
    if product in ("torch", "onednn"):
        import torch

        told |= {"torch": torch.__version__, "threads": torch.get_num_threads()}
    return told


def blas_kernel() -> str:
    """The kernel that numpy's own OpenBLAS chose, by its own word."""
    import ctypes

    import numpy as np

    places = (Path(np.__file__).parent.parent / "numpy.libs").glob("*openblas*")
    for place in places:
        library = ctypes.CDLL(str(place))
        for symbol in ("scipy_openblas_get_corename64_", "openblas_get_corename64_"):
            if hasattr(library, symbol):
                ask = getattr(library, symbol)
                ask.restype = ctypes.c_char_p
                return str(ask().decode())
    return "unknown"


def main() -> None:
    """Run the matrix."""
    if sys.argv[1:2] == ["--child"]:
        model, works, batch, product = sys.argv[2:]
        print(json.dumps(child(model, int(works), int(batch), product)))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", help="names or folders; all shipped models by default")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="vary one thing at a time")
    parser.add_argument("--works", type=int, default=WORKS)
    parser.add_argument("--arm", type=Path, help="folder made by tools/arm_root.sh")
    options = parser.parse_args()
    from importlib.util import find_spec

    from medici.studio.families import shipped

    chosen = cells(
        options.works,
        quick=options.quick,
        arm=options.arm is not None,
        torch=find_spec("torch") is not None,
    )
    told = [compare(model, chosen, options.arm) for model in options.models or shipped()]
    result = {"identical": all(one["identical"] for one in told), "models": told}
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        for one in told:
            print(f"{one['model']}  {one['digest']}")
            for row in one["rows"]:
                sign = "same " if row["identical"] else "OTHER"
                said = row.get("error") or row["ran"]
                print(f"  {sign} {row['works']:3} works  {row['name']}: {said}")
    sys.exit(0 if result["identical"] else 1)


if __name__ == "__main__":
    main()

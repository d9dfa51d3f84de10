"""A tiny exact texture model whose weights come from a counter: fast tests and vectors."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.records import Digest, ModelRecord
from medici.studio.exact.identity import ExactModel, assemble
from medici.studio.exact.network import Layer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CELL = 16
LOCAL, SHARED, WAVES = 3, 2, 1
MATERIALS: list[dict[str, Any]] = [
    {"name": "cloth", "relief": 1000, "tones": [-700, 700], "ramp": "gold", "waves": [[32768, 0]]},
    {"name": "soil", "relief": -1000, "tones": [-900, 500], "ramp": "grey", "waves": []},
]
CHANNELS = (5, 4, 4, 3, 3)
SHIFTS = {"conv1": 15, "conv2": 15, "last": 16}


def numbers(name: str, shape: tuple[int, ...], bits: int) -> NDArray[np.int64]:
    """Signed numbers of so many bits from SHAKE-256 of the name, four bytes each."""
    count = int(np.prod(shape))
    data = hashlib.shake_256(b"medici/tiny-texture/" + name.encode()).digest(4 * count)
    words = np.frombuffer(data, ">u4").astype(np.int64)
    return (words % (1 << bits) - (1 << (bits - 1))).reshape(shape)


def sines() -> NDArray[np.int16]:
    """One turn in Q10."""
    return np.rint(1024 * np.sin(np.arange(1024) * (2 * np.pi / 1024))).astype(np.int16)


def make(planes: int = 1) -> ExactModel:
    """The tiny model: cells of 16 pixels, two materials, one with a wave of 32 pixels."""
    inputs = LOCAL + SHARED + 2 * WAVES + len(MATERIALS)
    shapes = [("conv1", "conv", inputs, CHANNELS[0]), ("conv2", "conv", CHANNELS[0], CHANNELS[0])]
    for i, (a, b) in enumerate(pairwise(CHANNELS)):
        shapes.append((f"up{i + 1}", "up", a, b))
    shapes.append(("last", "conv", CHANNELS[-1], planes))
    layers = []
    for name, kind, a, b in shapes:
        shape = (4, b, 4 * a) if kind == "up" else (b, 9 * a)
        layers.append(
            Layer(
                name=name,
                kind=kind,
                weight=numbers(f"{name}.weight", shape, 15).astype(np.int16),
                bias=numbers(f"{name}.bias", (b,), 22),
                # Small enough that activations use their range and clip now and then.
                shift=SHIFTS.get(name, 14),
                leaky=name != "last",
                wrap=True,
            )
        )
    about = {
        "local": LOCAL,
        "shared": SHARED,
        "waves": WAVES,
        "materials": MATERIALS,
        "psi": 1000,
    }
    return assemble("textures", about, {"texture": layers}, more={"sines": sines()})


def write(folder: Path, planes: int = 1) -> ModelRecord:
    """The tiny model as a folder that `load_model` takes."""
    folder.mkdir(parents=True, exist_ok=True)
    exact = make(planes)
    record = ModelRecord(
        id=exact.id,
        name="tiny",
        renderer="exact/2",
        weights_sha256=exact.save(folder / "weights.safetensors"),
        data_root=Digest("0" * 64),
        data_licence="CC0-1.0",
        family="textures",
    )
    (folder / "record.json").write_text(json.dumps(record.as_json()), "utf-8")
    return record

"""A tiny exact model whose weights come from a counter: specification vectors and fast tests."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.records import Digest, ModelRecord
from medici.studio.exact.identity import LAYERS, model_id, save_weights
from medici.studio.pictures.finish import GROUNDS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NORMAL, CODES, VALUES, MAPPING, CHANNELS, SLOTS = 6, 2, 4, 8, (6, 5, 4), 5
# Shift of each layer, small enough that activations use their range and clip now and then.
SHIFTS = {"mapping": 13, "seed": 13, "up1": 13, "up2": 13, "mask": 0, "colour1": 13, "colour2": 14}
SHAPES = {
    "mapping": (MAPPING, NORMAL + CODES * VALUES),
    "seed": (16 * CHANNELS[0], MAPPING),
    "up1": (4, CHANNELS[1], 4 * CHANNELS[0]),
    "up2": (4, CHANNELS[2], 4 * CHANNELS[1]),
    "mask": (SLOTS, 9 * CHANNELS[2]),
    "colour1": (MAPPING, MAPPING),
    "colour2": (3 * (SLOTS - 1), MAPPING),
}
KINDS = {"up1": "up", "up2": "up", "mask": "conv"}


def numbers(name: str, shape: tuple[int, ...], bits: int) -> NDArray[np.int64]:
    """Signed numbers of so many bits from SHAKE-256 of the name, four bytes each."""
    count = int(np.prod(shape))
    data = hashlib.shake_256(b"medici/tiny/" + name.encode()).digest(4 * count)
    words = np.frombuffer(data, ">u4").astype(np.int64)
    return (words % (1 << bits) - (1 << (bits - 1))).reshape(shape)


def make() -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and tensors of the tiny model."""
    tensors: dict[str, NDArray[Any]] = {}
    for name, shape in SHAPES.items():
        tensors[f"{name}.weight"] = numbers(f"{name}.weight", shape, 15).astype(np.int16)
        tensors[f"{name}.bias"] = numbers(f"{name}.bias", (shape[-2],), 24)
    tensors["mean"] = numbers("mean", (MAPPING,), 11).astype(np.int16)
    tensors["palette"] = (numbers("palette", (7, 3), 8) + 128).astype(np.uint8)
    header = {
        "schema": "medici/exact/1",
        "latent": {"normal": NORMAL, "codes": CODES, "values": VALUES},
        "slots": SLOTS,
        "transparent": True,
        "colours": 7,
        "grounds": [list(g) for g in GROUNDS],
        "psi": 1000,
        "layers": [
            {
                "name": name,
                "kind": KINDS.get(name, "dense"),
                "shape": list(SHAPES[name]),
                "shift": SHIFTS[name],
                "leaky": name not in ("mask", "colour2"),
            }
            for name in LAYERS
        ],
    }
    return header, tensors


def write(folder: Path) -> ModelRecord:
    """The tiny model as a folder that `load_model` takes."""
    import json

    from medici.studio.pictures.quality import Statistics

    folder.mkdir(parents=True, exist_ok=True)
    header, tensors = make()
    digest = save_weights(folder / "weights.safetensors", header, tensors)
    pictures = (numbers("pictures", (40, 16, 16, 4), 8) + 128).astype(np.uint8)
    pictures = (pictures // 128 * 255).astype(np.uint8)
    statistics = Statistics.of(pictures).save(folder / "statistics.safetensors")
    record = ModelRecord(
        id=model_id(header, tensors),
        name="tiny",
        renderer="exact/1",
        weights_sha256=digest,
        data_root=Digest("0" * 64),
        data_licence="CC0-1.0",
        training={"statistics_sha256": Digest.of(statistics)},
    )
    (folder / "record.json").write_text(json.dumps(record.as_json()), "utf-8")
    return record

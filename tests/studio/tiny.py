"""A tiny exact model whose weights come from a counter: specification vectors and fast tests."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.records import Digest, ModelRecord
from medici.studio.exact.identity import RENDERER, ExactModel, assemble
from medici.studio.exact.network import Layer
from medici.studio.exact.sequence import NOISE_LEVELS, Weights
from medici.studio.pictures.finish import GROUNDS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CODES, LEVELS, MAPPING, CHANNELS, SLOTS = 5, 3, 8, (6, 5, 4), 5


def numbers(name: str, shape: tuple[int, ...], bits: int) -> NDArray[np.int64]:
    """Signed numbers of so many bits from SHAKE-256 of the name, four bytes each."""
    count = int(np.prod(shape))
    data = hashlib.shake_256(b"medici/tiny/" + name.encode()).digest(4 * count)
    words = np.frombuffer(data, ">u4").astype(np.int64)
    return (words % (1 << bits) - (1 << (bits - 1))).reshape(shape)


def layer(name: str, kind: str, shape: tuple[int, ...], shift: int = 13, **more: Any) -> Layer:
    """A layer small enough in shift that activations use their range and clip now and then."""
    weight = numbers(f"{name}.weight", shape, 15).astype(np.int16)
    return Layer(name, kind, weight, numbers(f"{name}.bias", (shape[-2],), 24), shift, **more)


def prior() -> Weights:
    """A sequence over the codes, with one residual block and a head for each position."""
    width = 6
    return Weights(
        tables=numbers("prior.tables", (CODES, LEVELS, width), 11).astype(np.int16),
        conditions=np.zeros((0, 1, width), np.int16),
        positions=numbers("prior.positions", (CODES, width), 20),
        shift=11,
        blocks=(
            layer("in0", "dense", (7, width), leaky=True),
            layer("out0", "dense", (width, 7), plus="input"),
        ),
        heads=numbers("prior.heads", (CODES, LEVELS, width), 12).astype(np.int16),
        offsets=numbers("prior.offsets", (CODES, LEVELS), 20),
        score_shift=13,
        noise=numbers("prior.noise", (NOISE_LEVELS,), 12).astype(np.int16),
    )


def make() -> ExactModel:
    """The tiny model."""
    a, b, c = CHANNELS
    return assemble(
        "pictures",
        {
            "side": 16,
            "smooth": 0,
            "slots": SLOTS,
            "transparent": True,
            "grounds": [list(g) for g in GROUNDS],
            "psi": 1000,
            "head": "indexed",
            "classes": [],
            "directions": ["up", "warm"],
            "latent": {"codes": CODES},
        },
        {
            "map": [layer("mapping", "dense", (MAPPING, CODES), leaky=True)],
            "draw": [
                layer("seed", "dense", (16 * a, MAPPING), leaky=True, grid=(4, 4)),
                layer("up1", "up", (4, b, 4 * a), leaky=True),
                layer("up2", "up", (4, c, 4 * b), leaky=True),
                layer("mask", "conv", (SLOTS, 9 * c), 0),
            ],
            "colours": [
                layer("colour1", "dense", (MAPPING, MAPPING), leaky=True),
                layer("colour2", "dense", (7 * (SLOTS - 1), MAPPING), 14),
            ],
        },
        {"prior": prior()},
        {
            "mean": numbers("mean", (MAPPING,), 11).astype(np.int16),
            "palette": (numbers("palette", (7, 3), 8) + 128).astype(np.uint8),
            "directions": numbers("directions", (2, MAPPING), 11).astype(np.int16),
            "levels": np.array([-1024, 0, 1024], np.int16),
        },
    )


def write(folder: Path) -> ModelRecord:
    """The tiny model as a folder that `load_model` takes."""
    from medici.studio.pictures.quality import Statistics

    folder.mkdir(parents=True, exist_ok=True)
    model = make()
    digest = model.save(folder / "weights.safetensors")
    pictures = (numbers("pictures", (40, 16, 16, 4), 8) + 128).astype(np.uint8)
    pictures = (pictures // 128 * 255).astype(np.uint8)
    statistics = Statistics.of(pictures).save(folder / "statistics.safetensors")
    record = ModelRecord(
        id=model.id,
        name="tiny",
        renderer=RENDERER,
        weights_sha256=digest,
        data_root=Digest("0" * 64),
        data_licence="CC0-1.0",
        training={"statistics_sha256": Digest.of(statistics)},
    )
    (folder / "record.json").write_text(json.dumps(record.as_json()), "utf-8")
    return record

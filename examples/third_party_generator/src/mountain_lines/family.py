"""The two classes that Medici asks for: a family that trains and loads, and a generator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from medici.errors import BadStyle, BadWeights, WrongUse
from medici.records import Digest, ModelId, ModelRecord, Rendering
from medici.store import atomic_write
from medici.studio.data.folder import read_folder
from medici.studio.families import RECORD, WEIGHTS, Now, Training
from mountain_lines import ridges

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

RENDERER = "exact/mountain-lines/1"
KEYS = {
    "lines": "how many ridges, 4 to 80",
    "relief": "how high they rise, 0 to 200",
    "size": "pixels a side, 64 to 2048",
}
_DEFAULTS = {"lines": 32, "relief": 100, "size": 256}
_RANGES = {"lines": (4, 80), "relief": (0, 200), "size": (64, 2048)}
_LOOKED_AT = 64  # seeds that a projection chooses among


class MountainLines:
    """Learns roughness and two colours from pictures; draws mountains with them."""

    name = "mountain-lines"
    kind = "picture"

    def train(self, data: Path, out: Path, how: Training) -> ModelRecord:
        """Measure the pictures once; there is nothing to repeat, so no budget is needed."""
        pictures = read_folder(data)
        learnt = ridges.learn(pictures.pixels)
        weights = save({"octaves": learnt.octaves, "colours": learnt.colours})
        record = ModelRecord(
            id=ModelId(Digest.of(b"mountain-lines/1" + weights)),
            name=how.name or out.name,
            renderer=RENDERER,
            weights_sha256=Digest.of(weights),
            data_root=pictures.root,
            data_licence=pictures.licence,
            training={"octaves": learnt.octaves.tolist(), "count": len(pictures.names)},
            family=self.name,
        )
        atomic_write(out / WEIGHTS, weights)
        # The record last: a folder without it is no model.
        atomic_write(out / RECORD, (json.dumps(record.as_json(), indent=1) + "\n").encode())
        how.progress(Now(1, 1.0, 0.0, {}))
        return record

    def load(self, folder: Path, record: ModelRecord) -> MountainModel:
        """Read the weights and see that they are those of the record."""
        path = folder / WEIGHTS
        try:
            weights = path.read_bytes()
            tensors = load(weights)
            learnt = ridges.Ridges(tensors["octaves"], tensors["colours"])
        except (OSError, SafetensorError, KeyError) as error:
            raise BadWeights(f"{path} holds no mountain lines: {error}") from error
        if Digest.of(weights) != record.weights_sha256:
            raise BadWeights(f"{path} is not the file that its record names")
        if learnt.octaves.shape != (ridges.OCTAVES,) or learnt.colours.shape != (2, 3):
            raise BadWeights(f"{path} has tensors of other shapes")
        return MountainModel(learnt, record)


class MountainModel:
    """Mountains by seed."""

    forms: Sequence[str] = ("svg",)
    keys: Mapping[str, str] = KEYS

    def __init__(self, learnt: ridges.Ridges, record: ModelRecord) -> None:
        self.learnt, self.record = learnt, record

    @property
    def id(self) -> ModelId:
        """The model's identity."""
        return self.record.id

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        """One mountain."""
        told = checked(style)
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 1 << 53:
            raise BadStyle(f"seed cannot be {seed!r}", "0 to 2^53 - 1")
        pixels = ridges.draw(self.learnt, seed, told["size"], told["lines"], told["relief"])
        return Rendering(pixels, seed, told)

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """One mountain a seed."""
        return [self.sample(seed, style) for seed in seeds]

    def encode(self, path: Path) -> Rendering:
        """Of the first 64 mountains the one whose light and dark are most like the picture's."""
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(path) as image:
                wanted = np.asarray(image.convert("L").resize((16, 16)), np.int64)
        except (UnidentifiedImageError, OSError) as error:
            raise WrongUse(f"{path} cannot be read as a picture") from error

        def gap(work: Rendering) -> int:
            small = Image.fromarray(work.pixels).convert("L").resize((16, 16))
            return int(np.abs(np.asarray(small, np.int64) - wanted).sum())

        works = self.sample_many(range(_LOOKED_AT), {"size": 64})
        return self.sample(min(works, key=gap).seed)

    def export(self, work: Rendering, form: str) -> bytes:
        """The mountain as SVG."""
        if form != "svg":
            raise WrongUse(f"a mountain cannot be had as {form!r}", "svg")
        told = checked(work.style)
        return ridges.outline(
            self.learnt, work.seed, told["size"], told["lines"], told["relief"]
        ).encode()


def checked(style: Mapping[str, Any] | None) -> dict[str, int]:
    """A complete style: every key, defaults included, so that the record can make it again."""
    told = {**_DEFAULTS, **(style or {})}
    for key, value in told.items():
        if key not in KEYS:
            raise BadStyle(f"unknown style key {key!r}", "known keys: " + ", ".join(KEYS))
        low, high = _RANGES[key]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BadStyle(f"style {key} cannot be {value!r}", KEYS[key])
    return told

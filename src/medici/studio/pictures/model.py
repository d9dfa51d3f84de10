"""A picture model that can be sampled: weights checked against their record, then rendered."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from medici.errors import BadWeights, NoWeights
from medici.records import Digest, ModelId, ModelRecord, Rendering
from medici.studio.exact.identity import build_network, model_id, read_weights
from medici.studio.exact.network import RENDERER
from medici.studio.pictures import finish
from medici.studio.pictures.quality import STATISTICS, Statistics
from medici.studio.pictures.style import Style, check_seed, colour_bytes, parse_style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SHIPPED = Path(__file__).parents[1] / "weights"
WEIGHTS = "weights.safetensors"
RECORD = "record.json"
# Pictures rendered together; enough to keep the products busy, small enough for any memory.
_TOGETHER = 64


class Generator(Protocol):
    """Anything that makes works from seeds."""

    @property
    def id(self) -> ModelId:
        """The model's identity on the chain."""
        ...

    @property
    def record(self) -> ModelRecord:
        """What the world may know of the model."""
        ...

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        """One work."""
        ...

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """One work a seed, in order; each equals what `sample` makes of its seed."""
        ...


class PictureModel:
    """A colour-slot picture generator, rendered exactly.

    Args:
        header: description from the weights file.
        tensors: integer tensors from the weights file.
        record: the model's record.
        folder: where the model's other files are.
    """

    def __init__(
        self,
        header: Mapping[str, Any],
        tensors: Mapping[str, Any],
        record: ModelRecord,
        folder: Path,
    ) -> None:
        self.header, self.record, self.folder = header, record, folder
        self.network = build_network(header, tensors)
        self.palette: NDArray[np.uint8] = tensors["palette"]
        self.transparent = bool(header["transparent"])
        self.grounds = np.array(header["grounds"], np.int64).reshape(-1, 3)

    @property
    def id(self) -> ModelId:
        """The model's identity on the chain: the Merkle root over its integers."""
        return self.record.id

    @cached_property
    def statistics(self) -> Statistics:
        """What the training pictures look like, for the filters.

        Raises:
            BadWeights: the file is missing, damaged or not the one that the record names.
        """
        path = self.folder / STATISTICS
        statistics = Statistics.load(path)
        if Digest.of(path.read_bytes()) != self.record.training.get("statistics_sha256"):
            raise BadWeights(f"{path} is not the file that the model's record names")
        return statistics

    def parse(self, style: Mapping[str, Any] | None) -> Style:
        """Check a style against this model's schema.

        Raises:
            BadStyle: an unknown key or a value out of range.
        """
        return parse_style(style, int(self.header["psi"]))

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        """One work.

        Args:
            seed: 0 to 2^53 - 1.
            style: see `medici.studio.pictures.style.KEYS`; what is left open is the default.

        Returns:
            (16·scale, 16·scale, 4) uint8 pixels and the full style they were made under.

        Raises:
            BadStyle: seed or style cannot be used.
        """
        return self.sample_many([seed], style)[0]

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """One work a seed, in order; each equals what `sample` makes of its seed.

        Raises:
            BadStyle: a seed or the style cannot be used.
        """
        parsed = self.parse(style)
        told = parsed.as_json()
        out = []
        for start in range(0, len(seeds), _TOGETHER):
            some = seeds[start : start + _TOGETHER]
            for seed, picture in zip(some, self._render(some, parsed), strict=True):
                out.append(Rendering(finish.enlarge(picture, parsed.scale), int(seed), dict(told)))
        return out

    def natives(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> NDArray[np.uint8]:
        """The pictures at native size, before enlargement: (n, 16, 16, 4) uint8."""
        parsed = self.parse(style)
        parts = [
            self._render(seeds[i : i + _TOGETHER], parsed) for i in range(0, len(seeds), _TOGETHER)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, 16, 16, 4), np.uint8)

    def _render(self, seeds: Sequence[int], style: Style) -> NDArray[np.uint8]:
        net = self.network
        z, drawn = net.latents([check_seed(s) for s in seeds])
        h = self._steered(z, style)
        mask = net.mask(h)
        painted_from = h
        if style.colours_from is not None:
            other = self._steered(net.latents([style.colours_from])[0], style)
            painted_from = np.repeat(other, len(h), 0)
        palette = self.palette
        if style.palette:
            palette = np.array([colour_bytes(c) for c in style.palette], np.uint8)
        colours = finish.snap(net.colours(painted_from), palette)
        pictures = finish.paint(mask, colours, transparent=self.transparent)
        if not self.transparent or style.ground == "transparent":
            return pictures
        if style.ground == "auto":
            grounds = finish.choose_grounds(mask, colours, drawn, self.grounds)
        else:
            grounds = np.tile(np.array(colour_bytes(style.ground), np.uint8), (len(h), 1))
        return finish.set_ground(pictures, grounds)

    def _steered(self, z: NDArray[np.float64], style: Style) -> NDArray[np.float64]:
        net = self.network
        h = net.mapped(z)
        if style.blend_seed is not None:
            other = net.mapped(net.latents([style.blend_seed])[0])
            h = net.blend(h, np.repeat(other, len(h), 0), style.blend_amount)
        return net.truncate(h, style.psi)


def load_model(path_or_name: str | Path = "portraits") -> PictureModel:
    """Load a model by the name of a shipped one or by its folder, and check that it is itself.

    Raises:
        NoWeights: no such model here.
        BadWeights: the weights are damaged, not safetensors, or not those that the record names.
    """
    folder = _find(path_or_name)
    header, tensors, digest = read_weights(folder / WEIGHTS)
    record = _read_record(folder / RECORD)
    if digest != record.weights_sha256:
        raise BadWeights(
            f"{folder / WEIGHTS} has SHA-256 {digest}, its record says {record.weights_sha256}",
            "the file was changed or damaged; get it again",
        )
    model = PictureModel(header, tensors, record, folder)
    identity = model_id(header, tensors)
    if identity != record.id or record.renderer != RENDERER:
        raise BadWeights(
            f"the model in {folder} is {identity}, its record says {record.id}",
            "record and weights belong to different models",
        )
    return model


def _find(path_or_name: str | Path) -> Path:
    for folder in (Path(path_or_name), SHIPPED / path_or_name):
        if (folder / WEIGHTS).is_file():
            return folder
    if Path(path_or_name).is_dir():
        raise NoWeights(f"{path_or_name} holds no {WEIGHTS}", "give the folder of a trained model")
    shipped = sorted(p.name for p in SHIPPED.iterdir()) if SHIPPED.is_dir() else []
    raise NoWeights(
        f"no model called {str(path_or_name)!r}",
        f"shipped models: {', '.join(shipped) or 'none'}; or give the folder of a trained one",
    )


def _read_record(path: Path) -> ModelRecord:
    try:
        return ModelRecord.from_json(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise NoWeights(f"no record at {path}", "weights are only used with their record") from None
    except ValueError as error:
        raise BadWeights(f"{path} is not a model record: {error}") from error

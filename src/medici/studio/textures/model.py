"""A texture model that can be sampled: exact tone, colour, maps, any size, no seam."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights, WrongUse
from medici.records import Rendering
from medici.studio.checking import check_seed
from medici.studio.exact import latents
from medici.studio.exact.network import ONE
from medici.studio.textures import colour, mixing, relief
from medici.studio.textures.render import Grid, TextureNetwork, levels
from medici.studio.textures.style import KEYS, Style, parse_style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.records import ModelId, ModelRecord
    from medici.studio.exact.identity import ExactModel

    Whole = NDArray[np.int64]

FORMS = ("albedo.png", "height.png", "normal.png", "occlusion.png", "pbr.zip", "roughness.png")
# Rec. 709 luma in parts of 4096.
_LUMA = np.array([871, 2929, 296], np.int64)
# Cells a side of a blotch of colour.
_DRIFT = 6
# A fixed date: the same work gives the same archive, byte for byte.
_DATE = (1980, 1, 1, 0, 0, 0)
_TRIED = 12
_LEAST = 64


class TextureModel:
    """A spatial generator of textures, rendered exactly.

    Args:
        exact: the weights file.
        record: the model's record.
        folder: where the model's other files are.

    Raises:
        BadWeights: the file is another family's, or its parts disagree.
    """

    def __init__(self, exact: ExactModel, record: ModelRecord, folder: Path) -> None:
        self.exact, self.record, self.folder = exact, record, folder
        about = exact.about
        try:
            self.about: dict[str, Mapping[str, Any]] = {
                str(m["name"]): m for m in about["materials"]
            }
            self.psi = int(about["psi"])
            self.network = TextureNetwork(exact.networks["texture"], about, exact.tensors["sines"])
            self._waves = np.array(
                [_padded(m["waves"], self.network.waves) for m in about["materials"]], np.int64
            ).reshape(len(self.about), self.network.waves, 2)
        except (KeyError, TypeError, ValueError) as error:
            raise BadWeights(f"{folder} holds no texture model: {error!r}") from error

    @property
    def id(self) -> ModelId:
        """The model's identity on the chain."""
        return self.record.id

    @property
    def materials(self) -> tuple[str, ...]:
        """Names of the materials, in the order of the classes."""
        return tuple(self.about)

    @property
    def keys(self) -> Mapping[str, str]:
        """Style keys, each with a sentence on its values."""
        return KEYS

    @property
    def forms(self) -> Sequence[str]:
        """Maps that a texture can be had as."""
        return FORMS

    def parse(self, style: Mapping[str, Any] | None) -> Style:
        """Check a style against this model's schema.

        Raises:
            BadStyle: an unknown key or a value out of range.
        """
        return parse_style(style, self.materials, self.network.cell, self.psi)

    def sample(self, seed: int, style: Mapping[str, Any] | None = None) -> Rendering:
        """One texture.

        Returns:
            (height · scale, width · scale, 4) uint8 albedo and the full style it was made under.

        Raises:
            BadStyle: seed or style cannot be used.
        """
        seed = check_seed(seed)
        parsed = self.parse(self._with_material(seed, style))
        return Rendering(self._albedo(seed, parsed), seed, parsed.as_json(), "texture")

    def _with_material(self, seed: int, style: Mapping[str, Any] | None) -> dict[str, Any]:
        """The style, with the seed's own material where it names none."""
        style = dict(style or {})
        if style.get("material") is None:
            drawn = int(latents.draws(latents.stream("texture/material", seed, 2))[0])
            mix = style.get("mix")
            second = mix.get("material") if isinstance(mix, dict) else None
            others = [name for name in self.materials if name != second] or self.materials
            style["material"] = others[drawn % len(others)]
        return style

    def sample_many(
        self, seeds: Sequence[int], style: Mapping[str, Any] | None = None
    ) -> list[Rendering]:
        """One texture a seed, in order; each equals what `sample` makes of its seed."""
        return [self.sample(seed, style) for seed in seeds]

    def light(self, seed: int, style: Mapping[str, Any] | None = None) -> NDArray[np.uint8]:
        """What the network itself made, before ramps: (height, width, planes) uint8, native."""
        seed = check_seed(seed)
        grid = self._grid(seed, self.parse(self._with_material(seed, style)))
        return np.concatenate([levels(rows) for _, rows in self.network.bands(grid)])

    def maps(self, work: Rendering) -> relief.Maps:
        """Height, normal, roughness and occlusion of a texture, made again from seed and style."""
        style = self.parse(work.style)
        tone = self._tone(check_seed(work.seed), style)
        strength = style.relief
        if strength is None:
            strength = int(self.about[style.material]["relief"])
        return relief.maps(tone, strength, style.scale)

    def export(self, work: Rendering, form: str) -> bytes:
        """A map as PNG, or all of them in an archive; the same work gives the same bytes.

        Raises:
            WrongUse: `form` is none of `forms`.
        """
        if form not in FORMS:
            raise WrongUse(f"a texture has no form {form!r}", "forms: " + ", ".join(FORMS))
        if form == "albedo.png":
            return _png(work.pixels[..., :3])
        maps = self.maps(work)
        if form != "pbr.zip":
            return _png(getattr(maps, form.removesuffix(".png")))
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for name in FORMS:
                if name.endswith(".png"):
                    made = work.pixels[..., :3] if name == "albedo.png" else None
                    image = getattr(maps, name.removesuffix(".png")) if made is None else made
                    archive.writestr(zipfile.ZipInfo(name, _DATE), _png(image))
            told = {"seed": work.seed, "style": dict(work.style), "model": self.id}
            archive.writestr(
                zipfile.ZipInfo("texture.json", _DATE), json.dumps(told, indent=1, sort_keys=True)
            )
        return buffer.getvalue()

    def encode(self, path: Path) -> Rendering:
        """The texture of this model whose statistics are nearest to a given picture's.

        A search over materials and a few seeds by grey levels, spectrum and correlation: it finds
        the kind, not the very stones.

        Raises:
            BadData: the picture cannot be used.
        """
        from medici.studio.textures.data import read_texture
        from medici.studio.textures.metrics import statistics, unlike

        given = read_texture(path, _LEAST)
        wanted = statistics(given)
        side = self.network.cell * 16
        best = min(
            (unlike(wanted, statistics(self.light(seed, style))), seed, material)
            for material in self.materials
            for style in [{"material": material, "width": side, "height": side}]
            for seed in range(_TRIED)
        )
        size = {
            key: max(64, min(1024, round(pixels / self.network.cell) * self.network.cell))
            for key, pixels in zip(("height", "width"), given.shape, strict=False)
        }
        return self.sample(best[1], {"material": best[2], **size})

    def _grid(self, seed: int, style: Style) -> Grid:
        cell = self.network.cell
        rows, columns = style.height // cell, style.width // cell
        weights = mixing.weights(style, self.materials, seed, cell)
        # Waves are kept in turns over 2^20 pixels; here the nearest whole number of turns.
        size = np.array([style.height, style.width], np.int64)
        cycles = (self._waves * size + (1 << 19)) >> 20
        return Grid(
            seed=seed,
            rows=rows,
            columns=columns,
            psi=style.psi,
            weights=weights.astype(np.float64),
            cycles=cycles,
            other=style.blend_seed,
            amount=style.blend_amount,
        )

    def _albedo(self, seed: int, style: Style) -> NDArray[np.uint8]:
        network, scale = self.network, style.scale
        grid = self._grid(seed, style)
        height, width = style.height * scale, style.width * scale
        out = np.full((height, width, 4), 255, np.uint8)
        drift = self._drift(seed, style)
        for top, rows in self._enlarged(grid, scale):
            inside = range(top, top + len(rows))
            if network.planes == 3 and style.ramp is None:
                out[top : top + len(rows), :, :3] = levels(rows.astype(np.float64))
                continue
            tone = rows[..., 0] if network.planes == 1 else rows @ _LUMA >> 12
            side = network.cell * scale
            drifting = colour.spread(drift, side, inside, width)
            out[top : top + len(rows), :, :3] = self._painted(
                tone, drifting, grid, style, inside, side
            )
        return out

    def _painted(
        self, tone: Whole, drift: Whole, grid: Grid, style: Style, inside: range, side: int
    ) -> Whole:
        """Each material's ramp where it lies, mixed where they meet."""
        weights = grid.weights.astype(np.int64)
        if weights.ndim == 1:
            return self._ramped(tone, drift, style, style.material)
        parts = colour.spread(weights, side, inside, tone.shape[1])
        total: Whole = np.zeros((*tone.shape, 3), np.int64)
        for i, name in enumerate(self.materials):
            if weights[..., i].any():
                total += self._ramped(tone, drift, style, name) * parts[..., i : i + 1]
        return np.asarray(np.minimum(total // np.maximum(parts.sum(-1, keepdims=True), 1), 255))

    def _ramped(self, tone: Whole, drift: Whole, style: Style, material: str) -> Whole:
        about = self.about[material]
        ramp = style.ramp or str(about["ramp"])
        low, high = about["tones"]
        return colour.coloured(colour.tones(tone, int(low), int(high)), colour.pair(ramp), drift)

    def _drift(self, seed: int, style: Style) -> Whole:
        cell = self.network.cell
        rows, columns = style.height // cell, style.width // cell
        field = mixing.noise("texture/drift", seed, rows, columns, _DRIFT)
        return np.asarray(field * style.variation // 1000)

    def _tone(self, seed: int, style: Style) -> Whole:
        """Light of the whole picture, (h, w) int64 Q10."""
        parts = []
        for _, rows in self._enlarged(self._grid(seed, style), style.scale):
            parts.append(rows[..., 0] if self.network.planes == 1 else rows @ _LUMA >> 12)
        return np.concatenate(parts)

    def _enlarged(self, grid: Grid, scale: int) -> Any:
        """Bands of the texture at its final size, int64 Q10."""
        if scale == 1:
            for top, rows in self.network.bands(grid):
                yield top, np.clip(rows.astype(np.int64), -ONE, ONE)
            return
        # Between pixels the picture is linear, and a band's edges need the next band's pixels.
        whole = np.clip(self.network.whole(grid).astype(np.int64), -ONE, ONE)
        high, wide = len(whole) * scale, whole.shape[1] * scale
        for top in range(0, high, 256):
            inside = range(top, min(top + 256, high))
            yield top, colour.spread(whole, scale, inside, wide)


def _padded(waves: Sequence[Sequence[int]], count: int) -> list[list[int]]:
    found = [[int(a), int(b)] for a, b in waves][:count]
    return found + [[0, 0]] * (count - len(found))


def _png(pixels: NDArray[Any]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()

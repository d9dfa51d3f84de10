"""From a training run to a model folder: integers, record, metrics, curves, sheet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.records import ModelRecord
from medici.studio.exact.identity import RENDERER
from medici.studio.textures import metrics, seams
from medici.studio.textures.export import described, load_trained, to_exact
from medici.studio.textures.model import TextureModel
from medici.studio.training.publishing import about_data, staged, versions, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from medici.studio.metrics.distances import Extractor
    from medici.studio.textures.data import MaterialSet

_JUDGED = 12
# Pictures of each material by side, whose borders are measured.
SEAMS = {64: 24, 256: 6}
_ROLLS = ((1, 0), (0, 1), (-3, 5))


@staged
def publish(
    trained: Path,
    out: Path,
    data: MaterialSet,
    *,
    name: str,
    curves: Sequence[Mapping[str, Any]] = (),
    judge: MaterialSet | None = None,
    extractor: Extractor | None = None,
    psi: int = 1000,
    seams_at: Mapping[int, int] = SEAMS,
) -> ModelRecord:
    """Export a trained generator and write everything that ships with a model.

    Args:
        trained: a generator as a run keeps it.
        out: model folder; its files are replaced.
        data: what it was trained on.
        name: short name for the record.
        curves: rows that the run noted.
        judge: fresh pictures of the same materials; the training pictures without it.
        extractor: features for patch figures; none are measured without it.
        psi: the model's default truncation, in thousandths.
        seams_at: pictures of each material by side, whose borders are measured.

    Raises:
        BadWeights: the weights cannot be made exact.
    """
    network, about = load_trained(trained)
    materials = [described(m.name, m.pictures, m.relief, m.waves) for m in data.materials]
    exact = to_exact(network, materials, psi)
    record = ModelRecord(
        id=exact.id,
        name=name,
        renderer=RENDERER,
        weights_sha256=exact.save(out / "weights.safetensors"),
        data_root=data.root,
        data_licence=data.licence,
        family="textures",
        training={
            "architecture": "spatial GAN, circular at rendering; patch discriminator, logistic "
            "loss, lazy R1",
            **{k: about[k] for k in ("shape", "recipe", "seed", "step", "spent")},
            "data": about_data(
                data.source,
                len(data.files),
                materials={m.name: len(m.pictures) for m in data.materials},
            ),
            "versions": versions(),
            "certificate": exact.certificate,
        },
        bias_report={
            "data": f"{len(data.files)} photographs of {len(data.materials)} materials",
            "note": "textures show no people; what is learned is these surfaces in this light",
        },
    )
    model = TextureModel(exact, record, out)
    measured = measure(model, judge or data, extractor, seams_at=seams_at)
    fresh = judge is not None and judge.root != data.root
    measured["against"] = "fresh pictures" if fresh else "the training pictures"
    full = replace(record, metrics=measured)
    save_sheet(model, out / "sheet.png")
    rows = [dict(row) for row in curves]
    for file, value in (("metrics", measured), ("curves", rows), ("record", full.as_json())):
        write_json(out / f"{file}.json", value)
    return full


def measure(
    model: TextureModel,
    data: MaterialSet,
    extractor: Extractor | None = None,
    count: int = 500,
    seams_at: Mapping[int, int] = SEAMS,
) -> dict[str, Any]:
    """Figures of every material, beside floor and controls.

    Distances are between mean statistics of twelve 256² textures and of real 256² crops; their
    floor is left against right halves of the real pictures.
    """
    side = model.network.cell * 16
    told: dict[str, Any] = {"materials": {}, "crop": metrics.CROP, "n": count}
    if extractor is not None:
        told["extractor"] = extractor.name
    for material in data.materials:
        style = {"material": material.name, "width": side, "height": side}
        made = [metrics.three(model.light(seed, style)) for seed in range(_JUDGED)]
        real = [metrics.three(p) for p in material.pictures]
        left, right = metrics.halves(real)
        row: dict[str, Any] = {
            "distances": metrics.between(real, made, side),
            "distances_floor": metrics.between(left, right, side),
        }
        if extractor is not None:
            row["patches"] = metrics.patch_rows(real, made, extractor, count)
        told["materials"][material.name] = _rounded(row)
    found = seams.measure(model, seams_at)
    told["seam_excess"] = {str(side): round(one.plain.value, 4) for side, one in found.items()}
    told["seam_error"] = {str(side): round(one.plain.error, 4) for side, one in found.items()}
    told["cell_borders"] = {
        str(side): {
            name: {"excess": round(one.value, 4), "error": round(one.error, 4)}
            for name, one in at.cells.items()
        }
        for side, at in found.items()
    }
    told["pixels_that_differ_when_rolled"] = sum(
        seams.odd_pixels(model, 1, {"material": name, "width": 128, "height": 128}, _ROLLS)
        for name in model.materials
    )
    return told


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return round(value, 5)


def save_sheet(model: TextureModel, path: Path) -> None:
    """Every material: three seeds of 256², and one of 128² tiled two by two to show its seam."""
    from PIL import Image

    rows = []
    for material in model.materials:
        style = {"material": material, "width": 256, "height": 256}
        shown = [model.sample(seed, style).pixels for seed in range(3)]
        small = model.sample(3, {**style, "width": 128, "height": 128}).pixels
        rows.append(np.concatenate([*shown, np.tile(small, (2, 2, 1))], axis=1))
    page = np.concatenate(rows)[..., :3]
    part = path.with_suffix(".part.png")
    Image.fromarray(page).save(part, optimize=True)
    part.replace(path)

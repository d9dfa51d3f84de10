from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.studio.diffusion.conftest import TINY

from medici.errors import BadWeights, Interrupted, MissingPart, WrongUse
from medici.records import ModelRecord
from medici.studio.families import Training, family, load_model

if TYPE_CHECKING:
    from pathlib import Path

    from medici.studio.families import Now

pytestmark = pytest.mark.train
UNET = "unet/diffusion_pytorch_model.safetensors"


def train(data: Path, out: Path, **told: Any) -> ModelRecord:
    settings = {**TINY, **told.pop("settings", {})}
    return family("diffusion").train(data, out, Training(settings=settings, **told))


def test_a_model_folder_is_a_pipeline_with_a_record(trained: Path) -> None:
    names = {p.relative_to(trained).as_posix() for p in trained.rglob("*") if p.is_file()}
    assert {"model_index.json", UNET, "record.json", "curves.json", "sheet.png"} <= names
    record = ModelRecord.from_json(json.loads((trained / "record.json").read_text()))
    assert record.family == "diffusion"
    assert record.renderer == "float/diffusers"
    assert record.data_licence == "CC0-1.0"
    assert record.training["step"] == 3
    assert record.bias_report["colours"]
    assert load_model(trained).id == record.id


def test_the_same_seed_gives_the_same_weights_and_another_others(
    drawings: Path, trained: Path, tmp_path: Path
) -> None:
    again = train(drawings, tmp_path / "again", steps=3)
    other = train(drawings, tmp_path / "other", steps=3, seed=1)
    assert again.id == load_model(trained).id
    assert other.id != again.id


def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    drawings: Path, trained: Path, tmp_path: Path
) -> None:
    def stop(now: Now) -> None:
        if now.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="step 2"):
        train(drawings, tmp_path / "m", steps=3, progress=stop)
    assert not (tmp_path / "m" / "record.json").exists()
    record = train(drawings, tmp_path / "m", steps=3, resume=True)
    assert record.id == load_model(trained).id


def test_training_lowers_the_loss_on_other_pictures(drawings: Path, tmp_path: Path) -> None:
    import torch

    from medici.studio.data.folder import read_folder
    from medici.studio.diffusion.recipe import Recipe
    from medici.studio.diffusion.trainer import Trainer

    data = read_folder(drawings)
    recipe = Recipe(widths=(8, 16), batch=8, warm_up=0, average=0.5, flip=True)
    trainer = Trainer(data, recipe, 0, torch.device("cpu"))
    before = trainer.held_out_loss(data.pixels)
    for _ in range(40):
        trainer.advance()
    assert trainer.held_out_loss(data.pixels) < 0.8 * before


def test_with_tuning_pictures_the_best_moment_is_kept(drawings: Path, tmp_path: Path) -> None:
    record = train(drawings, tmp_path / "m", steps=2, tune=drawings)
    assert "lowest loss" in record.training["kept"]
    rows = json.loads((tmp_path / "m" / "curves.json").read_text())
    assert any("tune_loss" in row for row in rows)


def test_training_can_start_from_another_model(
    drawings: Path, trained: Path, tmp_path: Path
) -> None:
    slow = {"settings": {"rate": 1e-9}}
    train(drawings, tmp_path / "m", steps=1, seed=5, start_from=trained, **slow)
    mine, theirs = load_file(tmp_path / "m" / UNET), load_file(trained / UNET)
    assert max(float(np.abs(mine[k] - theirs[k]).max()) for k in mine) < 1e-6
    with pytest.raises(BadWeights, match="do not fit"):
        train(
            drawings,
            tmp_path / "n",
            steps=1,
            start_from=trained,
            settings={"widths": [16, 16]},
        )


def test_a_larger_size_is_trained_the_same_way(drawings: Path, tmp_path: Path) -> None:
    train(drawings, tmp_path / "m", steps=1, settings={"size": 24, "batch": 2})
    assert load_model(tmp_path / "m").sample(0, {"steps": 1}).pixels.shape == (24, 24, 4)


def test_a_snapshot_of_another_architecture_is_refused(drawings: Path, tmp_path: Path) -> None:
    train(drawings, tmp_path / "m", steps=1)
    with pytest.raises(BadWeights, match="another widths"):
        train(drawings, tmp_path / "m", steps=2, resume=True, settings={"widths": [16, 16]})


@pytest.mark.parametrize("junk", [b"", b"\x80\x04.", b"\xff" * 64])
def test_a_damaged_snapshot_is_named(drawings: Path, tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "m" / "run").mkdir(parents=True)
    (tmp_path / "m" / "run" / "snapshot.safetensors").write_bytes(junk)
    with pytest.raises(BadWeights, match=r"snapshot\.safetensors"):
        train(drawings, tmp_path / "m", steps=2, resume=True)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sise": 16}, "sise"),
        ({"size": 15}, "size 15"),
        ({"size": 128}, "size 128"),
        ({"size": True}, "size"),
        ({"widths": [7]}, "widths"),
        ({"widths": 3}, "setting"),
        ({"batch": 0}, "batch"),
        ({"rate": "fast"}, "rate"),
        ({"precision": "float8"}, "precision"),
    ],
)
def test_settings_that_make_no_network_are_refused(
    drawings: Path, tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(WrongUse, match=said):
        train(drawings, tmp_path / "m", steps=1, settings=settings)
    assert not (tmp_path / "m").exists()


def test_a_run_needs_an_end_and_is_not_overwritten(
    drawings: Path, trained: Path, tmp_path: Path
) -> None:
    with pytest.raises(WrongUse, match="an end"):
        train(drawings, tmp_path / "m")
    with pytest.raises(WrongUse, match="nothing to resume"):
        train(drawings, tmp_path / "m", steps=1, resume=True)
    with pytest.raises(WrongUse, match="holds a training run"):
        train(drawings, trained, steps=4)


def test_a_loss_that_is_no_number_goes_back_and_slows_down(
    drawings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medici.studio.diffusion import trainer

    advance, bad = trainer.Trainer.advance, []

    def poisoned(self: trainer.Trainer) -> dict[str, float]:
        if self.step == 1 and not bad:
            bad.append(self.step)
            for p in self.network.parameters():
                p.data.fill_(float("nan"))
        return advance(self)

    monkeypatch.setattr(trainer.Trainer, "advance", poisoned)
    record = train(drawings, tmp_path / "m", steps=2)
    assert record.training["spent"]["recoveries"] == 1
    weights = load_file(tmp_path / "m" / UNET)
    assert all(np.isfinite(w).all() for w in weights.values())


def test_a_batch_too_large_for_memory_is_taken_in_parts(drawings: Path) -> None:
    import torch

    from medici.studio.data.folder import read_folder
    from medici.studio.diffusion.recipe import Recipe
    from medici.studio.diffusion.trainer import Trainer

    recipe = Recipe(widths=(8, 16), batch=8)
    whole, tight = (
        Trainer(read_folder(drawings), recipe, 0, torch.device("cpu")) for _ in range(2)
    )
    inner = tight.loss

    def loss(network: Any, pictures: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        if len(pictures) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return inner(network, pictures, *rest)

    tight.loss = loss  # type: ignore[method-assign]
    assert tight.advance()["loss"] == pytest.approx(whole.advance()["loss"], rel=1e-4)
    assert tight.parts == 4

    def never(*_: Any) -> torch.Tensor:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    tight.loss = never  # type: ignore[method-assign]
    with pytest.raises(MissingPart, match="memory"):
        tight.advance()


def test_a_full_disk_leaves_the_snapshot_before(
    drawings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from medici.studio.data.folder import read_folder
    from medici.studio.diffusion import trainer
    from medici.studio.diffusion.recipe import Recipe

    run = trainer.Trainer(read_folder(drawings), Recipe(widths=(8, 16)), 0, torch.device("cpu"))
    run.save(tmp_path / "snapshot.safetensors")
    before = (tmp_path / "snapshot.safetensors").read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("medici.store.os.fsync", full)
    with pytest.raises(MissingPart, match="No space left"):
        run.save(tmp_path / "snapshot.safetensors")
    assert [p.name for p in tmp_path.iterdir()] == ["snapshot.safetensors"]
    assert (tmp_path / "snapshot.safetensors").read_bytes() == before


def test_a_device_that_is_not_there_is_missing(drawings: Path, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is one")
    how = replace(Training(steps=1, settings=TINY), device="cuda")
    with pytest.raises(MissingPart, match="CUDA"):
        family("diffusion").train(drawings, tmp_path / "m", how)

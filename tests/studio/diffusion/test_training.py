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
from medici.studio.data.folder import read_folder
from medici.studio.families import Training, family, load_model
from medici.studio.metrics.memorisation import ALONE, RULE
from medici.studio.training.snapshots import read_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from medici.studio.families import Now

pytestmark = pytest.mark.train
EVERY_STEP = {"note_steps": 1, "judge_seconds": 0, "judge_share": 1}
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

    from medici.studio.diffusion.recipe import Recipe
    from medici.studio.diffusion.trainer import Trainer

    data = read_folder(drawings)
    recipe = Recipe(widths=(8, 16), batch=8, warm_up=0, average=0.5, flip=True)
    trainer = Trainer(data, recipe, 0, torch.device("cpu"))
    before = trainer.held_out_loss(data.pixels, "0.5")
    for _ in range(40):
        trainer.advance()
    assert trainer.held_out_loss(data.pixels, "0.5") < 0.8 * before


def test_with_tuning_pictures_the_best_moment_is_kept(drawings: Path, tmp_path: Path) -> None:
    out = tmp_path / "m"
    record = train(drawings, out, steps=4, tune=drawings, settings=EVERY_STEP)
    assert "lowest loss" in record.training["kept"]
    losses = json.loads((out / "curves.json").read_text())["series"]["tune_loss (0.9995)"]
    assert losses["step"] == [1, 2, 3, 4]
    best = losses["step"][int(np.argmin(losses["value"]))]
    assert record.training["kept_step"] == best
    about, kept = read_snapshot(out / "run" / "best.safetensors")
    assert about["step"] == best
    exported = load_file(out / UNET)
    assert all((kept[k].numpy() == exported[k]).all() for k in exported)


def test_a_run_ends_where_nothing_improves_or_processor_time_is_used(
    drawings: Path, tmp_path: Path
) -> None:
    still = {**EVERY_STEP, "rate": 1e-12, "patience": 2}
    record = train(drawings, tmp_path / "still", steps=50, tune=drawings, settings=still)
    assert record.training["step"] == 3
    brief = train(drawings, tmp_path / "brief", settings={"cpu_seconds": 1e-6})
    assert brief.training["step"] == 1
    with pytest.raises(WrongUse, match="nothing to judge by"):
        train(drawings, tmp_path / "no", steps=1, settings={"patience": 2})


def test_a_run_leaves_sheets_curves_and_event_files(drawings: Path, tmp_path: Path) -> None:
    out = tmp_path / "m"
    told = {**EVERY_STEP, "deterministic": True}
    record = train(drawings, out, steps=2, settings=told)
    names = ["000001.png", "000002.png"]
    assert [p.name for p in sorted((out / "run" / "sheets").iterdir())] == names
    curves = json.loads((out / "run" / "curves.json").read_text())
    assert {"loss", "gradient", "rate", "cpu_seconds"} <= curves["series"].keys()
    assert next((out / "run" / "tensorboard").glob("events.*")).stat().st_size > 1000
    # Watching changes nothing.
    assert train(drawings, tmp_path / "plain", steps=2).id == record.id


def test_what_was_published_stays_until_the_new_model_is_whole(
    drawings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "m"
    before = train(drawings, out, steps=1)
    with monkeypatch.context() as patched:
        patched.setattr("medici.studio.diffusion.publish.bias", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train(drawings, out, steps=2, resume=True)
    assert load_model(out).id == before.id
    assert not (out / ".publishing").exists()
    after = train(drawings, out, steps=2, resume=True)
    assert load_model(out).id == after.id != before.id


def test_copying_is_looked_at_without_fresh_pictures_too(
    drawings: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = json.loads((trained / "metrics.json").read_text())["memorisation"]
    assert told["rule"] == ALONE
    assert told["exact_copies"] == 0
    assert told["warnings"] == []
    assert len(told["closest"]) == 8
    known = read_folder(drawings).pixels
    monkeypatch.setattr(
        "medici.studio.diffusion.publish.hardened", lambda made: np.resize(known, made.shape)
    )
    heard: list[Any] = []
    monkeypatch.setattr("medici.studio.diffusion.publish.warn_of", heard.append)
    record = train(drawings, tmp_path / "copies", steps=1)
    told = record.metrics["memorisation"]
    assert heard == [told]
    assert told["exact_copies"] == 20
    assert "equal a training picture" in told["warnings"][-1]
    tuned = train(drawings, tmp_path / "tuned", steps=1, tune=drawings)
    assert tuned.metrics["memorisation"]["rule"] == RULE


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
    with pytest.raises(BadWeights, match=r"widths \[8, 16\], not \[16, 16\]"):
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
        ({"widths": 3}, "widths must be a list"),
        ({"batch": 0}, "batch"),
        ({"rate": "fast"}, "rate"),
        ({"precision": "float8"}, "precision"),
        ({"average": 1}, "average"),
        ({"note_steps": 0}, "note_steps"),
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


def test_a_batch_too_large_for_memory_is_halved_until_it_fits(
    drawings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medici.studio.diffusion.trainer import Trainer

    inner = Trainer.loss

    def tight(self: Trainer, network: Any, pictures: torch.Tensor, *rest: torch.Tensor) -> Any:
        if len(pictures) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return inner(self, network, pictures, *rest)

    def never(*_: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(Trainer, "loss", tight)
    train(drawings, tmp_path / "m", steps=2, settings={"batch": 8})
    curves = json.loads((tmp_path / "m" / "curves.json").read_text())
    assert [event["batch"] for event in curves["events"]] == [4, 2]
    about, _ = read_snapshot(tmp_path / "m" / "run" / "snapshot.safetensors")
    assert (about["batch"], about["step"]) == (2, 2)
    monkeypatch.setattr(Trainer, "loss", never)
    with pytest.raises(MissingPart, match="memory") as caught:
        train(drawings, tmp_path / "n", steps=2)
    assert caught.value.code == "out-of-memory"


def test_a_full_disk_leaves_the_snapshot_before(
    drawings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

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

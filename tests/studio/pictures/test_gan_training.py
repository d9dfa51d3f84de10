"""From a folder of pictures to a model that loads; and from one model to the next."""

from __future__ import annotations

import errno
import json
from dataclasses import replace

import numpy as np
import pytest
import structlog
from PIL import Image
from tests.studio.training.trainees import SETTINGS, MeanColours, drawings, trainer

torch = pytest.importorskip("torch")

from medici.errors import BadData, BadWeights, Interrupted, MissingPart, WrongUse  # noqa: E402
from medici.logs import logger  # noqa: E402
from medici.studio import families, load_model  # noqa: E402
from medici.studio.data.folder import read_folder  # noqa: E402
from medici.studio.families import Training  # noqa: E402
from medici.studio.pictures.fine_tuning import start_from  # noqa: E402
from medici.studio.pictures.gan_training import run_gan  # noqa: E402
from medici.studio.pictures.publish import measure, samples_for  # noqa: E402
from medici.studio.pictures.training import train  # noqa: E402
from medici.studio.training.folder import unpublished  # noqa: E402
from medici.studio.training.snapshots import read_snapshot  # noqa: E402

pytestmark = pytest.mark.train


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Norms measured over fewer latents."""
    monkeypatch.setattr("medici.studio.pictures.gan._CALIBRATED", 128)


DCGAN = {**SETTINGS, "body": "dcgan"}


def test_training_ends_in_an_exact_model(pictures, tmp_path):
    told = []
    how = Training(steps=4, seed=1, settings={**DCGAN, "note_steps": 1}, progress=told.append)
    record = train(pictures, tmp_path / "mine", how, judged=32)
    model = load_model(tmp_path / "mine")
    assert model.id == record.id
    assert model.record.training["step"] == 4
    assert "dcgan body, slots head, logistic loss" in model.record.training["architecture"]
    assert model.record.data_root == read_folder(pictures).root
    assert model.sample(3).pixels.shape[2] == 4
    assert [now.step for now in told] == [1, 2, 3, 4]
    rows = json.loads((tmp_path / "mine" / "curves.json").read_text())
    assert {"step", "generator_loss", "discriminator_loss"} <= rows[0].keys()
    looked = model.record.metrics["memorisation"]
    assert looked["exact_copies"] == 0
    assert len(looked["closest"]) == 8


@pytest.mark.parametrize(
    ("stop", "error"),
    [(KeyboardInterrupt(), Interrupted), (OSError(errno.ENOSPC, "full", "w.bin"), MissingPart)],
    ids=["Ctrl-C", "full disk"],
)
def test_a_run_stopped_while_its_model_is_written_is_published_by_resume(
    pictures, tmp_path, monkeypatch, stop, error
):
    def stopped(*args, **kwargs):
        raise stop

    out, settings = tmp_path / "mine", {**DCGAN, "judge_seconds": 1e9}
    with monkeypatch.context() as patch:
        patch.setattr("medici.studio.pictures.publish.publish", stopped)
        with pytest.raises(error) as caught:
            families.train("pictures", pictures, out, Training(minutes=0.01, settings=settings))
    assert caught.value.hint.endswith("the same command with --resume goes on")
    ended = read_snapshot(out / "run" / "snapshot.safetensors")[0]["step"]
    assert unpublished(out / "run") is not None
    record = families.train("pictures", pictures, out, Training(resume=True, settings=settings))
    assert record.training["step"] == ended
    assert load_model(out).id == record.id
    assert unpublished(out / "run") is None
    with pytest.raises(WrongUse, match="needs an end"):
        families.train("pictures", pictures, out, Training(resume=True, settings=settings))


def test_without_a_judge_large_pictures_are_drawn_less_often(pictures, tmp_path, monkeypatch):
    sides = (16, 32, 33, 64, 101, 128, 1024)
    assert [samples_for(side) for side in sides] == [2000, 2000, 1880, 500, 200, 200, 200]
    assert samples_for(64, 32) == 32
    monkeypatch.setattr("medici.studio.pictures.publish._FULL_SIDE", 8)
    monkeypatch.setattr("medici.studio.pictures.publish._LEAST", 20)
    how = Training(steps=1, settings=DCGAN)
    alone = train(pictures, tmp_path / "alone", how, judged=120)
    assert alone.bias_report["samples"].startswith("30 exact renderings, seeds 0 to 29,")
    how = replace(how, judge=pictures)
    judged = train(pictures, tmp_path / "judged", how, judged=120, extractor=MeanColours())
    assert judged.bias_report["samples"].startswith("120 exact renderings, seeds 0 to 119,")
    fresh = read_folder(pictures)
    again = measure(load_model(tmp_path / "judged"), fresh, fresh, MeanColours(), 120)
    assert again.as_json()["rows"] == judged.metrics["rows"]


def test_the_same_data_settings_and_seed_give_the_same_model(pictures, tmp_path):
    how = Training(steps=3, seed=1, settings=DCGAN)
    ids = {train(pictures, tmp_path / name, how, judged=32).id for name in ("a", "b")}
    assert len(ids) == 1


def test_large_pictures_at_the_side_that_nobody_chose_are_told_of(tmp_path):
    for i in range(8):
        Image.effect_noise((96, 96), 50 + i).save(tmp_path / f"{i}.png")
    logger("studio")  # set up before its output is caught
    told = []
    for chosen in ({}, {"side": 32}):
        with structlog.testing.capture_logs() as logs, pytest.raises(WrongUse, match="nonsense"):
            train(tmp_path, tmp_path / "m", Training(steps=1, settings={"nonsense": 1, **chosen}))
        told.append([entry["event"] for entry in logs if "--set side=64" in entry["event"]])
    assert [len(events) for events in told] == [1, 0]


def test_bad_pictures_stop_before_anything_is_written(pictures, tmp_path):
    (pictures / "bad.png").write_bytes(b"")
    with pytest.raises(BadData, match=r"bad\.png is empty"):
        train(pictures, tmp_path / "run", Training(steps=1, settings=DCGAN))
    assert not (tmp_path / "run").exists()


def test_fine_tuning_begins_with_the_other_models_weights(tmp_path):
    first = run_gan(drawings(), tmp_path / "first", Training(steps=3, settings=SETTINGS))
    second = trainer(drawings(30), seed=9)
    told = start_from(second, tmp_path / "first")
    assert told["fresh"] == 1  # the palette is the new data's
    for a, b in zip(
        first.trainee.generator.parameters(), second.generator.parameters(), strict=True
    ):
        assert (a == b).all()
    for a, b in zip(
        first.trainee.discriminator.parameters(), second.discriminator.parameters(), strict=True
    ):
        assert (a == b).all()
    assert second.step == 0
    how = Training(steps=2, settings=SETTINGS, start_from=tmp_path / "first")
    assert run_gan(drawings(30), tmp_path / "second", how).trainee.step == 2


def test_fine_tuning_may_change_the_head_but_not_the_body(tmp_path):
    run_gan(drawings(), tmp_path / "first", Training(steps=1, settings=SETTINGS))
    other = trainer(slots=6, labels="colour")
    told = start_from(other, tmp_path / "first")
    assert told["taken"] > told["fresh"] > 1
    with pytest.raises(BadWeights, match="width 8, not 16"):
        start_from(trainer(width=16), tmp_path / "first")
    with pytest.raises(WrongUse, match="holds no training run to start from"):
        start_from(trainer(), tmp_path)


def test_a_run_goes_on_as_it_began_and_as_nothing_else(pictures, tmp_path):
    how = Training(steps=1, settings={**DCGAN, "head": "rgb", "rate": 2e-4})
    first = train(pictures, tmp_path / "out", how)
    again = train(pictures, tmp_path / "out", Training(steps=2, resume=True))
    assert again.training["recipe"] == first.training["recipe"]
    assert again.training["recipe"]["shape"]["head"] == "rgb"  # not what the data would choose
    for name, other in (("rate", 1e-5), ("batch", 4), ("body", "r3gan"), ("head", "slots")):
        how = Training(steps=3, resume=True, settings={name: other})
        with pytest.raises(BadWeights, match=name):
            train(pictures, tmp_path / "out", how)
    (tmp_path / "out" / "run" / "data.json").unlink()
    with pytest.raises(WrongUse, match="does not say in data"):
        train(pictures, tmp_path / "out", Training(steps=3, resume=True))


def test_the_best_generator_alone_can_be_started_from(tmp_path):
    run = run_gan(drawings(), tmp_path / "first", Training(steps=2, settings=SETTINGS))
    kept = run.trainee.averaged("0.9")
    run.snapshot.unlink()
    other = trainer(seed=5)
    before = [p.detach().clone() for p in other.discriminator.parameters()]
    start_from(other, tmp_path / "first")
    for a, b in zip(kept.parameters(), other.generator.parameters(), strict=True):
        assert (a == b).all()
    assert all(
        (a == b).all() for a, b in zip(before, other.discriminator.parameters(), strict=True)
    )


def test_a_conditional_model_draws_the_class_that_is_asked_for(tmp_path):
    from PIL import Image

    folder = tmp_path / "data"
    folder.mkdir()
    data = drawings()
    for name, pixels in zip(data.names, data.pixels, strict=True):
        Image.fromarray(pixels).save(folder / name)
    (folder / "source.json").write_text(json.dumps(dict(data.source)))
    how = Training(steps=3, settings={**DCGAN, "labels": "colour"})
    train(folder, tmp_path / "model", how, judged=32)
    model = load_model(tmp_path / "model")
    red, blue = (model.sample(1, {"class": kind}).pixels for kind in ("red", "blue"))
    assert red.shape == blue.shape
    assert not np.array_equal(red, blue)

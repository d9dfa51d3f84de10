"""Training: resumable to the bit, recovers, refuses what does not fit, ends in an exact model."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from medici.errors import BadData, BadWeights, Interrupted, MissingPart, WrongUse  # noqa: E402
from medici.studio import load_model, train  # noqa: E402
from medici.studio.data.folder import read_folder  # noqa: E402
from medici.studio.exact.identity import build_network  # noqa: E402
from medici.studio.pictures import gan as trainer_module  # noqa: E402
from medici.studio.pictures.export import load_trained, to_integers  # noqa: E402
from medici.studio.pictures.gan import NotFinite, Recipe, Trainer  # noqa: E402
from medici.studio.pictures.networks import Shape, as_seen  # noqa: E402
from medici.studio.training.run import Every, to_pixels  # noqa: E402

pytestmark = pytest.mark.train

SMALL = Recipe(
    batch=8,
    lazy=2,
    averages=(0.5, 0.9),
    shape=Shape(normal=8, codes=2, values=4, mapping=16, channels=(16, 12, 8), slots=4, width=8),
)
NEVER = Every(losses=1, snapshot_seconds=1e9, judge_seconds=1e9)


def _train(pictures, out, **options):
    return train(
        pictures, out, **{"recipe": SMALL, "every": NEVER, "seed": 1, "judged": 32, **options}
    )


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_training_ends_in_an_exact_model(pictures, tmp_path):
    told = []
    record = _train(pictures, tmp_path / "mine", steps=6, progress=told.append)
    model = load_model(tmp_path / "mine")
    assert model.id == record.id
    assert model.record.training["step"] == 6
    assert model.record.data_root == read_folder(pictures).root
    assert model.sample(3).pixels.shape == (512, 512, 4)
    assert [p.step for p in told] == [1, 2, 3, 4, 5, 6]
    assert told[-1].seconds_left >= 0
    assert (tmp_path / "mine" / "sheet.png").exists()
    rows = json.loads((tmp_path / "mine" / "curves.json").read_text())
    assert {"step", "generator_loss", "discriminator_loss"} <= rows[0].keys()


def test_a_resumed_run_equals_an_uninterrupted_one(pictures, tmp_path):
    whole = _train(pictures, tmp_path / "whole", steps=9)
    _train(pictures, tmp_path / "parts", steps=4)
    resumed = _train(pictures, tmp_path / "parts", steps=9, resume=True)
    assert resumed.id == whole.id
    other = _train(pictures, tmp_path / "other", steps=9, seed=2)
    assert other.id != whole.id


def test_an_interrupted_run_can_be_resumed(pictures, tmp_path):
    def stop(progress):
        if progress.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="step 5") as caught:
        _train(pictures, tmp_path / "run", steps=9, progress=stop)
    assert caught.value.exit_code == 130
    resumed = _train(pictures, tmp_path / "run", steps=9, resume=True)
    assert resumed.id == _train(pictures, tmp_path / "whole", steps=9).id


def test_a_loss_that_is_not_finite_is_recovered_from(pictures, tmp_path, monkeypatch):
    advance, failed = Trainer.advance, []

    def fail_once(self):
        if self.step == 3 and not failed:
            failed.append(True)
            with torch.no_grad():
                next(self.generator.parameters()).fill_(float("nan"))
        return advance(self)

    monkeypatch.setattr(Trainer, "advance", fail_once)
    record = _train(pictures, tmp_path / "run", steps=6)
    assert failed
    assert record.training["spent"]["recoveries"] == 1
    rows = [json.loads(x) for x in (tmp_path / "run/run/curves.jsonl").read_text().splitlines()]
    assert [r["rate"] for r in rows if "recovered" in r] == [SMALL.rate / 2]


def test_hopeless_training_says_so(pictures, tmp_path, monkeypatch):
    def fail(self):
        raise NotFinite("loss is nan")

    monkeypatch.setattr(Trainer, "advance", fail)
    with pytest.raises(WrongUse, match="diverged 4 times") as caught:
        _train(pictures, tmp_path / "run", steps=6)
    assert caught.value.code == "training-diverged"


def test_wrong_use_of_a_run_is_named(pictures, tmp_path):
    with pytest.raises(WrongUse, match="needs an end"):
        train(pictures, tmp_path / "run", recipe=SMALL)
    with pytest.raises(WrongUse, match="nothing to resume"):
        _train(pictures, tmp_path / "run", steps=1, resume=True)
    _train(pictures, tmp_path / "run", steps=1)
    with pytest.raises(WrongUse, match="holds a training run"):
        _train(pictures, tmp_path / "run", steps=1)


def test_a_snapshot_of_another_architecture_is_refused(pictures, tmp_path):
    _train(pictures, tmp_path / "run", steps=1)
    other = Recipe(shape=Shape(normal=9, mapping=16, channels=(16, 12, 8), width=8))
    with pytest.raises(BadWeights, match="another codes, normal, slots, values"):
        _train(pictures, tmp_path / "run", steps=2, resume=True, recipe=other)


def test_a_damaged_snapshot_is_refused(pictures, tmp_path):
    _train(pictures, tmp_path / "run", steps=1)
    path = tmp_path / "run" / "run" / "snapshot.safetensors"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BadWeights, match="not a training snapshot"):
        _train(pictures, tmp_path / "run", steps=2, resume=True)
    path.write_bytes(pickle.dumps({"step": 1}))
    with pytest.raises(BadWeights, match="not a training snapshot"):
        _train(pictures, tmp_path / "run", steps=2, resume=True)


def test_a_full_disk_leaves_the_old_snapshot(pictures, tmp_path, monkeypatch):
    _train(pictures, tmp_path / "run", steps=1)
    path = tmp_path / "run" / "run" / "snapshot.safetensors"
    before = path.read_bytes()

    def full(tensors, part, metadata):
        part.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(trainer_module, "save_file", full)
    with pytest.raises(OSError, match="No space"):
        _train(pictures, tmp_path / "run", steps=2, resume=True)
    assert path.read_bytes() == before


def test_bad_pictures_stop_before_anything_is_written(pictures, tmp_path):
    (pictures / "bad.png").write_bytes(b"")
    with pytest.raises(BadData, match=r"bad\.png is empty"):
        _train(pictures, tmp_path / "run", steps=1)
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_missing_device_is_named(pictures, tmp_path):
    with pytest.raises(MissingPart, match="no CUDA"):
        _train(pictures, tmp_path / "run", steps=1, device="cuda")


def test_integers_draw_what_floats_draw(pictures, tmp_path):
    _train(pictures, tmp_path / "run", steps=30)
    network, _ = load_trained(tmp_path / "run" / "run" / "best.safetensors")
    header, tensors = to_integers(network)
    exact = build_network(header, tensors)
    z, _ = exact.latents(range(100))
    with torch.no_grad():
        scores, colours = network.parts(torch.from_numpy(z / 1024).float())
    h = exact.mapped(z)
    assert (exact.mask(h) == scores.argmax(1).numpy()).mean() > 0.99
    assert np.abs(exact.colours(h) / 1024 - colours.numpy()).max() < 0.02


def test_pictures_survive_the_way_the_discriminator_sees_them(pictures):
    pixels = read_folder(pictures).pixels
    assert (to_pixels(as_seen(torch.from_numpy(pixels), transparent=True)) == pixels).all()
    opaque = pixels.copy()
    opaque[..., 3] = 255
    assert (to_pixels(as_seen(torch.from_numpy(opaque), transparent=False)) == opaque).all()


def test_opaque_pictures_get_no_transparent_slot(pictures, tmp_path):
    from PIL import Image

    for path in pictures.glob("*.png"):
        image = Image.new("RGB", (16, 16), "white")
        image.paste(Image.open(path), mask=Image.open(path))
        image.save(path)
    _train(pictures, tmp_path / "run", steps=2)
    model = load_model(tmp_path / "run")
    assert not model.transparent
    assert (model.sample(1).pixels[..., 3] == 255).all()


def test_weights_that_are_not_finite_are_not_exported(pictures, tmp_path):
    _train(pictures, tmp_path / "run", steps=1)
    network, _ = load_trained(tmp_path / "run" / "run" / "best.safetensors")
    with torch.no_grad():
        network.up1.weight[0, 0, 0, 0] = float("inf")
    with pytest.raises(BadWeights, match="up1 holds a number that is not finite"):
        to_integers(network)

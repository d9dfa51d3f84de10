"""Codes that begin as a published model: from its integers, with the encoder learnt back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.studio.pictures.small_codes import CPU, SHAPE, TINY, labelled, trained  # noqa: E402

from medici.errors import BadWeights, WrongUse  # noqa: E402
from medici.studio import families  # noqa: E402
from medici.studio.data.folder import read_folder  # noqa: E402
from medici.studio.exact import restored  # noqa: E402
from medici.studio.families import Training, load_model  # noqa: E402
from medici.studio.pictures import restoring  # noqa: E402
from medici.studio.pictures.codes import quantised  # noqa: E402
from medici.studio.pictures.codes_trainer import CodesTrainer  # noqa: E402
from medici.studio.pictures.model import preview  # noqa: E402
from medici.studio.pictures.networks import as_seen  # noqa: E402

if TYPE_CHECKING:
    from medici.studio.data.folder import PictureSet

pytestmark = pytest.mark.train


@pytest.fixture
def data(pictures: Path) -> PictureSet:
    return read_folder(pictures)


@pytest.mark.parametrize("smooth", [0, 1])
def test_a_published_model_is_fine_tuned_from_its_integers(data, tmp_path, monkeypatch, smooth):
    monkeypatch.setattr(restoring, "_STEPS", 300)
    shape = replace(SHAPE, smooth=smooth, side=16 << smooth)
    data = replace(data, pixels=data.pixels.repeat(1 << smooth, 1).repeat(1 << smooth, 2))
    first = trained(data, 200, replace(TINY, shape=shape))
    model = first.exact("0.9985")
    second = CodesTrainer(data, replace(TINY, shape=shape), 9, CPU)
    before = probe(second, data)
    found = restoring.restore(second, model, "first")
    assert found > 0.5  # of five levels
    after, once = probe(second, data), probe(first, data)
    assert after - once < 0.35 * (before - once)
    with torch.no_grad():
        tokens = torch.randint(5, (30, 6))
        mine, theirs = second.networks.prior(tokens), first.averaged("0.9985").prior(tokens)
    assert (mine - theirs).abs().max() < 0.02
    # Its decoder draws what the exact model draws.
    drawn = preview(model).natives(range(64), {"psi": 1.0, "ground": "transparent"})
    seen = restoring._drawn(second.networks, restoring._codes(model, second)[:64], second)
    assert (as_seen(torch.from_numpy(drawn), transparent=True) - seen).abs().mean() < 0.05


def test_colours_and_classes_begin_as_what_the_model_knows(data, monkeypatch):
    monkeypatch.setattr(restoring, "_STEPS", 2)
    first = trained(labelled(data), 4, replace(TINY, labels="colour"))
    model = first.exact("0.9985")
    swapped = replace(data, pixels=np.where(data.pixels == 255, 250, data.pixels).astype(np.uint8))
    second = CodesTrainer(labelled(swapped), replace(TINY, labels="colour"), 9, CPU)
    second.classes = ("red", "new", "blue")
    restoring.restore(second, model, "first")
    rows = second.networks.prior.conditions[0]
    known = torch.from_numpy(restored.sequence(model.sequences["prior"].weights)["conditions"])[0]
    assert first.classes == ("blue", "green", "red")
    assert torch.equal(rows, known[[0, 3, 0, 1]])  # what is new begins as if none were told
    theirs = model.tensors["palette"].astype(int)
    nearest = [((theirs - colour) ** 2).sum(1).argmin() for colour in second.palette.astype(int)]
    _, bias = restored.layer(model.networks["colours"].layers[-1])
    mine = second.networks.decoder.colour2.bias.detach().reshape(-1, len(second.palette))
    wanted = bias.reshape(-1, len(theirs))[:, nearest]
    factor = float(mine.abs().max() / np.abs(wanted).max())
    assert np.allclose(mine.numpy(), wanted * factor, rtol=1e-4, atol=1e-6)
    opaque = replace(data, pixels=np.maximum(data.pixels, [0, 0, 0, 255]).astype(np.uint8))
    with pytest.raises(BadWeights, match="not trained on pictures without transparent ground"):
        restoring.restore(CodesTrainer(opaque, TINY, 0, CPU), model, "first")
    for size in ({"width": 24}, {"blocks": 0}, {"blocks": 2}, {"prior_blocks": 2}):
        other = CodesTrainer(data, replace(TINY, shape=replace(SHAPE, **size)), 0, CPU)
        with pytest.raises(BadWeights, match="of another shape"):
            restoring.restore(other, model, "first")


def test_a_shipped_model_is_fine_tuned_in_its_own_shape(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(restoring, "_STEPS", 2)
    monkeypatch.setattr(restoring, "_WORKS", 600)
    how = Training(steps=2, start_from=Path("portraits"), settings={"batch": 8})
    record = families.train("pictures", pictures, tmp_path / "out", how)
    parent = load_model("portraits").record
    assert record.training["recipe"]["shape"] == parent.training["recipe"]["shape"]
    assert record.training["start_from"]["model"] == parent.id
    assert load_model(tmp_path / "out").sample(1).pixels.shape == (512, 512, 4)
    # What the run knows need not be said again; what is said otherwise is refused as ever.
    again = families.train("pictures", pictures, tmp_path / "out", Training(steps=3, resume=True))
    assert again.training["recipe"] == record.training["recipe"]
    assert again.training["start_from"] == record.training["start_from"]
    other = Training(steps=4, resume=True, settings={"codes": 7})
    with pytest.raises(BadWeights, match="codes"):
        families.train("pictures", pictures, tmp_path / "out", other)


def test_a_published_gan_without_its_run_is_refused_by_its_reason(pictures, tmp_path):
    settings = {"body": "dcgan", "width": 8, "critic": 8, "batch": 8}
    families.train("pictures", pictures, tmp_path / "gan", Training(steps=1, settings=settings))
    shutil.rmtree(tmp_path / "gan" / "run")
    how = Training(steps=1, start_from=tmp_path / "gan", settings={"batch": 8})
    with pytest.raises(WrongUse, match="no training run") as caught:
        families.train("pictures", pictures, tmp_path / "out", how)
    assert "its critic is nowhere else" in caught.value.hint


def probe(trainer: CodesTrainer, data: PictureSet) -> float:
    """Nats a pixel of the pictures as the trainer's networks see and draw them now."""
    pixels = torch.from_numpy(data.pixels)
    with torch.no_grad():
        seen = as_seen(pixels, transparent=trainer.transparent)
        values = quantised(trainer.networks.encoder(seen), trainer.recipe.shape.levels)
        return float(trainer.networks.decoder.surprise(values, trainer.labels(pixels)).mean())

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tests.studio.icons.conftest import TINY

from medici.errors import BadWeights, Interrupted, WrongUse
from medici.studio.families import Training, load_model, train
from medici.studio.icons.bodies import trainer
from medici.studio.icons.codes import Codes
from medici.studio.icons.data import read_icons
from medici.studio.icons.export import to_exact
from medici.studio.icons.family import Icons
from medici.studio.icons.fine_tuning import start_from
from medici.studio.icons.judging import icon_table
from medici.studio.icons.model import IconModel
from medici.studio.icons.networks import codes_of
from medici.studio.icons.training import recipe_of
from medici.studio.metrics.measure import Measuring

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from medici.studio.families import Now

GAN = {**TINY, "body": "gan"}


def test_a_model_folder_has_everything_that_ships(model_folder: Path) -> None:
    names = {p.name for p in model_folder.iterdir() if p.is_file()}
    assert names == {
        "curves.json",
        "metrics.json",
        "record.json",
        "sheet.png",
        "statistics.safetensors",
        "weights.safetensors",
    }
    record = json.loads((model_folder / "record.json").read_text())
    assert record["renderer"] == "exact/2"
    assert record["training"]["spent"]["cpu_seconds"] > 0
    assert all(row["bound_bits"] <= 53 for row in record["training"]["certificate"]["layers"])
    series = json.loads((model_folder / "curves.json").read_text())["series"]
    assert {"copy_loss", "bits", "tune_bits (0.995)"} <= set(series)


@pytest.mark.parametrize("settings", [TINY, GAN], ids=["codes", "gan"])
def test_a_resumed_run_equals_one_that_was_not_stopped(
    icon_folder: Path, tmp_path: Path, settings: dict[str, object]
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    Icons().train(icon_folder, whole, Training(steps=40, settings=settings))

    def stop(now: Now) -> None:
        if now.step == 33:
            raise KeyboardInterrupt

    told = Training(steps=40, settings=settings, name="whole")
    with pytest.raises(Interrupted, match="step 33"):
        Icons().train(icon_folder, parts, replace(told, progress=stop))
    assert not (parts / "weights.safetensors").exists()
    Icons().train(icon_folder, parts, replace(told, resume=True))
    weights = [(p / "weights.safetensors").read_bytes() for p in (whole, parts)]
    assert weights[0] == weights[1]


def test_integers_draw_what_floats_draw(icon_folder: Path) -> None:
    icons = read_icons(icon_folder)
    state = trainer(icons, recipe_of(TINY, 2), 0, torch.device("cpu"))
    assert isinstance(state, Codes)
    for _ in range(40):
        state.advance()
    exact = to_exact(state, icons.looks)
    model = IconModel(exact, load_record(), icon_folder)
    tokens = state.encode(torch.from_numpy(icons.pixels)[:, None])
    # A number within a rounding of its threshold may fall on either side.
    assert (model.encode_tokens(icons.pixels) != tokens.numpy()).mean() < 0.02
    with torch.no_grad():
        floats = state.settled().decoder(codes_of(tokens, state.recipe.shape))[:, 0]
    grey = np.clip(np.rint((floats.numpy() + 1) * 127.5), 0, 255)
    assert np.abs(model.decode(tokens.numpy()) - grey).max() <= 2
    prior = exact.sequences["prior"]
    looks = torch.from_numpy(icons.classes)
    with torch.no_grad():
        scores = state.smoothed["prior"](tokens, looks).numpy()
    told = np.repeat(icons.classes[:, None, None], tokens.shape[1], axis=1)
    assert np.abs(prior.log_scores(tokens.numpy(), told) / 1024 - scores).max() < 0.05


def load_record():
    from medici.records import Digest, ModelId, ModelRecord

    zero = "0" * 64
    return ModelRecord(ModelId(zero), "t", "exact/2", Digest(zero), Digest(zero), "CC0-1.0")


def test_a_gan_is_trained_drawn_and_has_no_way_back(icon_folder: Path, tmp_path: Path) -> None:
    Icons().train(icon_folder, tmp_path / "gan", Training(steps=10, settings=GAN))
    model = load_model(tmp_path / "gan")
    assert isinstance(model, IconModel)
    together = model.greys(range(5))
    assert (together == np.concatenate([model.greys([s]) for s in range(5)])).all()
    assert (model.greys([1], {"psi": 0}) == model.greys([2], {"psi": 0, "look": "bold"})).all() or (
        model.looks_of([1])[0] != model.looks.index("bold")
    )
    with pytest.raises(WrongUse, match="no way"):
        model.encode(icon_folder / "000.png")


def test_figures_stand_beside_floor_and_controls(
    model: IconModel, icon_folder: Path, tune_folder: Path
) -> None:
    class Coarse:
        name = "mean ink of 8×8 blocks"

        def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
            small = pictures[..., 0].reshape(len(pictures), 8, 12, 8, 12).mean((2, 4))
            return small.reshape(len(pictures), -1) / 255

    table = icon_table(
        model, read_icons(icon_folder), read_icons(tune_folder), Measuring(), Coarse()
    )
    assert table.n == 12
    assert set(table.rows) == {"model", "floor", "noise", "collapse"}
    assert table.rows["floor"]["fid"] < table.rows["model"]["fid"]


def test_wrong_training_is_refused(icon_folder: Path, tmp_path: Path) -> None:
    def train(how: Training) -> None:
        Icons().train(icon_folder, tmp_path / "wrong", how)

    with pytest.raises(WrongUse, match="needs an end"):
        train(Training())
    with pytest.raises(WrongUse, match="no setting 'bodie'"):
        train(Training(steps=1, settings={"bodie": "gan"}))
    with pytest.raises(WrongUse, match="no body 'vae'"):
        train(Training(steps=1, settings={"body": "vae"}))
    with pytest.raises(WrongUse, match="batch of 12"):
        train(Training(steps=1, settings={"batch": 12}))
    with pytest.raises(WrongUse, match="nothing to resume"):
        train(Training(steps=500, resume=True))
    with pytest.raises(WrongUse, match="before the prior"):
        train(Training(steps=2, settings=TINY))
    with pytest.raises(WrongUse, match="ended at step 0"):
        train(Training(minutes=1e-9, settings=TINY))
    with pytest.raises(WrongUse, match="holds a training run"):
        train(Training(steps=33, settings=TINY))
    with pytest.raises(BadWeights, match="batch 8, not 16"):
        train(Training(steps=33, resume=True, settings={**TINY, "batch": 16}))
    assert not (tmp_path / "wrong" / "record.json").exists()


def test_a_pickle_is_no_snapshot(icon_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "out" / "run"
    run.mkdir(parents=True)
    torch.save({"step": 1}, run / "snapshot.safetensors")
    with pytest.raises(BadWeights, match="pickle"):
        Icons().train(icon_folder, tmp_path / "out", Training(steps=33, resume=True, settings=TINY))


def test_a_published_model_is_fine_tuned_from_its_integers(
    model: IconModel, model_folder: Path, tune_folder: Path, tmp_path: Path
) -> None:
    parent = tmp_path / "parent"
    shutil.copytree(model_folder, parent, ignore=shutil.ignore_patterns("run"))
    icons = read_icons(tune_folder)
    recipe = recipe_of({**TINY, "first": 0}, len(icons.looks))
    state = trainer(icons, recipe, 3, torch.device("cpu"))
    assert isinstance(state, Codes)
    start_from(state, parent, icons.looks)
    # The encoder finds the codes that the exact one finds, but where it was undecided.
    exact = model.encode_tokens(icons.pixels)
    found = state.encode(torch.from_numpy(icons.pixels)[:, None]).numpy()
    assert (found == exact).mean() > 0.99
    # And the prior scores them alike.
    looks = state.classes.numpy()
    sequence = model.exact.sequences["prior"]
    told = np.repeat(looks[:, None, None], exact.shape[1], 1)
    wanted = sequence.log_scores(exact, told) / 1024
    with torch.no_grad():
        scores = state.networks["prior"](torch.from_numpy(exact), state.classes)
    assert np.abs(scores.numpy() - wanted).max() < 0.02
    out = tmp_path / "out"
    quick = {"batch": 8, "first": 1}
    how = Training(steps=3, start_from=parent, settings=quick)
    record = train("icons", tune_folder, out, how)
    assert record.training["start_from"]["model"] == model.id
    assert record.training["recipe"]["prior_rate"] < recipe.prior_rate
    assert record.training["recipe"]["shape"]["hidden"] == TINY["hidden"]
    assert load_model(out).sample(1).pixels.shape[-1] == 4
    again = train("icons", tune_folder, out, Training(steps=4, resume=True))
    for key in ("recipe", "start_from"):
        assert again.training[key] == record.training[key]
    for settings, words in (
        ({**quick, "hidden": 16}, "of another shape"),
        ({**quick, "levels": [3, 4]}, r"codes of \[3, 3\] levels, not \[3, 4\]"),
        ({**TINY, **quick, "body": "gan"}, "its critic is not part of the model"),
    ):
        how = Training(steps=3, start_from=parent, settings=settings)
        with pytest.raises((BadWeights, WrongUse), match=words):
            train("icons", tune_folder, tmp_path / "wrong", how)
    how = Training(steps=3, settings={**TINY, "first": 0})
    with pytest.raises(WrongUse, match="codes would be those of a random network"):
        train("icons", tune_folder, tmp_path / "wrong", how)


def test_looks_keep_what_they_mean_by_their_names(
    model: IconModel, model_folder: Path, icon_folder: Path
) -> None:
    icons = read_icons(icon_folder)
    recipe = recipe_of(TINY, 3)
    state = trainer(icons, recipe, 3, torch.device("cpu"))
    start_from(state, model_folder, [*reversed(model.looks), "wavy"])
    rows = state.networks["prior"].looks.detach()
    weights = model.exact.sequences["prior"].weights
    known = torch.from_numpy(weights.conditions[0] * 2.0**-weights.shift).float()
    assert torch.equal(rows[:2], known.flip(0))
    assert torch.allclose(rows[2], known.mean(0))

"""The whole way from scores to a model folder, and back to the very same bits after a stop."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.studio.music import tiny

torch = pytest.importorskip("torch")

from medici.errors import BadWeights, Interrupted, NoWeights, WrongUse  # noqa: E402
from medici.studio.exact.sequence import Sequence as ExactSequence  # noqa: E402
from medici.studio.families import SHIPPED, Training, family, load_model, train  # noqa: E402
from medici.studio.music import gan, measuring, publish, tokens, training  # noqa: E402
from medici.studio.music.examples import Examples  # noqa: E402
from medici.studio.music.export import to_weights  # noqa: E402
from medici.studio.music.fine_tuning import start_from  # noqa: E402
from medici.studio.music.networks import ChoraleNetwork, Shape  # noqa: E402
from medici.studio.music.scores import save_scores  # noqa: E402
from medici.studio.music.trainer import Recipe, Trainer, surprise  # noqa: E402

if TYPE_CHECKING:
    from medici.studio.families import Now

pytestmark = pytest.mark.train
SMALL = Shape(width=12, inner=8, blocks=1, inside=6, near=(1, 2), far=(4, 8))
SETTINGS = {**SMALL.as_json(), "batch": 24, "mixed": False}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread, and figures from a few samples."""
    torch.set_num_threads(1)
    monkeypatch.setattr(publish, "_TRIED", (800, 1000))
    monkeypatch.setattr(publish, "_TRIED_WITH", 4)
    monkeypatch.setattr(measuring, "SAMPLES", 8)


def test_the_exact_scores_follow_the_float_network() -> None:
    torch.manual_seed(2)
    network = ChoraleNetwork(SMALL).eval()
    with torch.no_grad():
        for layer in network.second:
            layer.weight.normal_(0, 0.2)
    score = tiny.varied(1)[0]
    plan = tokens.Plan.of(score)
    examples = Examples([score], SMALL)
    with torch.no_grad():
        wanted = network(*examples.take(torch.arange(len(score)))).reshape(-1, tokens.VALUES)
    exact = ExactSequence(to_weights(network))
    row = tokens.to_tokens(score, plan.tonic)[None]
    found = exact.log_scores(row, tokens.conditions(plan)[None])[0] / 1024
    assert np.abs(found - wanted.numpy()).max() < 0.02


def test_a_token_never_sees_itself_or_what_comes_after() -> None:
    network = ChoraleNetwork(SMALL).eval()
    examples = Examples([tiny.varied(1)[0]], SMALL)
    now, near, far, told = examples.take(torch.arange(20, 24))
    changed = now.clone()
    changed[:, 2] = (changed[:, 2] + 4) % 60
    with torch.no_grad():
        before, after = network(now, near, far, told), network(changed, near, far, told)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.equal(before[:, 3], after[:, 3])


def test_learning_lowers_the_surprise() -> None:
    examples = Examples(tiny.varied(4), SMALL)
    trainer = Trainer(examples, Recipe(SMALL, batch=64, rate=0.02, forget=0, drop=0, mixed=False))
    before = surprise(trainer.averaged("0.998"), examples)
    for _ in range(60):
        trainer.advance()
    after = surprise(trainer.averaged("0.998"), examples)
    assert sum(after) < 0.6 * sum(before)


@pytest.mark.parametrize("which", ["network", "gan"])
def test_a_resumed_run_is_the_run_that_never_stopped(tmp_path: Path, which: str) -> None:
    def made() -> Trainer | gan.GanTrainer:
        if which == "gan":
            return gan.GanTrainer(tiny.varied(6), gan.GanRecipe(8, 8, 4, lazy=2), seed=3)
        return Trainer(Examples(tiny.varied(4), SMALL), Recipe(SMALL, batch=16), seed=3)

    straight, first, second = made(), made(), made()
    for _ in range(6):
        straight.advance()
    for _ in range(3):
        first.advance()
    first.save(tmp_path / "snapshot.safetensors")
    second.load(tmp_path / "snapshot.safetensors")
    for _ in range(3):
        second.advance()
    for name, trainer in (("a", straight), ("b", second)):
        trainer.keep(tmp_path / f"{name}.safetensors", "0.998")
        trainer.spent.clear()
        trainer.save(tmp_path / f"{name}.whole")
    assert (tmp_path / "a.whole").read_bytes() == (tmp_path / "b.whole").read_bytes()


def test_a_folder_of_scores_becomes_a_model(tmp_path: Path, songbook: Path) -> None:
    for name in ("tune", "judge"):
        save_scores(tmp_path / name, tiny.varied(5 if name == "tune" else 6), {})
    seen: list[Now] = []
    how = Training(
        steps=4,
        tune=tmp_path / "tune",
        judge=tmp_path / "judge",
        settings=SETTINGS,
        progress=seen.append,
    )
    record = family("music").train(songbook, tmp_path / "out", how)
    assert [now.step for now in seen] == [1, 2, 3, 4]
    model = load_model(tmp_path / "out")
    assert model.record == record
    assert record.data_licence == "CC0-1.0"
    assert record.metrics["rows"].keys() >= {"model", "floor", "shuffled voices", "shuffled time"}
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == record.metrics
    assert json.loads((tmp_path / "out" / "curves.json").read_text())["series"]
    assert (tmp_path / "out" / "sheet.png").stat().st_size > 10_000
    assert model.sample(3, {"bars": 2}).audio is not None
    again = Training(steps=6, resume=True, settings=SETTINGS)
    assert family("music").train(songbook, tmp_path / "out", again).training["step"] == 6
    with pytest.raises(WrongUse, match="holds a training run"):
        family("music").train(songbook, tmp_path / "out", Training(steps=6, settings=SETTINGS))
    other = Training(steps=6, resume=True, settings={**SETTINGS, "width": 16})
    with pytest.raises(BadWeights):
        family("music").train(songbook, tmp_path / "out", other)


def test_a_published_model_is_fine_tuned_from_its_integers(tmp_path: Path, songbook: Path) -> None:
    first = train("music", songbook, tmp_path / "out", Training(steps=6, settings=SETTINGS))
    shutil.rmtree(tmp_path / "out" / "run")
    examples = Examples(tiny.varied(8), SMALL)
    trainer = Trainer(examples, Recipe(SMALL, mixed=False), seed=9)
    start_from(trainer, tmp_path / "out")
    known = load_model(tmp_path / "out").exact.sequences["notes"].weights
    again = to_weights(trainer.averaged("0.998"))
    for part in ("tables", "conditions", "positions", "heads", "offsets"):
        gap = getattr(known, part).astype(float) - getattr(again, part)
        assert np.abs(gap).max() <= 2, part
    how = Training(steps=2, start_from=tmp_path / "out", settings={"batch": 24, "mixed": False})
    tuned = train("music", songbook, tmp_path / "next", how)
    assert tuned.training["recipe"]["shape"] == SMALL.as_json()  # its parent's, not the default
    assert tuned.training["start_from"]["model"] == first.id != tuned.id
    assert load_model(tmp_path / "next").record == tuned
    for wrong, words in (({"width": 16}, "another shape"), ({"far": [4]}, "other steps")):
        how = Training(steps=1, start_from=tmp_path / "out", settings=wrong)
        with pytest.raises(BadWeights, match=words):
            train("music", songbook, tmp_path / "wrong", how)


def test_the_shipped_chorales_come_back_to_the_last_bit_but_one(tmp_path: Path) -> None:
    shape = Shape.from_json(load_model("chorales").record.training["recipe"]["shape"])
    trainer = Trainer(Examples(tiny.varied(4), shape), Recipe(shape), seed=1)
    start_from(trainer, SHIPPED / "chorales")
    known = load_model("chorales").exact.sequences["notes"].weights
    again = to_weights(trainer.network)
    assert np.abs(known.tables.astype(int) - again.tables).max() <= 1
    for one, other in zip(known.blocks, again.blocks, strict=True):
        assert (one.weight == other.weight).all()
        assert (one.bias == other.bias).all()
    # More numbers than its tables can use stay empty.
    start_from(
        Trainer(Examples(tiny.varied(4), shape), Recipe(replace(shape, inside=80))),
        SHIPPED / "chorales",
    )
    with pytest.raises(BadWeights, match="tells tokens in more numbers than 4"):
        start_from(
            Trainer(Examples(tiny.varied(4), shape), Recipe(replace(shape, inside=4))),
            SHIPPED / "chorales",
        )
    songs = tmp_path / "songs"
    save_scores(songs, tiny.varied(4), {})
    with pytest.raises(WrongUse, match="is a model of icons, not of music"):
        train("music", songs, tmp_path / "out", Training(steps=1, start_from=Path("icons")))
    with pytest.raises(NoWeights, match="no model called 'chorals'"):
        train("music", songs, tmp_path / "out", Training(steps=1, start_from=Path("chorals")))


def test_a_stopped_training_says_so_and_goes_on(tmp_path: Path, songbook: Path) -> None:
    def stop(now: Now) -> None:
        if now.step == 2:
            raise KeyboardInterrupt

    how = Training(steps=5, settings=SETTINGS, progress=stop)
    with pytest.raises(Interrupted):
        family("music").train(songbook, tmp_path / "out", how)
    assert not (tmp_path / "out" / "record.json").exists()
    how = Training(steps=5, resume=True, settings=SETTINGS)
    assert family("music").train(songbook, tmp_path / "out", how).training["step"] == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"widht": 8},
        {"width": 0},
        {"width": 2.5},
        {"near": []},
        {"near": [0]},
        {"far": [4, 4]},
        {"batch": 0},
        {"rate": -1},
        {"drop": 1.0},
        {"mixed": 1},
        {"jitter": 0.5},
    ],
)
def test_settings_that_cannot_be_trained_with_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(WrongUse):
        training.chosen(wrong)


def test_the_baseline_makes_rolls_of_one_value_a_voice(tmp_path: Path) -> None:
    trainer = gan.GanTrainer(tiny.varied(6), gan.GanRecipe(8, 8, 4), seed=1)
    losses = [trainer.advance() for _ in range(3)]
    assert all(np.isfinite(list(row.values())).all() for row in losses)
    trainer.keep(tmp_path / "gan.safetensors", "0.998")
    network, recipe, about = gan.load_generator(tmp_path / "gan.safetensors")
    assert about["step"] == 3
    works = gan.works(network, recipe, 5)
    assert [len(work) for work in works] == [32] * 5
    again = gan.works(network, recipe, 5)
    assert [w.digest for w in works] == [w.digest for w in again]
    judged = gan.RollJudge(tiny.varied(6), 8).figures(trainer, "0.998")
    assert judged["off"] >= 0

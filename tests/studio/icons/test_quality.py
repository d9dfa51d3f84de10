from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from medici.errors import BadWeights
from medici.studio.icons.data import read_icons
from medici.studio.icons.quality import Statistics, judge, select, unlike

if TYPE_CHECKING:
    from pathlib import Path

    from medici.studio.icons.model import IconModel


def test_ragged_icons_are_less_familiar_and_less_coherent(
    model: IconModel, icon_folder: Path, tune_folder: Path
) -> None:
    icons, fresh = read_icons(icon_folder), read_icons(tune_folder)
    statistics = Statistics.of(model, icons.pixels, icons.classes)
    ragged = fresh.pixels.copy()
    spots = np.random.default_rng(1).random(ragged.shape) < 0.08
    ragged[spots] = 255 - ragged[spots]
    assert statistics.familiarity(fresh.pixels).min() > statistics.familiarity(ragged).max()
    clean, rough = (model.coherence(x, fresh.classes) for x in (fresh.pixels, ragged))
    assert np.median(clean) > np.median(rough)
    assert clean.max() <= 0


def test_scraps_rank_below_everything(model: IconModel, tune_folder: Path) -> None:
    fresh = read_icons(tune_folder)
    blank = np.zeros((1, 32, 32), np.uint8)
    scores = model.statistics.scores(model, fresh.pixels, fresh.classes)
    assert model.statistics.scores(model, blank, np.zeros(1, np.int64))[0] < scores.min()


def test_statistics_travel_through_a_file_and_damage_is_named(
    model: IconModel, icon_folder: Path, tmp_path: Path
) -> None:
    icons = read_icons(icon_folder)
    statistics = Statistics.of(model, icons.pixels, icons.classes)
    statistics.save(tmp_path / "statistics.safetensors")
    again = Statistics.load(tmp_path / "statistics.safetensors")
    assert (again.shares == statistics.shares).all()
    assert (np.diff(again.quantiles) >= 0).all()
    (tmp_path / "statistics.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadWeights, match="statistics"):
        Statistics.load(tmp_path / "statistics.safetensors")


def test_selection_has_no_doubles_and_nothing_known(model: IconModel) -> None:
    works = [*model.sample_many(range(8)), *model.sample_many(range(4))]
    chosen = select(model, works, 6, known=model.sample_many([0]))
    greys = model.greys([works[i].seed for i in chosen])
    assert len(chosen) == len(set(chosen)) <= 6
    for i, grey in enumerate(greys):
        assert unlike(grey, np.delete(greys, i, axis=0)) > 0
        assert unlike(grey, model.greys([0])) > 0


def test_judgement_ranks_as_the_statistics_do(model: IconModel) -> None:
    works = [*model.sample_many(range(6)), model.sample(2)]
    judged = judge(model, works)
    order = sorted(range(7), key=lambda i: judged[i].score)
    qualities = [judged[i].quality for i in order]
    assert qualities == sorted(qualities)
    assert 0 <= qualities[0] <= qualities[-1] <= 1
    assert judged[2].novelty == judged[6].novelty == 0


def test_nothing_is_unlike_itself() -> None:
    grey = np.zeros((32, 32), np.uint8)
    grey[4:9, 4:9] = 255
    assert unlike(grey, grey[None]) == 0
    assert unlike(grey, np.zeros((0, 32, 32), np.uint8)) == 1
    assert unlike(grey, np.roll(grey, 16, 0)[None]) == 1

"""A model's table: floor and controls where they belong, real sets looked at once, copies told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image
from tests.program import run

from medici.errors import WrongUse
from medici.records import Digest
from medici.studio.metrics.measure import FIGURES, Measures, Measuring, measure, picture_table
from medici.studio.pictures.family import Pictures


class Means:
    """A quick extractor: mean colour of each quarter of a picture."""

    name = "means of quarters"

    def __init__(self):
        self.seen = 0

    def features(self, pictures):
        self.seen += len(pictures)
        n, h, w, c = pictures.shape
        quarters = pictures.reshape(n, 2, h // 2, 2, w // 2, c).mean((2, 4))
        return quarters.reshape(n, -1).astype(np.float32).astype(np.float64)


@dataclass
class Set:
    pixels: np.ndarray
    root: Digest

    @property
    def names(self):
        return [f"{i}.png" for i in range(len(self.pixels))]


def drawings(n, seed, side=16):
    shapes = np.random.default_rng(0).normal(size=(10, side * side * 3))
    mixed = np.random.default_rng(seed).normal(size=(n, 10)) @ shapes
    colour = np.clip(128 + 25 * mixed, 0, 255).reshape(n, side, side, 3)
    opaque = np.full((n, side, side, 1), 255)
    return np.concatenate([colour, opaque], -1).astype(np.uint8)


def some(n, seed):
    return Set(drawings(n, seed), Digest(f"{seed:064x}"))


def test_a_good_model_is_near_the_floor_and_the_controls_are_not():
    table = picture_table(drawings(300, 3), some(400, 1), some(300, 2), Means(), n=200)
    rows = table.rows
    assert table.n == 200
    assert rows["model"]["fid"] < 3 * rows["floor"]["fid"] < rows["collapse"]["fid"]
    assert rows["collapse"]["recall"] < 0.2 < rows["model"]["recall"]
    assert table.warnings == ()


@pytest.mark.parametrize(("n", "kept"), [(8, 1), (20, 2), (50, 5), (199, 19), (300, 20)])
def test_the_collapse_of_few_works_is_one_too(n, kept):
    class Watching(Means):
        def features(self, pictures):
            return np.arange(len(pictures), dtype=float)[:, None] + np.eye(4)[0]

    seen = []

    def compare(against, side, known):
        seen.append(len(np.unique(side[:, 0])))
        return dict.fromkeys(FIGURES, 0.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("medici.studio.metrics.measure.compare", compare)
        table = picture_table(drawings(n, 3), some(n, 1), some(n, 2), Watching(), n=n)
    assert seen[-1] == kept
    assert f"({kept} sample" in table.lines()[-1][0]
    real = picture_table(drawings(n, 3), some(n, 1), some(n, 2), Means(), n=n).rows
    assert real["collapse"] != real["model"]
    assert real["collapse"]["recall"] < real["model"]["recall"]


def test_the_noise_control_is_the_judging_set_with_noise():
    told = []

    class Watching(Means):
        def features(self, pictures):
            told.append(pictures.astype(np.float64))
            return super().features(pictures)

    picture_table(drawings(40, 3), some(40, 1), some(40, 2), Watching())
    judge = told[0]
    assert any(11 < (seen - judge).std() < 12.5 for seen in told[1:])


def test_a_copyist_is_told_of_even_with_perfect_figures():
    train = some(300, 1)
    table = picture_table(train.pixels[:200], train, some(300, 2), Means(), n=200)
    assert table.rows["model"]["fid"] < 3 * table.rows["floor"]["fid"]
    assert any("equal a training picture" in warning for warning in table.warnings)
    assert table.about["memorisation"]["exact_copies"] == 200


def test_real_sets_are_looked_at_once_for_many_models(tmp_path):
    train, judge, extractor = some(100, 1), some(100, 2), Means()
    cached = {"n": 60, "cache": tmp_path}
    first = picture_table(drawings(60, 3), train, judge, extractor, **cached)
    seen = extractor.seen
    again = picture_table(drawings(60, 3), train, judge, extractor, **cached)
    assert extractor.seen - seen == 60  # the samples alone
    assert again.as_json() == first.as_json()


def test_n_is_the_smallest_side():
    assert picture_table(drawings(50, 3), some(30, 1), some(40, 2), Means()).n == 30


def test_sets_sorted_by_class_are_not_judged_by_their_front():
    # Half of the real files are black; they come last by name.
    judge, train = some(100, 1), some(100, 2)
    for real in (judge, train):
        real.pixels[50:, ..., :3] = 0
    table = picture_table(drawings(100, 3), train, judge, Means(), n=40)
    assert table.rows["model"]["coverage"] < 0.8


def test_too_few_pictures_and_other_sizes_are_refused():
    with pytest.raises(WrongUse, match="5 pictures a side are too few"):
        picture_table(drawings(5, 3), some(30, 1), some(40, 2), Means())
    with pytest.raises(WrongUse, match="different sizes"):
        picture_table(drawings(20, 3, side=8), some(30, 1), some(40, 2), Means())


def test_transparent_pictures_stand_on_grounds_of_every_colour():
    clear = Set(np.zeros((64, 16, 16, 4), np.uint8), Digest("0" * 64))
    told = []

    class Watching(Means):
        def features(self, pictures):
            told.append(len(np.unique(pictures.reshape(-1, 3), axis=0)))
            return super().features(pictures) + np.arange(len(pictures))[:, None]

    picture_table(clear.pixels, clear, clear, Watching(), n=64)
    assert told[0] > 4


def test_a_family_without_figures_says_so(monkeypatch, tiny_model, tmp_path):
    class Silent:
        name = "silent"

    monkeypatch.setattr("medici.studio.families.family", lambda name: Silent())
    with pytest.raises(WrongUse, match="family silent have no figures"):
        measure(tiny_model, tmp_path, tmp_path, Measuring())


def test_pictures_can_be_measured():
    assert isinstance(Pictures(), Measures)


@pytest.mark.train
def test_the_command_prints_one_table(tiny_folder, pictures, tmp_path):
    pytest.importorskip("torch")
    judge = tmp_path / "judge"
    judge.mkdir()
    for i, path in enumerate(sorted(pictures.iterdir())):
        pixels = np.asarray(Image.open(path)).copy()
        pixels[0, 0] = [i, 2 * i, 90, 255]
        Image.fromarray(pixels).save(judge / path.name)
    words = ["metrics", "--model", tiny_folder, "--train", pictures, "--judge", judge, "-n", "20"]
    words += ["--cache", tmp_path / "cache"]
    said = run(*words, "--json", "--style", "psi=0.5")
    assert said.code == 0, said.out + said.err
    told = said.json
    assert told["rows"].keys() == {"model", "floor", "noise", "collapse"}
    assert told["style"]["psi"] == 0.5
    assert told["n"] == 20
    assert "EfficientNet-Lite0" in told["extractor"]
    assert len(list((tmp_path / "cache").iterdir())) == 3


@pytest.mark.parametrize("option", ["--train", "--judge"])
def test_the_command_says_which_folder_is_not_there(tmp_path, option):
    folders = {"--train": tmp_path, "--judge": tmp_path, option: tmp_path / "nowhere"}
    words = [word for pair in folders.items() for word in pair]
    said = run("metrics", "--model", "portraits", *words, "--json")
    assert (said.code, said.json["error"]["code"]) == (2, "bad-data")
    assert said.json["error"]["message"].startswith(f"{option} {tmp_path / 'nowhere'}: ")

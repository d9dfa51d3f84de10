"""The filters: stray pixels cost, twins wait, and the choice is the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from medici.errors import BadWeights
from medici.studio import judge, load_model, select
from medici.studio.pictures import quality
from medici.studio.pictures.quality import Statistics, block_splits, novelty


def test_stray_pixels_make_a_picture_less_plausible(portraits):
    drawn = portraits.natives(range(60), {"ground": "transparent"})
    random = np.random.default_rng(0)
    strewn = drawn.copy()
    for picture in strewn:
        for y, x in random.integers(0, 16, (12, 2)):
            picture[y, x] = [255, 0, 255, 255]
    before, after = portraits.statistics.scores(drawn), portraits.statistics.scores(strewn)
    assert (before > after).all()


def test_recoloured_pictures_are_as_plausible(portraits):
    plain = {"ground": "transparent"}
    one = portraits.natives([4], plain)
    other = one.copy()
    other[..., :3] = np.where(one[..., 3:] > 0, 255 - one[..., :3], 0)
    assert (block_splits(one) == block_splits(other)).all()


def test_candidates_are_judged_against_each_other(portraits):
    works = portraits.sample_many([*range(10), 3], {"scale": 1})
    told = judge(portraits, works)
    assert all(0 <= j.quality <= 1 for j in told)
    assert told[3].novelty == told[10].novelty == 0
    assert told[0].novelty > 0.1


def test_selection_keeps_the_best_and_no_twins(portraits):
    works = portraits.sample_many([*range(40), *range(5)], {"scale": 1})
    chosen = select(portraits, works, 8)
    assert len(chosen) == 8
    assert chosen == select(portraits, works, 8)
    assert len({works[i].seed for i in chosen}) == 8
    scores = [j.score for j in judge(portraits, works)]
    assert scores[chosen[0]] == max(scores)
    # As plausible as three quarters of the training pictures, while there are such candidates.
    bar = int(portraits.statistics.quantiles[25])
    assert sum(score >= bar for score in scores[:40]) >= 8
    assert min(scores[i] for i in chosen) >= bar


def test_known_works_are_not_made_again(portraits):
    works = portraits.sample_many(range(12), {"scale": 1})
    chosen = select(portraits, works, 12, known=works[:6])
    assert set(chosen) == set(range(6, 12))


def test_grounds_do_not_make_a_picture_new(portraits):
    one = portraits.sample_many([1], {"ground": "#ffffff", "scale": 1})
    two = portraits.sample_many([1], {"ground": "#000000", "scale": 2})
    assert judge(portraits, one, known=two)[0].novelty == 0


def test_novelty_of_the_first_work_is_whole():
    picture = np.zeros((16, 16, 4), np.uint8)
    assert novelty(picture, np.zeros((0, 16, 16, 4), np.uint8)) == 1


def test_block_splits_see_equality_and_holes():
    pictures = np.zeros((3, 2, 2, 4), np.uint8)
    pictures[1] = [5, 5, 5, 255]
    pictures[2] = [[[1, 1, 1, 255], [2, 2, 2, 255]], [[3, 3, 3, 255], [4, 4, 4, 255]]]
    splits = block_splits(pictures)[:, 0]
    assert splits[0] == 0
    assert len(set(splits.tolist())) == 3
    assert splits.max() == 51


def test_foreign_statistics_are_refused(tiny_folder):
    path = tiny_folder / "statistics.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadWeights, match="record names"):
        _ = load_model(tiny_folder).statistics
    path.unlink()
    with pytest.raises(BadWeights, match="holds no statistics"):
        _ = load_model(tiny_folder).statistics


def test_large_pictures_are_counted_in_portions_and_judged_at_their_own_size(monkeypatch):
    random = np.random.default_rng(0)
    pictures = random.integers(0, 2, (9, 32, 32, 1), dtype=np.uint8) * np.uint8(255)
    pictures = np.repeat(pictures, 4, axis=3)
    whole = Statistics.of(pictures)
    monkeypatch.setattr(quality, "_TOGETHER", 2 * pictures[0].size)
    parted = Statistics.of(pictures)
    assert whole.blocks.shape == (31 * 31, 52)
    assert (parted.blocks == whole.blocks).all()
    assert (parted.scores(pictures) == whole.scores(pictures)).all()

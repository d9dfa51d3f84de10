"""Copying is noticed, whole or in part, and a model that does not copy is left in peace."""

from __future__ import annotations

import numpy as np
import pytest

from medici.studio.metrics.memorisation import (
    copying_without_fresh,
    memorisation,
    nearest,
    thumbnails,
)


def drawings(n, seed, side=8):
    """Pictures of one artist: a few soft shapes whose strengths vary from picture to picture."""
    shapes = np.random.default_rng(0).normal(size=(12, side * side * 4))
    mixed = np.random.default_rng(seed).normal(size=(n, 12)) @ shapes
    return np.clip(128 + 20 * mixed, 0, 255).astype(np.uint8).reshape(n, side, side, 4)


def disturbed(pictures, seed, amount=2):
    noise = np.random.default_rng(seed).integers(-amount, amount + 1, pictures.shape)
    return np.clip(pictures.astype(int) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(5))
def test_fresh_pictures_of_the_same_kind_raise_no_warning(seed):
    told = memorisation(drawings(400, 10 + seed), drawings(1000, 1), drawings(300, 2))
    assert told["warnings"] == []
    assert told["nearer_to_train"] == pytest.approx(0.5, abs=0.1)
    assert told["exact_copies"] == 0


def test_poor_samples_are_not_taken_for_copies():
    noise = np.random.default_rng(5).integers(0, 256, (200, 8, 8, 4), dtype=np.uint8)
    assert memorisation(noise, drawings(600, 1), drawings(300, 2))["warnings"] == []


def test_a_collapsed_model_is_not_taken_for_a_copyist():
    few = np.repeat(drawings(4, 9), 100, axis=0)
    assert memorisation(few, drawings(600, 1), drawings(300, 2))["warnings"] == []


def test_exact_copies_are_counted_and_named():
    train = drawings(100, 1)
    names = [f"{i:03d}.png" for i in range(100)]
    told = memorisation(train[40:60], train, drawings(100, 2), names)
    assert told["exact_copies"] == 20
    assert told["ratio"] == 0
    assert {row["train"] for row in told["closest"]} <= set(names[40:60])
    assert any("20 samples equal" in w for w in told["warnings"])


def test_near_copies_are_noticed():
    train = drawings(300, 1)
    told = memorisation(disturbed(train, 3), train, drawings(300, 2))
    assert told["exact_copies"] == 0
    assert told["nearer_to_train"] > 0.9
    assert len(told["warnings"]) == 2


def test_copies_among_honest_samples_are_noticed():
    train = drawings(1000, 1)
    mixed = np.concatenate([drawings(380, 7), disturbed(train[:20], 3)])
    told = memorisation(mixed, train, drawings(500, 2))
    assert told["much_nearer_to_train"] >= 20
    assert any("less than half as far" in w for w in told["warnings"])


def test_an_artist_who_repeats_himself_is_not_copied():
    stock = drawings(40, 1)
    draw = np.random.default_rng(0)
    sets = [stock[draw.integers(0, 40, n)] for n in (200, 400, 200)]
    told = memorisation(*sets)
    assert told["exact_copies"] == 200
    assert told["exact_copies_held_out"] > 0
    assert told["warnings"] == []


def test_more_held_out_than_training_pictures_change_nothing():
    told = memorisation(drawings(300, 7), drawings(100, 1), drawings(2000, 2))
    assert told["warnings"] == []
    assert told["nearer_to_train"] == pytest.approx(0.5, abs=0.12)


def test_nearest_neighbours_by_root_mean_square():
    a = np.zeros((1, 2, 2, 1), np.uint8)
    b = np.array([[[[9], [9]], [[9], [9]]], [[[3], [4]], [[0], [0]]]], np.uint8)
    far, where = nearest(a, b)
    assert far[0] == pytest.approx(2.5)
    assert where[0] == 1


def test_large_pictures_are_compared_small():
    large = np.repeat(np.repeat(drawings(3, 1, side=32), 4, 1), 4, 2)
    assert (thumbnails(large) == drawings(3, 1, side=32)).all()
    assert thumbnails(drawings(1, 1)).shape == (1, 8, 8, 4)


@pytest.mark.parametrize("seed", range(5))
def test_without_fresh_pictures_honest_samples_raise_no_warning(seed):
    told = copying_without_fresh(drawings(400, 10 + seed), drawings(200, 1))
    assert told["warnings"] == []
    assert told["exact_copies"] == 0


@pytest.mark.parametrize("count", [50, 300])
def test_without_fresh_pictures_copies_are_noticed(count):
    train = drawings(count, 1)
    copies = np.repeat(train[: count // 2], 4, axis=0)
    made = np.concatenate([disturbed(copies, 3), drawings(4 * count, 4)])
    names = [f"{i:03d}.png" for i in range(count)]
    told = copying_without_fresh(made, train, names)
    assert len(told["warnings"]) == 1
    assert "less than half as far from one training picture" in told["warnings"][0]
    assert {row["train"] for row in told["closest"]} <= set(names[: count // 2])


def test_without_fresh_pictures_means_and_collapse_are_not_taken_for_copies():
    train = drawings(100, 1)
    mean = np.rint(train.mean(0, keepdims=True)).astype(np.uint8)
    for made in (disturbed(np.repeat(mean, 300, 0), 2), np.repeat(drawings(4, 9), 100, axis=0)):
        assert copying_without_fresh(made, train)["warnings"] == []


def test_without_fresh_pictures_exact_copies_are_counted_against_doubles_in_the_data():
    train = drawings(100, 1)
    made = np.concatenate([train[:1], drawings(400, 2)])
    told = copying_without_fresh(made, train)
    assert told["exact_copies"] == 1
    assert told["warnings"] == ["1 samples equal a training picture pixel by pixel"]
    doubled = np.concatenate([train, train[:50]])
    assert copying_without_fresh(made, doubled)["warnings"] == []


@pytest.mark.parametrize("count", [1, 2, 3])
def test_without_fresh_pictures_hardly_any_pictures_are_no_trouble(count):
    told = copying_without_fresh(drawings(30, 2), drawings(count, 1))
    assert told["warnings"] == []

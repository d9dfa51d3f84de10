"""Figures agree with their definitions, and catch what they are there to catch."""

from __future__ import annotations

import numpy as np
import pytest

from medici.errors import WrongUse
from medici.studio.metrics.distances import (
    compare,
    frechet_distance,
    kernel_distance,
    neighbourhood_scores,
)


@pytest.fixture
def cloud():
    return np.random.default_rng(0).normal(size=(400, 12))


def test_frechet_distance_by_its_formula(cloud):
    linalg = pytest.importorskip("scipy.linalg")
    other = np.random.default_rng(1).normal(0.3, 1.4, size=(500, 12))
    a, b = np.cov(cloud, rowvar=False), np.cov(other, rowvar=False)
    gap = cloud.mean(0) - other.mean(0)
    expected = gap @ gap + np.trace(a + b - 2 * linalg.sqrtm(a @ b).real)
    assert frechet_distance(cloud, other) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_with_fewer_pictures_than_features(cloud):
    few, others = cloud[:8], cloud[8:18] + 0.5
    a = few - few.mean(0)
    b = others - others.mean(0)
    values = np.linalg.eigvals((a.T @ a / 7) @ (b.T @ b / 9)).real
    gap = few.mean(0) - others.mean(0)
    expected = gap @ gap + (a**2).sum() / 7 + (b**2).sum() / 9
    expected -= 2 * np.sqrt(np.maximum(values, 0)).sum()
    assert frechet_distance(few, others) == pytest.approx(expected, rel=1e-4)


def test_equal_distributions_are_near_the_ideal(cloud):
    other = np.random.default_rng(2).normal(size=(400, 12))
    told = compare(cloud, other)
    assert told["fid"] < 1
    assert abs(told["kid"]) < 0.1
    assert told["precision"] > 0.8
    assert told["recall"] > 0.8
    assert told["coverage"] > 0.85


def test_collapse_shows_in_recall_and_coverage_not_precision(cloud):
    told = neighbourhood_scores(cloud, np.resize(cloud[:3], cloud.shape))
    assert told["precision"] == 1
    assert told["recall"] < 0.05
    assert told["coverage"] < 0.3


def test_noise_shows_in_precision(cloud):
    assert neighbourhood_scores(cloud, cloud * 6)["precision"] < 0.2


def test_kernel_distance_by_its_formula(cloud):
    a, b = cloud[:5], cloud[5:9]

    def k(x, y):
        return (x @ y / 12 + 1) ** 3

    within_a = np.mean([k(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j])
    within_b = np.mean([k(x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j])
    across = np.mean([k(x, y) for x in a for y in b])
    assert kernel_distance(a, b) == pytest.approx(within_a + within_b - 2 * across)


def test_too_few_pictures_are_refused(cloud):
    with pytest.raises(WrongUse, match="more than 5"):
        neighbourhood_scores(cloud[:5], cloud)


@pytest.mark.train
def test_the_extractor_tells_pictures_apart(portraits):
    pytest.importorskip("torch")
    from medici.studio.metrics.extractor import EfficientNetLite0
    from medici.studio.pictures.finish import ground_for

    pictures = ground_for(portraits.natives(range(8), {"ground": "transparent"}), 1)
    features = EfficientNetLite0().features(pictures)
    assert features.shape == (8, 1280)
    assert (features >= 0).all()
    assert len(np.unique(features.round(4), axis=0)) == 8

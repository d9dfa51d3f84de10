"""Features of real sets are kept, found again by everything that made them, and never trusted."""

from __future__ import annotations

import numpy as np
import pytest

from medici.studio.metrics.features import FeatureCache, default_cache


class Maker:
    def __init__(self, seed=0, double=False):
        features = np.random.default_rng(seed).normal(size=(6, 4))
        self.features = features if double else features.astype(np.float32).astype(np.float64)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.features


def ask(cache, maker, **changes):
    key = {"root": "ab" * 32, "extractor": "E", "n": 6, "grounds": "judge"}
    return cache.get(**{**key, **changes}, make=maker)


@pytest.mark.parametrize("double", [False, True])
def test_kept_features_are_the_same_numbers(tmp_path, double):
    maker = Maker(double=double)
    cache = FeatureCache(tmp_path / "deep" / "cache")
    first, second = ask(cache, maker), ask(cache, maker)
    assert maker.calls == 1
    assert second.dtype == np.float64
    assert (first == second).all()


@pytest.mark.parametrize(
    "changes", [{"root": "cd" * 32}, {"extractor": "F"}, {"grounds": "train"}], ids=str
)
def test_another_set_extractor_or_ground_is_another_entry(tmp_path, changes):
    cache = FeatureCache(tmp_path)
    ask(cache, Maker(0))
    other = Maker(1)
    assert (ask(cache, other, **changes) == other.features).all()
    assert other.calls == 1


def damage_cut(data):
    return data[: len(data) // 2]


def damage_flip(data):
    return data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]


def damage_all(data):
    return b"\x80\x04pickle"


@pytest.mark.parametrize("damage", [damage_cut, damage_flip, damage_all])
def test_a_damaged_entry_is_made_again(tmp_path, damage):
    cache, maker = FeatureCache(tmp_path), Maker()
    ask(cache, maker)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert (ask(cache, maker) == maker.features).all()
    assert maker.calls == 2
    assert file.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [file]


def test_without_a_folder_nothing_is_kept():
    cache, maker = FeatureCache(None), Maker()
    ask(cache, maker)
    ask(cache, maker)
    assert maker.calls == 2


def test_the_usual_place(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "medici" / "features"

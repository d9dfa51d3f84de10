"""Shipped models make the same works in other processes, batches, kernels and libraries.

The whole matrix, with an emulated ARM, is tools/exact_matrix.py; this is a small cut through it.
"""

from __future__ import annotations

import importlib.util
import platform
import sys
from pathlib import Path

import numpy as np
import pytest

from medici.studio.families import load_model, shipped

TOOL = Path(__file__).parents[3] / "tools" / "exact_matrix.py"
WORKS = 5


@pytest.fixture(scope="module")
def matrix():
    specification = importlib.util.spec_from_file_location("exact_matrix", TOOL)
    module = importlib.util.module_from_spec(specification)
    sys.modules["exact_matrix"] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=shipped())
def here(request, matrix):
    """A shipped model and the digests that this process gives."""
    model = load_model(request.param)
    style = {"scale": 1} if "scale" in model.keys else {}
    return request.param, [matrix.digest(w) for w in model.sample_many(range(WORKS), style)]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="kernels of x86")
@pytest.mark.parametrize(
    ("kernel", "batch", "threads"), [("Haswell", 1, 2), ("Prescott", 3, 1)], ids=str
)
def test_batches_threads_and_kernels_do_not_matter(matrix, here, kernel, batch, threads):
    name, expected = here
    told = matrix.run(
        matrix.Cell("", batch, threads, environment={"OPENBLAS_CORETYPE": kernel}, works=WORKS),
        name,
    )
    assert told["digests"] == expected, told
    if kernel == "Haswell":
        assert told["ran"]["blas"] == kernel


def test_integers_without_a_blas_give_the_same_works(matrix, here):
    name, expected = here
    assert matrix.child(name, 2, 2, "int64")["digests"] == expected[:2]


@pytest.mark.train
def test_onednn_in_float32_on_bytes_gives_the_same_works(matrix, here):
    pytest.importorskip("torch")
    name, expected = here
    environment = {"ONEDNN_MAX_CPU_ISA": "SSE41", "ONEDNN_VERBOSE": "1"}
    told = matrix.run(matrix.Cell("", 2, 1, "onednn", environment=environment, works=2), name)
    assert told["digests"] == expected[:2], told
    if platform.machine() == "x86_64":
        assert told["ran"]["onednn"] == "Intel SSE4.1"


@pytest.mark.train
def test_torch_in_float64_gives_the_same_works(matrix, here):
    pytest.importorskip("torch")
    name, expected = here
    assert matrix.child(name, WORKS, WORKS, "torch")["digests"] == expected


def test_bytes_put_an_integer_together_again(matrix):
    random = np.random.default_rng(0)
    x = random.integers(-(1 << 15), 1 << 15, (7, 9)).astype(np.float64)
    parts = matrix._bytes(x)
    assert all((np.abs(part) <= 128).all() for part in parts)
    assert (sum(part.astype(np.float64) * 256**i for i, part in enumerate(parts)) == x).all()


def test_one_different_work_is_found(matrix, monkeypatch):
    told = iter([["a", "b"], ["a"], ["a", "c"]])
    monkeypatch.setattr(
        matrix, "run", lambda cell, model, arm: {"name": cell.name, "digests": next(told)}
    )
    said = matrix.compare("m", [matrix.Cell("1"), matrix.Cell("2"), matrix.Cell("3")])
    assert not said["identical"]
    assert [row["identical"] for row in said["rows"]] == [True, True, False]


def test_a_cell_that_fails_is_not_identical(matrix):
    said = matrix.compare("portraits-that-are-not-there", [matrix.Cell("1", works=1)])
    assert not said["identical"]
    assert "no model called" in str(said["rows"][0]["error"])

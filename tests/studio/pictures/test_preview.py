"""A picture model in ONNX Runtime: the same pictures but for a few pixels."""

from __future__ import annotations

import numpy as np
import pytest

from medici.studio.pictures.preview import onnx_file

onnxruntime = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")


def drawn(model, seeds, psi=1000):
    session = onnxruntime.InferenceSession(onnx_file(model))
    style = model.parse({"psi": psi / 1000})
    given = {"latent": (model.latent(seeds, style) / 1024).astype(np.float32)}
    if not model.codes:
        given["psi"] = np.array([psi / 1000], np.float32)
    return session.run(None, given)[0]


def test_previews_of_the_shipped_model_differ_in_few_pixels(portraits):
    seeds = range(32)
    expected = portraits.natives(seeds, {"ground": "transparent"})
    found = drawn(portraits, seeds)
    assert found.dtype == np.uint8
    assert found.shape == expected.shape
    assert (found != expected).any(-1).mean() < 0.01


def test_truncation_works_in_the_graph(portraits):
    if portraits.codes:
        pytest.skip("codes are drawn before the graph")
    expected = portraits.natives(range(64), {"ground": "transparent", "psi": 0.5})
    assert (drawn(portraits, range(64), 500) != expected).any(-1).mean() < 0.01


def test_the_file_says_which_model_it_is(portraits):
    model = onnx.load_from_string(onnx_file(portraits))
    told = {prop.key: prop.value for prop in model.metadata_props}
    assert told["model"] == portraits.id

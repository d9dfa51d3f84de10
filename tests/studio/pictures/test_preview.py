"""A picture model in ONNX Runtime: the same pictures but for a few pixels."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studio.layers import layer

from medici.studio.exact.network import ONE
from medici.studio.pictures.export import assemble_pictures
from medici.studio.pictures.model import preview
from medici.studio.pictures.preview import onnx_file

onnxruntime = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")


def drawn(model, seeds, psi=1000, small=False):
    session = onnxruntime.InferenceSession(onnx_file(model, small=small))
    style = model.parse({"psi": psi / 1000})
    given = {"latent": (model.latent(seeds, style) / ONE).astype(np.float32)}
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


def test_large_layers_in_bytes_draw_the_same_pictures_from_a_third_of_the_file(portraits):
    seeds = range(32)
    expected = portraits.natives(seeds, {"ground": "transparent"})
    assert (drawn(portraits, seeds, small=True) != expected).any(-1).mean() < 0.01
    assert len(onnx_file(portraits, small=True)) < 0.5 * len(onnx_file(portraits))


def test_truncation_works_in_the_graph(portraits):
    if portraits.codes:
        pytest.skip("codes are drawn before the graph")
    expected = portraits.natives(range(64), {"ground": "transparent", "psi": 0.5})
    assert (drawn(portraits, range(64), 500) != expected).any(-1).mean() < 0.01


def test_the_file_says_which_model_it_is(portraits):
    model = onnx.load_from_string(onnx_file(portraits))
    told = {prop.key: prop.value for prop in model.metadata_props}
    assert told["model"] == portraits.id


def small(head, planes, **more):
    """A model of 32 pixels a side with random weights."""
    networks = {
        "map": [layer("mapping", "dense", 12, 8, leaky=True)],
        "draw": [
            layer("seed", "dense", 16 * 6, 12, leaky=True, grid=(4, 4)),
            layer("up1", "up", 6, 6, leaky=True),
            layer("up2", "up", 6, 6, leaky=True),
            *([] if more.get("smooth") else [layer("up3", "up", 5, 6, leaky=True)]),
            layer("last", "conv", planes, 6 if more.get("smooth") else 5),
        ],
    }
    if head != "rgb":
        outputs = {"nearest": 3, "indexed": 9}[head] * (planes - more["transparent"])
        networks["colours"] = [layer("colours", "dense", outputs, 12)]
    palette = np.random.default_rng(0).integers(0, 256, (9, 3), dtype=np.uint8)
    return preview(
        assemble_pictures(
            networks,
            palette=palette,
            side=32,
            slots=planes,
            psi=1000,
            latent={"normal": 8},
            head=head,
            **more,
        )
    )


@pytest.mark.parametrize("transparent", [False, True])
def test_colours_without_slots_are_at_most_one_grey_level_off(transparent):
    model = small("rgb", 3 + transparent, transparent=transparent)
    expected = model.natives(range(12), {"ground": "transparent"} if transparent else {})
    found = drawn(model, range(12))
    same = found[..., 3] == expected[..., 3]
    assert same.mean() > 0.99
    assert np.abs(found[same].astype(int) - expected[same]).max() <= 1


@pytest.mark.parametrize("head", ["nearest", "indexed"])
@pytest.mark.parametrize("smooth", [0, 1])
@pytest.mark.parametrize("transparent", [False, True])
def test_every_kind_of_slots_and_scores(head, smooth, transparent):
    model = small(head, 5, transparent=transparent, smooth=smooth)
    expected = model.natives(range(12), {"ground": "transparent"} if transparent else {})
    assert len(np.unique(expected.reshape(-1, 4), axis=0)) > 3
    assert (drawn(model, range(12)) != expected).any(-1).mean() < 0.02

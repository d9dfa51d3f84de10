"""Extractors by name: built in, from the user's files, or from another package."""

from __future__ import annotations

import importlib.util
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from medici.errors import BadWeights, MissingPart, WrongUse
from medici.studio.metrics import extractors


def pictures(n=5, side=20):
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 3), dtype=np.uint8)


class Plugged:
    name = "plugged in"

    def __init__(self, file="nothing"):
        self.file = file

    def features(self, some):
        return some.reshape(len(some), -1).astype(np.float64)


def test_a_plug_in_is_found_and_gets_its_file(monkeypatch):
    point = EntryPoint("own", f"{__name__}:Plugged", extractors.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda self: Plugged)
    monkeypatch.setattr(
        extractors, "entry_points", lambda group: [point] if group == extractors.GROUP else []
    )
    assert "own" in extractors.names()
    assert extractors.extractor("own").file == "nothing"
    assert extractors.extractor("own:C:/weights.bin").file == "C:/weights.bin"


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(WrongUse, match="inceptoin") as caught:
        extractors.extractor("inceptoin")
    assert caught.value.hint == "did you mean inception?"


@pytest.mark.parametrize("name", ["inception", "onnx"])
def test_extractors_with_own_weights_ask_for_them(name):
    with pytest.raises(WrongUse) as caught:
        extractors.extractor(name)
    assert f"{name}:FILE" in caught.value.hint


@pytest.mark.train
def test_large_pictures_are_not_judged_by_their_moire():
    pytest.importorskip("torch")
    lite = extractors.extractor()
    board = np.indices((192, 192)).sum(0) % 2 * 255
    board = np.repeat(board[None, :, :, None], 3, -1).astype(np.uint8)
    grey = np.full((1, 192, 192, 3), 127, np.uint8)
    shifted = np.roll(board, 1, axis=1)
    looked = lite.features(np.concatenate([board, shifted, grey]))
    assert np.abs(looked[0] - looked[1]).max() < 0.1 * np.abs(looked[2]).max()


@pytest.fixture(scope="module")
def dino(tmp_path_factory):
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = transformers.Dinov2Model(
        transformers.Dinov2Config(**shape, image_size=224, patch_size=14, mlp_ratio=2)
    )
    folder = tmp_path_factory.mktemp("dinov2") / "small"
    model.save_pretrained(folder)
    return folder


@pytest.mark.train
def test_features_are_the_class_token_of_a_local_folder(dino):
    found = extractors.extractor(f"dinov2:{dino}")
    assert "small" in found.name
    features = found.features(pictures())
    assert features.shape == (5, 16)
    # Normalised by the last layer, so the token is neither zero nor constant.
    assert features.std(1) == pytest.approx(1, abs=0.1)
    assert found.features(pictures()[2:3])[0] == pytest.approx(features[2], abs=1e-4)


@pytest.mark.train
def test_a_folder_with_only_a_pickle_is_not_opened(dino, tmp_path):
    import shutil

    import torch

    copy = tmp_path / "pickled"
    shutil.copytree(dino, copy)
    (copy / "model.safetensors").unlink()
    torch.save({}, copy / "pytorch_model.bin")
    with pytest.raises(MissingPart, match="no DINOv2"):
        extractors.extractor(f"dinov2:{copy}")


@pytest.mark.train
def test_another_models_weights_are_refused(dino, tmp_path):
    import shutil

    from safetensors.torch import save_file
    from torch import ones

    copy = tmp_path / "other"
    shutil.copytree(dino, copy)
    save_file({"something": ones(3)}, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadWeights, match="no complete DINOv2"):
        extractors.extractor(f"dinov2:{copy}")


def network(path, *, shape=("n", 3, 8, 12), about=None, spatial=True):
    """A network that averages each channel over 4×4 blocks."""
    for part in ("torch", "onnxruntime"):
        pytest.importorskip(part)
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    outputs = [None] * (4 if spatial else 2)
    nodes = [
        helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[4, 4], strides=[4, 4])
        if spatial
        else helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)
    ]
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, outputs)],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    helper.set_model_props(model, about or {})
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("spatial", [True, False])
def test_any_network_is_an_extractor(tmp_path, spatial):
    plain = {"mean": "0 0 0", "std": "[1, 1, 1]"}
    path = network(tmp_path / "means.onnx", about=plain, spatial=spatial)
    found = extractors.extractor(f"onnx:{path}")
    assert "means.onnx" in found.name
    assert "12×8" in found.name
    flat = np.empty((2, 8, 12, 3), np.uint8)
    flat[:] = [0, 51, 255]
    assert found.features(flat) == pytest.approx(np.tile([0, 0.2, 1], (2, 1)), abs=1e-5)


def test_without_a_word_pictures_are_prepared_as_for_imagenet(tmp_path):
    found = extractors.extractor(f"onnx:{network(tmp_path / 'a.onnx')}")
    black = found.features(np.zeros((1, 5, 5, 3), np.uint8))[0]
    assert black == pytest.approx([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shape": ("n", 1, 8, 8)}, "not one"),
        ({"shape": ("n", 3, "h", "w")}, "leaves its input size open"),
        ({"about": {"mean": "0.5"}}, "not as three numbers"),
    ],
)
def test_a_network_that_cannot_serve_is_named(tmp_path, changes, told):
    path = network(tmp_path / "bad.onnx", **changes)
    with pytest.raises(BadWeights, match=told) as caught:
        extractors.extractor(f"onnx:{path}")
    assert "bad.onnx" in caught.value.message


def test_another_file_is_no_network(tmp_path):
    pytest.importorskip("onnxruntime")
    path = tmp_path / "notes.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(BadWeights, match=r"notes\.onnx"):
        extractors.extractor(f"onnx:{path}")
    with pytest.raises(MissingPart):
        extractors.extractor(f"onnx:{tmp_path / 'nowhere.onnx'}")


@pytest.mark.skipif(
    importlib.util.find_spec("torch_fidelity") is not None, reason="torch-fidelity is installed"
)
def test_inception_says_what_it_needs():
    with pytest.raises(MissingPart) as caught:
        extractors.extractor("inception:weights.pth")
    assert "torch-fidelity" in caught.value.hint

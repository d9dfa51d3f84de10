"""Taking in and giving out models."""

import pytest


def test_a_model_is_taken_in_and_used(here):
    said = here("model", "adopt", "template", "writer", "--name", "scribe", "--json").json
    assert (said["family"], said["name"]) == ("language", "scribe")
    made = here("generate", "--model", "writer", "--json").json
    assert made["model"] == said["model"]
    again = here("model", "adopt", "template", "writer", "--json", code=2)
    assert "there already" in again.json["error"]["message"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("somebody/something", "x"), "any kind"),
        (("template", "x", "--family", "icons"), "trained here"),
        (("template", "x", "--family", "diffusion", "--served-as", "m"), "endpoints"),
    ],
)
def test_what_cannot_be_taken_in_is_said(here, words, said):
    assert said in here("model", "adopt", *words, "--json", code=2).json["error"]["message"]
    assert not (here.folder / "x").exists()


def test_a_model_in_integers_is_given_as_onnx(here):
    runtime = pytest.importorskip("onnxruntime")
    said = here("model", "onnx", "p.onnx", "--json").json
    session = runtime.InferenceSession(said["file"])
    assert [x.name for x in session.get_inputs()] == ["latent"]
    small = here("model", "onnx", "s.onnx", "--small", "--json").json
    assert small["bytes"] < said["bytes"] / 2
    here("model", "onnx", "i.onnx", "--model", "icons", "--part", "decoder")
    part = here("model", "onnx", "n.onnx", "--part", "map", "--small", "--json", code=2)
    assert "whole picture models" in part.json["error"]["message"]
    wrong = here("model", "onnx", "no.onnx", "--model", "icons", "--json", code=2)
    assert "decoder" in wrong.json["error"]["hint"]
    assert not (here.folder / "no.onnx").exists()

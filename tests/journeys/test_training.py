"""An artist's own pictures become a model, and the model a firm's works."""

import numpy as np
import pytest
from PIL import Image
from tests.program import run


@pytest.fixture
def pictures(tmp_path):
    """Forty small flags: two or three stripes in strong colours."""
    folder = tmp_path / "flags"
    folder.mkdir()
    random = np.random.default_rng(0)
    colours = np.array(
        [[200, 30, 40], [30, 60, 160], [250, 250, 250], [20, 20, 20], [250, 200, 40]]
    )
    for number in range(40):
        stripes = random.choice(len(colours), 3, replace=False)
        flag = np.repeat(colours[stripes], [5, 6, 5], axis=0)[:, None, :].repeat(16, 1)
        if number % 2:
            flag = flag.transpose(1, 0, 2)
        Image.fromarray(flag.astype(np.uint8)).save(folder / f"{number:02}.png")
    return folder


@pytest.mark.train
def test_own_pictures_become_a_model_whose_works_can_be_made_again(pictures, tmp_path):
    firm = tmp_path / "firm"
    assert run("init", firm).code == 0
    trained = run("train", pictures, "--out", firm / "flags", "--steps", 4, "--json", timeout=280)
    assert trained.code == 0, trained
    settings = firm / "medici.toml"
    settings.write_text(settings.read_text().replace('"portraits"', '"flags"', 1))
    made = run("generate", "--seed", 5, "--firm", firm, "--json")
    assert made.json["model"] == trained.json["model"]
    assert run("up", "--firm", firm).code == 0
    try:
        file = made.json["works"][0]["file"]
        assert run("certify", file, "--firm", firm).code == 0
        assert run("anchor", "--firm", firm).code == 0
        said = run("verify", file, "--rerun", "--firm", firm, "--json").json
    finally:
        run("down", "--firm", firm)
    assert (said["verdict"], said["rerun"]) == ("authentic", "identical")
    assert said["model"]["id"] == trained.json["model"]


@pytest.mark.train
def test_a_picture_that_cannot_be_read_is_named(pictures, tmp_path):
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    refused = run("train", pictures, "--out", tmp_path / "model", "--steps", 1, "--json")
    assert refused.code == 2
    assert refused.json["error"]["code"] == "bad-data"
    assert "broken.png" in refused.json["error"]["message"]
    assert not (tmp_path / "model" / "weights.safetensors").exists()

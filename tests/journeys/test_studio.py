"""The studio by its commands: own pictures, a model, steered works, and again elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tests.program import run

pytestmark = pytest.mark.train

AGAIN = """
import json, sys
from medici.content import content_digest
from medici.studio.families import load_model
works = json.load(open(sys.argv[2]))
model = load_model(sys.argv[1])
print(json.dumps([content_digest(model.sample(w["seed"], w["style"])) for w in works]))
"""
ELSEWHERE = {"OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "2"}


def made_again(model, works, tmp_path, env) -> list[str]:
    """Digests of the same works, by another process with other settings."""
    told = tmp_path / "works.json"
    told.write_text(json.dumps(works))
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, str(model), str(told)],
        capture_output=True,
        text=True,
        check=True,
        env={**env, **ELSEWHERE},
    )
    digests: list[str] = json.loads(done.stdout)
    return digests


@pytest.fixture
def faces(tmp_path):
    """Sixty small faces, all different, each file twice as large as it needs to be."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for number in range(60):
        face = np.zeros((16, 16, 4), np.uint8)
        face[4:13, 4:12] = (*[(240, 200, 160), (170, 120, 80), (90, 60, 40)][number % 3], 255)
        face[7, [6, 9]] = (20, 20, 30, 255)
        face[9 + number % 2, 5 : 7 + number % 5] = (190, 40, 50, 255)
        if number % 4:
            face[number % 4 : 4, 3:13] = (30, 60, 160, 255)
        Image.fromarray(face).resize((32, 32), 0).save(folder / f"{number:02}.png")
    return folder


@pytest.mark.parametrize(
    "settings",
    [
        ["body=codes", "codes=6", "width=32", "prior=16", "slots=6", "batch=16"],
        ["body=dcgan", "width=8", "critic=8", "slots=6", "batch=16"],
    ],
    ids=["codes", "gan"],
)
def test_own_pictures_are_trained_steered_shown_and_made_again(faces, tmp_path, settings):
    import os

    firm = tmp_path / "firm"
    assert run("init", firm).code == 0
    stated = ["--licence", "CC0-1.0", "--author", "A. Painter", "--consent", "my own work"]
    built = run("data", "build", faces, "--out", tmp_path / "set", "--side", 16, *stated, "--json")
    assert built.code == 0, built
    told = [word for setting in settings for word in ("--set", setting)]
    words = ["train", tmp_path / "set", "--out", firm / "own", "--steps", 12, *told, "--json"]
    trained = run(*words, timeout=280)
    assert trained.code == 0, trained
    record = json.loads((firm / "own" / "record.json").read_text())
    assert record["data_licence"] == "CC0-1.0"

    steer = ["--style", "psi=0.8", "--style", 'blend={"seed":9,"amount":0.5}']
    steer += ["--style", "colours_from=4", "--style", "scale=2"]
    at = ["--model", "own", "--firm", firm]
    made = run("generate", "-n", 3, "--seed", 7, *steer, *at, "--json")
    assert made.code == 0, made
    works = made.json["works"]
    again = made_again(firm / "own", works, tmp_path, dict(os.environ))
    assert again == [work["id"] for work in works]

    assert run("sheet", tmp_path / "sheet.png", "--seeds", "0-7", *at).code == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size[0] > 64
    film = run("walk", tmp_path / "walk.webp", "--seeds", "1,2", "--frames", 4, *at)
    assert film.code == 0, film
    with Image.open(tmp_path / "walk.webp") as walk:
        assert walk.n_frames >= 8
    drawn = run("export", tmp_path / "one.svg", "--seed", 7, *at)
    assert drawn.code == 0, drawn
    assert "<svg" in (tmp_path / "one.svg").read_text()


@pytest.mark.parametrize(
    ("model", "form", "style"),
    [
        ("portraits", "svg", ["scale=1", "psi=0.7"]),
        ("ink", "png", ["scale=2"]),
        ("icons", "svg", ["look=bold"]),
        ("textures", "pbr.zip", ["width=128", "height=64"]),
        ("chorales", "mid", []),
        ("chorales", "musicxml", []),
    ],
)
def test_shipped_models_make_the_same_works_elsewhere(tmp_path, model, form, style):
    import os

    told = [word for pair in style for word in ("--style", pair)]
    made = run("generate", "--model", model, "--seed", 3, *told, "--json", cwd=tmp_path)
    assert made.code == 0, made
    work = made.json["works"][0]
    assert made_again(model, [work], tmp_path, dict(os.environ)) == [work["id"]]
    out = tmp_path / f"work.{form}"
    words = ["export", out, "--form", form, "--model", model, "--seed", 3, *told]
    exported = run(*words, cwd=tmp_path)
    assert exported.code == 0, exported
    assert out.stat().st_size > 100

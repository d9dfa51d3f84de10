"""Each family by its commands: own material, a model, steered works, the same ones elsewhere."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from tests.journeys.test_studio import made_again
from tests.program import run
from tests.studio.icons.conftest import TINY as TINY_ICONS
from tests.studio.icons.conftest import draw
from tests.studio.music import tiny as music
from tests.studio.textures.conftest import cloth, soil

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.train


def icons(folder: Path) -> None:
    draw(folder, 24)


def materials(folder: Path) -> None:
    for name, pixels in (("cloth", cloth()), ("soil", soil())):
        (folder / name).mkdir(parents=True)
        Image.fromarray(pixels).save(folder / name / f"{name}.png")


def hymns(folder: Path) -> None:
    from medici.studio.music.notation import to_midi

    folder.mkdir()
    for number, score in enumerate(music.varied(8)):
        (folder / f"hymn-{number}.mid").write_bytes(to_midi(score))


@dataclass(frozen=True)
class Way:
    """What a person gives to one family, and what they ask of it."""

    material: Callable[[Path], None]
    steps: int
    settings: dict[str, Any]
    style: tuple[str, ...]
    form: str
    file: str = "png"


WAYS = {
    "icons": Way(icons, 60, TINY_ICONS, ("psi=0.9", "scale=4"), "svg"),
    "textures": Way(
        materials,
        2,
        {"channels": [8, 6, 4, 4], "width": 4, "local": 4, "shared": 2, "batch": 1, "side": 56},
        ("width=128", "height=64"),
        "pbr.zip",
    ),
    "music": Way(
        hymns,
        6,
        {"width": 12, "inner": 8, "blocks": 1, "inside": 6, "near": [1, 2], "far": [4, 8]}
        | {"batch": 24, "mixed": False},
        ("psi=0.9",),
        "mid",
        "wav",
    ),
}


@pytest.mark.parametrize("name", sorted(WAYS))
def test_own_material_becomes_works_that_anybody_can_make_again(name, tmp_path):
    if name == "music":
        pytest.importorskip("mido")
    way, firm = WAYS[name], tmp_path / "firm"
    assert run("init", firm).code == 0
    way.material(tmp_path / "material")
    told = [w for k, v in way.settings.items() for w in ("--set", f"{k}={json.dumps(v)}")]
    words = ["train", tmp_path / "material", "--family", name, "--out", firm / "own"]
    trained = run(*words, "--steps", way.steps, *told, "--json", timeout=280)
    assert trained.code == 0, trained
    assert trained.json["family"] == name

    at = ["--model", "own", "--firm", firm, "--seed", 5]
    steer = [w for pair in way.style for w in ("--style", pair)]
    made = run("generate", "-n", 2, *at, *steer, "--json")
    assert made.code == 0, made
    works = made.json["works"]
    assert works[0]["id"] != works[1]["id"]
    again = made_again(firm / "own", works, tmp_path, dict(os.environ))
    assert again == [work["id"] for work in works]

    out = tmp_path / f"work.{way.form}"
    exported = run("export", out, "--form", way.form, *at, *steer, "--json")
    assert exported.code == 0, exported
    assert exported.json["id"] == works[0]["id"]
    assert out.stat().st_size > 100
    shown = run("sheet", tmp_path / "sheet.png", "--seeds", "0-3", *at[:4])
    assert shown.code == 0, shown
    _made_of_it(way, at[:4], steer, tmp_path)


def _made_of_it(way: Way, model: list[str | Path], steer: list[str], folder: Path) -> None:
    """What an artist makes of a model of their own, by the commands of the making room."""
    grid = run(
        "grid",
        folder / "grid.png",
        "--of",
        "truncation",
        "--values",
        "[0.5, 1]",
        "--seeds",
        "1-2",
        *model,
        "--json",
    )
    assert grid.code == 0, grid
    film = run(
        "walk",
        folder / "walk.webp",
        "--seeds",
        "1-2",
        "--frames",
        2,
        "--hold",
        1,
        "--once",
        *model,
        *steer,
        "--json",
    )
    assert film.code == 0, film
    assert film.json["frames"] == 5
    kept = run("batch", folder / "batch", "-n", 3, *model, *steer, "--json")
    assert kept.code == 0, kept
    assert kept.json["kept"] == 3
    files = [p for p in (folder / "batch").iterdir() if p.suffix == f".{way.file}"]
    assert len(files) == 3
    own = run(
        "personalise",
        "--name",
        "Lucrezia",
        "--colour",
        "#7a1f3d",
        *model,
        "--json",
        "--out",
        folder / "personal",
    )
    assert own.code == 0, own
    assert Path(own.json["file"]).suffix == f".{way.file}"
    edited = run(
        "edit", 3, *model, *steer, "--change", "psi=0.6", "--json", "--out", folder / "edits"
    )
    assert edited.code == 0, edited
    assert edited.json["exact"]
    assert edited.json["style"]["psi"] == 0.6
    (folder / "concept.toml").write_text('title = "Of our own"\nseeds = [1, 2]\n')
    set_ = run(
        "campaign",
        folder / "concept.toml",
        "--format",
        "square",
        "--file",
        "png",
        *model,
        "--out",
        folder / "campaign",
        "--json",
    )
    assert set_.code == 0, set_
    assert (folder / "campaign" / "square.png").stat().st_size > 1000


def test_words_are_made_again_too(tmp_path):
    assert run("model", "adopt", "template", tmp_path / "writer").code == 0
    made = run("generate", "--model", tmp_path / "writer", "-n", 2, "--json", cwd=tmp_path)
    assert made.code == 0, made
    works = made.json["works"]
    again = made_again(tmp_path / "writer", works, tmp_path, dict(os.environ))
    assert again == [work["id"] for work in works]

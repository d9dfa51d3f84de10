"""Each family by its commands: own material, a model, steered works, the same ones elsewhere."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from tests.journeys.test_studio import made_again
from tests.program import run
from tests.studio.diffusion.conftest import TINY as TINY_DIFFUSION
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
    film: str = "webp"


WAYS = {
    "icons": Way(icons, 60, TINY_ICONS, ("psi=0.9", "scale=4"), "svg"),
    "textures": Way(
        materials,
        2,
        {"channels": [8, 6, 4, 4], "width": 4, "local": 4, "shared": 2, "batch": 1, "side": 56},
        ("width=128", "height=64"),
        "pbr.zip",
        film="mp4",
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


def decoded(film: Path) -> list[np.ndarray[Any, Any]]:
    """The pictures that a player shows, (h, w, 3) uint8; of WebP, equal ones apart."""
    if film.suffix == ".webp":
        with Image.open(film) as pictures:
            shown = []
            for number in range(pictures.n_frames):
                pictures.seek(number)
                shown.append(np.asarray(pictures.convert("RGB")))
            return shown
    import av

    with av.open(str(film)) as opened:
        assert opened.streams.video[0].codec_context.name == "h264"
        return [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]


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
    walk = folder / f"walk.{way.film}"
    film = run(
        "walk",
        walk,
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
    # Both works stand still for two frames, which WebP joins.
    assert len(decoded(walk)) == (5 if way.film == "mp4" else 3)
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


# Other kernels for the same sums: floats are promised within a tolerance, not to the bit.
KERNELS = {"OMP_NUM_THREADS": "2", "ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"}
LEVELS = 2


def drawings(folder: Path) -> None:
    folder.mkdir()
    random = np.random.default_rng(3)
    for number in range(12):
        pixels = np.zeros((16, 16, 4), np.uint8)
        top, left = random.integers(1, 6, 2)
        pixels[top : top + 8, left : left + 7] = [*random.integers(0, 255, 3), 255]
        Image.fromarray(pixels).save(folder / f"{number:02}.png")


def test_a_denoiser_of_ones_own_draws_nearly_the_same_elsewhere(tmp_path):
    """Few commands: each of them opens PyTorch and diffusers, which takes most of its time."""
    firm = tmp_path / "firm"
    assert run("init", firm).code == 0
    drawings(tmp_path / "material")
    told = [w for k, v in TINY_DIFFUSION.items() for w in ("--set", f"{k}={json.dumps(v)}")]
    words = ["train", tmp_path / "material", "--family", "diffusion", "--out", firm / "own"]
    trained = run(*words, "--steps", 3, *told, "--json", timeout=280)
    assert trained.code == 0, trained
    assert trained.json["family"] == "diffusion"
    with Image.open(firm / "own" / "sheet.png") as sheet:
        assert sheet.width > 20 * 16

    at = ["--model", "own", "--firm", firm]
    blend = 'blend={"seed": 6, "amount": 0.5}'
    steer = ["--style", "steps=3", "--style", "scale=4", "--style", blend]
    made = run("generate", "-n", 2, "--seed", 5, *steer, *at, "--json")
    assert made.code == 0, made
    work = made.json["works"][0]
    assert work["style"]["blend"] == {"seed": 6, "amount": 0.5}

    record = [w for k, v in work["style"].items() for w in ("--style", f"{k}={json.dumps(v)}")]
    out = tmp_path / "work.png"
    words = ["export", out, "--factor", 2, "--seed", work["seed"], *record, *at]
    exported = run(*words, "--json", env=KERNELS)
    assert exported.code == 0, exported
    there, here = (np.asarray(Image.open(file), np.int16) for file in (out, work["file"]))
    assert there.shape == (128, 128, 4)
    assert np.abs(there[::2, ::2] - here).max() <= LEVELS

    page = run("grid", tmp_path / "grid.png", "--seeds", "5,6", "--steps", 3, *steer[:2], *at)
    assert page.code == 0, page
    film = tmp_path / "walk.mp4"
    words = ["walk", film, "--seeds", "5,6", "--frames", 4, "--hold", 0, "--once", "--factor", 4]
    walked = run(*words, *steer[:2], *at, "--json")
    assert walked.code == 0, walked
    shown = decoded(film)
    assert walked.json["frames"] == len(shown) == 5
    assert shown[0].shape == (64, 64, 3)
    # Half way stands the work that was asked for by its blend; H.264 and paper change it a little.
    gaps = [gap(frame, here) for frame in shown]
    assert gaps[2] < 20 < min(gaps[:2] + gaps[3:])


def gap(frame: np.ndarray[Any, Any], work: np.ndarray[Any, Any]) -> float:
    """Mean difference in levels, where the work is opaque."""
    solid = work[..., 3] > 250
    return float(np.abs(frame.astype(np.int16) - work[..., :3])[solid].mean())


def test_words_are_made_again_and_head_a_campaign(tmp_path):
    firm = tmp_path / "firm"
    assert run("init", firm).code == 0
    adopted = run("model", "adopt", "template", firm / "writer", "--json")
    assert adopted.code == 0, adopted
    at = ["--model", "writer", "--firm", firm]
    about = ["--style", "about=a red house by the sea"]
    works = []
    for form in ("title", "statement", "concept"):
        made = run("generate", "-n", 2, "--style", f"form={form}", *about, *at, "--json")
        assert made.code == 0, made
        assert made.json["model"] == adopted.json["model"]
        works += made.json["works"]
    assert len({work["id"] for work in works}) == 6
    again = made_again(firm / "writer", works, tmp_path, dict(os.environ))
    assert again == [work["id"] for work in works]

    title, statement = (Path(works[number]["file"]).read_text() for number in (0, 2))
    out = tmp_path / "statement.txt"
    exported = run("export", out, "--style", "form=statement", *about, *at, "--json")
    assert exported.code == 0, exported
    assert exported.json["id"] == works[2]["id"]
    assert out.read_text().strip() == statement.strip()
    assert run("sheet", tmp_path / "sheet.png", "--seeds", "0-3", *about, *at).code == 0
    said = {"title": title.strip(), "text": statement.strip(), "seeds": [1]}
    (tmp_path / "concept.json").write_text(json.dumps(said))
    words = ["campaign", tmp_path / "concept.json", "--format", "square", "--file", "svg"]
    done = run(*words, "--model", "portraits", "--out", tmp_path / "campaign", "--json")
    assert done.code == 0, done
    manifest = json.loads((tmp_path / "campaign" / "manifest.json").read_text())
    lines = [line["text"] for piece in manifest["pieces"] for line in piece["words"]]
    assert said["title"] in " ".join(lines)

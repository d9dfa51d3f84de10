import json
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from medici.content import picture_digest


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))


def test_pages_films_and_forms_are_written_where_they_are_asked_for(here):
    said = here("sheet", "sheet.png", "--seeds", "0-5", "--columns", "3", "--json").json
    assert said["works"] == 6
    assert pixels(said["file"]).shape[:2] == (2 * 68 + 4, 3 * 68 + 4)
    said = here("grid", "g.png", "--of", "truncation", "--seeds", "1,2", "--json").json
    assert said["rows"] == ["1", "2"]
    for name, side in (("ink", 128), ("icons", 96), ("textures", 256)):
        words = ("--of", "works", "--model", name, "--seeds", "1,2", "--steps", "2")
        here("grid", f"{name}.png", *words)
        wide = pixels(here.folder / f"{name}.png").shape[1]
        assert 2 * side < wide < 4 * side
    said = here("walk", "w.webp", "--seeds", "1,2", "--frames", "2", "--hold", "1", "--json").json
    assert said["frames"] == 6
    with Image.open(said["file"]) as film:
        assert film.size == (512, 512)
    made = here("export", "a.png", "--seed", "7", "--style", "scale=2", "--json").json
    assert picture_digest(pixels(here.folder / "a.png")) == made["id"]
    here("export", "a.svg", "--seed", "7")
    assert (here.folder / "a.svg").read_bytes().startswith(b"<svg")


def test_a_form_is_the_longest_that_the_files_name_ends_in(here):
    words = ("--seed", "3", "--style", "scale=1", "--model", "textures", "--json")
    forms = ("albedo.png", "png", "roughness.png", "pbr.zip")
    said = {form: here("export", f"T.{form}", *words).json for form in forms}
    assert [one["form"] for one in said.values()] == list(forms)
    with ZipFile(said["pbr.zip"]["file"]) as maps:
        for form in ("albedo.png", "roughness.png"):
            assert maps.read(form) == (here.folder / f"T.{form}").read_bytes()
    assert here("export", "T.png", "--form", "height.png", *words).json["form"] == "height.png"


def test_an_edit_tells_how_it_can_be_made_again_and_can(here):
    words = ("edit", "5", "--style", "scale=2", "--take", "9", "--region", "0,0,16,8", "--json")
    done = here(*words).json
    assert (done["exact"], len(done["parents"])) == (False, 2)
    assert picture_digest(pixels(done["file"])) == done["id"]
    again = here("edit", "--recipe", done["recipe"], "--out", "again", "--json").json
    assert again["id"] == done["id"]
    styled = here("edit", "5", "--style", "scale=2", "--change", "colours_from=9", "--json").json
    assert styled["exact"]
    made = here(
        "generate", "--seed", "5", "--style", "scale=2", "--style", "colours_from=9", "--json"
    ).json
    assert made["works"][0]["id"] == styled["id"]


def test_a_buyers_work_is_the_same_wherever_it_is_derived(here):
    words = ("personalise", "--name", "Lucrezia", "--colour", "#d1495b", "--json")
    first, second = here(*words, "--out", "a").json, here(*words, "--out", "b").json
    assert {**first, "file": ""} == {**second, "file": ""}
    receipt = json.loads((here.folder / "a" / f"{first['id'][:16]}.json").read_text())
    assert receipt["work"] == first["id"]
    assert picture_digest(pixels(first["file"])) == first["id"]


def test_a_batch_keeps_what_passes_and_goes_on(here):
    words = ("batch", "lot", "--filter", "novelty=0.2", "--style", "scale=1", "--json")
    here(*words, "-n", "3")
    said = here(*words, "-n", "6").json
    assert said["kept"] == 6
    assert len(list((here.folder / "lot").glob("*.png"))) == 6
    lines = (here.folder / "lot" / "reports.jsonl").read_text().splitlines()
    assert len(lines) == said["seen"] == said["next_seed"]


def test_a_campaign_is_made_from_two_small_files(here):
    (here.folder / "concept.toml").write_text('title = "Faces"\nseeds = [5, 9, 12, 21]\n')
    (here.folder / "brand.toml").write_text('name = "Casa"\n[palette]\naccent = "#00798c"\n')
    words = ("campaign", "concept.toml", "--brand", "brand.toml", "--format", "banner", "--json")
    said = here(*words).json
    assert {piece["file"] for piece in said["pieces"]} == {"banner.png", "banner.svg", "banner.pdf"}
    assert pixels(here.folder / "out" / "campaign" / "banner.png").shape == (500, 1500, 4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sheet", "a.png", "--seeds", "9-1"), "is no list of seeds"),
        (("grid", "a.png", "--of", "ground"), "needs its values"),
        (("grid", "a.png", "--of", "hair"), "'hair' is neither a grid nor a style key"),
        (("edit", "--recipe", "none.json"), "none.json cannot be read: No such file"),
        (("grid", "a.png", "--values", "{}"), "is no JSON list"),
        (("walk", "a.gif", "--seeds", "1,2"), "MP4 or WebP"),
        (("edit", "1", "--take", "2"), "which region"),
        (("edit", "1", "--take", "2", "--change", "psi=1"), "one edit at a time"),
        (("export", "a.obj"), "cannot be had as"),
        (("personalise",), "nothing to personalise by"),
        (("campaign", "none.toml"), "none.toml"),
        (("batch", "lot", "--filter", "safety"), "no filter is called"),
    ],
)
def test_what_cannot_be_made_is_said_and_leaves_nothing(here, words, said):
    assert said in here(*words, code=2).err
    assert list(here.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (("export", "face.svg", "--seed", "7"), "face.svg"),
        (("walk", "w.webp", "--seeds", "1,2", "--frames", "2"), "w.webp"),
        (("campaign", "concept.toml", "--format", "icons"), "icons/icon-"),
        (("batch", "lot", "-n", "2"), "lot/"),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else "",
)
def test_a_full_disk_is_told_by_the_file_that_did_not_fit(here, words, file):
    (here.folder / "concept.toml").write_text('title = "Faces"\nseeds = [5]\n')
    error = here(*words, "--json", code=3, largest_file=400).json["error"]
    assert error["code"] == "disk-full"
    assert file in error["message"]
    assert "make room" in error["hint"]
    left = {p.name for p in here.folder.rglob("*") if p.is_file()} - {"concept.toml"}
    assert left <= {"batch.json", "reports.jsonl"}

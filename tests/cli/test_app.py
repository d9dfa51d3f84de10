import json
import subprocess
import sys

import pytest
from tests.program import run

from medici.errors import MediciError

HEAVY = {
    "torch",
    "web3",
    "dbos",
    "fastapi",
    "eth_account",
    "pydantic",
    "numpy",
    "c2pa",
    "structlog",
}


def loaded_by(code):
    """Top-level packages that a fresh process has loaded after this code."""
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


def test_help_loads_nothing_heavy():
    assert not HEAVY & loaded_by("import medici.cli.app")


def test_verifying_loads_neither_torch_nor_web3_nor_the_signing_library():
    code = "from medici.firm import verifying, house\nimport medici.ledger.reader"
    assert not {"torch", "web3", "eth_account", "pydantic", "scipy", "dbos"} & loaded_by(code)


@pytest.mark.parametrize(
    "words", [("frob",), ("generate", "-n", "0"), ("auction", "bid"), ("verify", "--frob")]
)
def test_wrong_use_ends_with_two_and_says_where_help_is(words):
    said = run(*words)
    assert said.code == 2
    assert said.out == ""
    assert "--help" in said.err
    assert "Traceback" not in said.err
    as_json = run(*words, "--json")
    assert as_json.code == 2
    assert json.loads(as_json.out)["error"]["code"] == "wrong-use"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("data", "build", "{art}", "--out", "{file}/set"), "no-access", "{file}"),
        (("train", "{art}", "--out", "{file}/model", "--steps", "1"), "no-access", "{file}"),
        (("train", "{art}", "--out", "{art}", "--steps", "1"), "wrong-use", "holds the data"),
        (("train", "{art}", "--out", "{file}", "--steps", "1"), "wrong-use", "is a file"),
        (("train", "{art}", "--steps", "1", "--set", "rate=NaN"), "bad-style", "rate: NaN"),
        (("train", "{art}", "--minutes", "nan"), "wrong-use", "budget"),
    ],
)
def test_places_and_numbers_that_cannot_be_used_are_named(art, tmp_path, words, code, told):
    (tmp_path / "file").write_text("mine")
    names = {"art": art, "file": tmp_path / "file"}
    said = run(*(w.format(**names) for w in words), "--json", cwd=tmp_path)
    assert said.code in (2, 3)
    error = said.json["error"]
    assert error["code"] == code
    assert told.format(**names) in error["message"]
    assert (tmp_path / "file").read_text() == "mine"
    assert len(list(art.iterdir())) == 20


@pytest.mark.train
def test_a_run_that_is_over_is_published_by_resume_alone(art, here):
    sizes = ("width=8", "critic=8", "widest=8", "critic_widest=8")
    words = ("train", art, "--out", "m", *(w for s in sizes for w in ("--set", s)), "--json")
    first = here(*words, "--steps", "1").json
    assert "--resume goes on with it" in here(*words, code=2).json["error"]["hint"]
    (here.folder / "m" / "record.json").unlink()
    (here.folder / "m" / "run" / "unpublished.json").write_text('{"steps": 1}')
    assert here(*words, "--resume").json["model"] == first["model"]  # without 20 minutes more


@pytest.mark.train
@pytest.mark.parametrize("sizes", [("body=codes", "width=9000000"), ("mapping=9000000",)])
def test_networks_that_no_machine_holds_are_refused(art, here, sizes):
    words = [w for size in sizes for w in ("--set", size)]
    error = here("train", art, "--out", "m", *words, "--json", code=3)
    assert error.json["error"]["code"] == "out-of-memory"
    assert not (here.folder / "m").exists()


@pytest.mark.parametrize(
    ("settings", "steps", "minutes"),
    [([], None, 20.0), (["cpu_seconds=900"], None, None), (["rate=0.1"], 5, None)],
)
def test_twenty_minutes_are_for_runs_without_any_end(
    monkeypatch, tmp_path, settings, steps, minutes
):
    from medici.cli import studio
    from medici.studio import families

    asked = []

    def train(family, data, out, how):
        asked.append(how)
        raise families.WrongUse("enough")

    monkeypatch.setattr(families, "train", train)
    with pytest.raises(families.WrongUse):
        studio.train(tmp_path, out=tmp_path / "m", settings=settings, steps=steps)
    assert [how.minutes for how in asked] == [minutes]


def test_without_words_it_shows_help():
    assert "Commands:" in run().out
    assert run("--version").out.startswith("medici ")


def test_every_error_has_its_own_code_and_an_exit_code_that_is_promised():
    def below(cls):
        for child in cls.__subclasses__():
            yield child
            yield from below(child)

    classes = [cls for cls in below(MediciError) if cls.__module__ == "medici.errors"]
    codes = [cls.code for cls in classes]
    assert len(set(codes)) == len(codes)
    assert {cls.exit_code for cls in classes} == {1, 2, 3, 4, 130}

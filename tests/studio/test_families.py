"""Families by entry point: the example, installed as a stranger's would be, and broken ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medici.errors import BadStyle, MissingPart, NoWeights, WrongUse
from medici.records import ZERO_DIGEST, ModelId, ModelRecord, Rendering
from medici.studio import conformance, families
from medici.studio.families import Family, Training

EXAMPLE = Path(__file__).parents[2] / "examples" / "third_party_generator"
MEDICI = ("-c", "from medici.cli import main; main()")
TRAIN = """
import sys
from pathlib import Path
from medici.studio.families import Training, family
record = family("mountain-lines").train(Path(sys.argv[1]), Path(sys.argv[2]), Training())
print(record.id)
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the example was installed into, out of sight of everything else."""
    home = tmp_path_factory.mktemp("example")
    # Building leaves files behind in the sources.
    shutil.copytree(EXAMPLE, home / "source")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
            *("--no-build-isolation", "--disable-pip-version-check", "--no-compile"),
            *("--target", str(home / "site"), str(home / "source")),
        ],
        check=True,
        capture_output=True,
    )
    return home / "site"


def run(site: Path, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, *command],
        env=environ,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_stranger_s_family_trains_and_generates_through_the_program(
    installed: Path, pictures: Path, tmp_path: Path
) -> None:
    model = tmp_path / "alps"
    trained = run(installed, "-c", TRAIN, str(pictures), str(model))
    assert trained.returncode == 0, trained.stderr
    told = [
        run(
            installed,
            *(*MEDICI, "generate", "--model", str(model), "-n", "3"),
            *("--style", "lines=12", "--out", str(tmp_path / out), "--json"),
            cwd=tmp_path,
        )
        for out in ("one", "two")
    ]
    assert told[0].returncode == 0, told[0].stderr
    made = [json.loads(t.stdout) for t in told]
    assert made[0]["model"] == trained.stdout.strip()
    assert made[0]["renderer"] == "exact/mountain-lines/1"
    works = [[w["id"] for w in m["works"]] for m in made]
    assert works[0] == works[1]
    assert len(set(works[0])) == 3
    wrong = run(
        installed,
        *(*MEDICI, "generate", "--model", str(model), "--style", "lines=999"),
        cwd=tmp_path,
    )
    assert wrong.returncode == 2
    assert "lines" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_without_its_package_a_model_says_which_family_is_missing(
    installed: Path, pictures: Path, tmp_path: Path
) -> None:
    run(installed, "-c", TRAIN, str(pictures), str(tmp_path / "alps"))
    with pytest.raises(WrongUse, match="mountain-lines") as caught:
        families.load_model(tmp_path / "alps")
    assert "families here" in caught.value.hint


def test_the_example_keeps_every_promise(
    installed: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(installed))
    assert "mountain-lines" in families.names()
    family = families.family("mountain-lines")
    assert isinstance(family, Family)
    record = family.train(pictures, tmp_path / "alps", Training(name="alps"))
    report = conformance.check(family, tmp_path / "alps", {"size": 64})
    assert report.ok, str(report)
    assert len(report.passed) == 10
    model = families.load_model(tmp_path / "alps")
    assert model.id == record.id
    assert model.export(model.sample(1), "svg").startswith(b"<svg")
    for style in ({"line": 3}, {"size": 10}):
        with pytest.raises(BadStyle):
            model.sample(0, style)


class Honest:
    """A small family that keeps the protocol; tests break it in one place at a time."""

    name = "honest"
    kind = "picture"

    def train(self, data: Path, out: Path, how: Training) -> ModelRecord:
        record = ModelRecord(
            id=ModelId("1" * 64),
            name="honest",
            renderer="exact/honest/1",
            weights_sha256=ZERO_DIGEST,
            data_root=ZERO_DIGEST,
            data_licence="CC0-1.0",
            family=self.name,
        )
        out.mkdir(parents=True)
        (out / "record.json").write_text(json.dumps(record.as_json()))
        return record

    def load(self, folder: Path, record: ModelRecord) -> Any:
        return Model(record)


class Model:
    keys = {"red": "0 to 255"}  # noqa: RUF012
    forms: tuple[str, ...] = ("raw",)

    def __init__(self, record: ModelRecord) -> None:
        self.record, self.id = record, record.id

    def sample(self, seed: int, style: Any = None) -> Any:
        told = {"red": 7, **(style or {})}
        if set(told) != {"red"} or not isinstance(seed, int) or not 0 <= seed < 2**53:
            raise BadStyle("no")
        pixels = np.full((4, 4, 4), told["red"], np.uint8)
        pixels[0, 0, :3] = [seed % 251, seed % 241, seed % 239]
        return Rendering(pixels, seed, told)

    def sample_many(self, seeds: Any, style: Any = None) -> Any:
        return [self.sample(seed, style) for seed in seeds]

    def encode(self, path: Path) -> Any:
        raise WrongUse("no")

    def export(self, work: Any, form: str) -> Any:
        if form != "raw":
            raise WrongUse("no")
        return work.pixels.tobytes()


def _float(self: Model, seed: int, style: Any = None) -> Any:
    return Rendering(np.zeros((4, 4, 4), np.float32), seed, {"red": 7})  # type: ignore[arg-type]


def _flat(self: Model, seed: int, style: Any = None) -> Any:
    return Rendering(np.zeros((4, 4), np.uint8), seed, {"red": 7})


def _none(self: Model, seed: int, style: Any = None) -> Any:
    return None


def _bursts(self: Model, seed: int, style: Any = None) -> Any:
    raise IndexError("list index out of range")


@pytest.fixture
def honest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A model folder of a family that an entry point names."""
    point = EntryPoint("honest", f"{__name__}:Honest", families.GROUP)
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    monkeypatch.setattr(families, "entry_points", lambda group: [point])
    Honest().train(tmp_path, tmp_path / "m", Training())
    return tmp_path / "m"


def test_an_honest_family_passes(honest: Path) -> None:
    report = conformance.check(Honest(), honest)
    assert report.ok, str(report)
    assert families.load_model(honest).sample(3).seed == 3


def test_floats_pass_only_within_what_is_allowed(
    honest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, calls = Model.sample, []

    def drifts(self: Model, seed: int, style: Any = None) -> Any:
        work = plain(self, seed, style)
        calls.append(seed)
        work.pixels[1, 1, 0] += len(calls) % 2
        return work

    monkeypatch.setattr(Model, "sample", drifts)
    assert not conformance.check(Honest(), honest).ok
    assert conformance.check(Honest(), honest, within=2).ok
    assert not conformance.check(Honest(), honest, within=0).ok


@pytest.mark.parametrize(
    ("name", "broken", "said"),
    [
        ("sample", _float, "float32"),
        ("sample", _flat, r"\(4, 4\)"),
        ("sample", _none, "NoneType"),
        ("sample", _bursts, "list index out of range"),
        ("sample_many", lambda self, seeds, style=None: [], "made 0 works"),
        ("export", lambda self, work, form: "text", "not bytes"),
        ("encode", lambda self, path: 5, "int"),
        ("sample", None, "no generator"),
    ],
)
def test_what_a_broken_family_does_is_an_error_that_names_its_package(
    honest: Path, monkeypatch: pytest.MonkeyPatch, name: str, broken: Any, said: str
) -> None:
    if broken is None:
        monkeypatch.delattr(Model, name)
    else:
        monkeypatch.setattr(Model, name, broken)
    with pytest.raises(WrongUse, match=said) as caught:
        use(families.load_model(honest), name)
    assert "'honest'" in caught.value.message
    assert not conformance.check(Honest(), honest).ok


def use(model: Any, name: str) -> None:
    if name == "export":
        model.export(model.sample(0), "raw")
    elif name == "encode":
        model.encode(Path("x.png"))
    elif name == "sample_many":
        model.sample_many([1, 2])
    else:
        model.sample(0)


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"keys": {"red": ""}}, "model loads"),
        ({"keys": {"red": "x", "blue": "y"}}, "style is complete"),
        ({"forms": ("raw", "svg")}, "every form"),
        ({"sample_many": lambda self, seeds, style=None: self_many(self, seeds)}, "in order"),
        ({"sample": lambda self, seed, style=None: same(seed)}, "another seed"),
    ],
)
def test_the_check_says_which_promise_was_broken(
    honest: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], promise: str
) -> None:
    for name, value in change.items():
        monkeypatch.setattr(Model, name, value)
    report = conformance.check(Honest(), honest)
    assert any(promise in line for line in report.failed), str(report)
    assert "BROKEN" in str(report)


def self_many(model: Model, seeds: Any) -> Any:
    return [model.sample(seed) for seed in reversed(seeds)]


def same(seed: int) -> Rendering:
    return Rendering(np.zeros((4, 4, 4), np.uint8), seed, {"red": 7})


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        ("raise RuntimeError('half installed')", MissingPart, "half installed"),
        ("import no_such_library", MissingPart, "no_such_library"),
        ("x = 1", MissingPart, "Broken"),
        ("class Broken: pass", WrongUse, "no family"),
        ("class Broken:\n def __init__(self): 1/0", MissingPart, "division"),
        (
            "class Broken:\n name='other'; kind='picture'; train=load=print",
            WrongUse,
            "called 'other'",
        ),
    ],
)
def test_a_package_that_cannot_be_loaded_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    error: type[Exception],
    said: str,
) -> None:
    site = tmp_path / "site"
    info = site / "broken_package-1.dist-info"
    info.mkdir(parents=True)
    (site / "broken_module_of_test.py").write_text(source)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-package\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[medici.families]\nbroken = broken_module_of_test:Broken\n"
    )
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "broken_module_of_test", raising=False)
    assert "broken" in families.names()
    with pytest.raises(error, match=said) as caught:
        families.family("broken")
    assert "broken-package" in str(caught.value) + getattr(caught.value, "hint", "")
    sys.modules.pop("broken_module_of_test", None)


def test_a_family_that_is_not_there_is_met_with_the_nearest_name() -> None:
    with pytest.raises(WrongUse, match="picturs") as caught:
        families.family("picturs")
    assert "pictures" in caught.value.hint


def test_a_folder_without_a_record_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(NoWeights, match=r"record\.json"):
        families.load_model(tmp_path)
    with pytest.raises(NoWeights, match="portrats"):
        families.load_model("portrats")


@pytest.mark.parametrize("name", ["diffusion", "language"])
def test_families_of_the_house_load_without_heavy_libraries(name: str) -> None:
    code = (
        f"import sys; from medici.studio.families import family, Family; made = family({name!r})\n"
        "assert isinstance(made, Family) and made.name == " + repr(name) + "\n"
        "print([m for m in ('torch', 'diffusers', 'transformers', 'av') if m in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout.strip() == "[]"


def test_the_generator_in_the_docs_keeps_every_promise(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import re

    text = (Path(__file__).parents[2] / "docs" / "generators.md").read_text("utf-8")
    whole, checking = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(whole, names)
    monkeypatch.chdir(tmp_path)
    names["Stripes"]().train(pictures, Path("models/stripes"), Training())
    exec(checking, names)
    assert len(names["report"].passed) == 10

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from tests.studio.hub import COMMIT, serving

from medici.errors import BadWeights, MissingPart, NoWeights, WrongUse
from medici.studio import conformance
from medici.studio.families import load_model
from medici.studio.language.family import Language
from medici.studio.language.local import LocalWriter
from medici.studio.language.writer import FORMS, Writer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.train
ABOUT = "a red house by the sea"


def test_a_model_that_knows_nothing_still_keeps_to_every_form(scribe: Path) -> None:
    writer = LocalWriter(scribe)
    assert isinstance(writer, Writer)
    for form in FORMS.values():
        for seed in range(3):
            said = writer.write(form, ABOUT, seed, temperature=1.5)
            assert form.fits(said), (form.name, said)


def test_a_seed_repeats_its_words_and_another_finds_others(scribe: Path) -> None:
    one, other = LocalWriter(scribe), LocalWriter(scribe)
    said = [one.title(ABOUT, seed) for seed in range(4)]
    assert said == [other.title(ABOUT, seed) for seed in range(4)]
    assert len(set(said)) > 1


def test_without_heat_the_seed_does_not_matter(scribe: Path) -> None:
    writer = LocalWriter(scribe, temperature=0)
    assert writer.title(ABOUT, 1) == writer.title(ABOUT, 2)


def test_chance_of_others_does_not_change_the_words(scribe: Path) -> None:
    import torch

    writer = LocalWriter(scribe)
    said = writer.title(ABOUT, 5)
    torch.manual_seed(99)
    before = torch.random.get_rng_state()
    assert writer.title(ABOUT, 5) == said
    assert bool((torch.random.get_rng_state() == before).all())


def test_a_gguf_file_is_read_and_kept_to_the_form(gguf: Path, tmp_path: Path) -> None:
    record = Language().adopt(gguf, tmp_path / "m", licence="Apache-2.0")
    model = load_model(tmp_path / "m")
    assert model.id == record.id
    assert record.weights_sha256 == record.training["files"]["scribe.gguf"]
    work = model.sample(3, {"about": ABOUT})
    assert work.text is not None
    assert FORMS["title"].fits(work.text)
    assert model.sample(3, work.style).text == work.text


def test_a_gguf_file_can_be_unpacked_once_and_for_all(gguf: Path, tmp_path: Path) -> None:
    packed = Language().adopt(gguf, tmp_path / "packed")
    record = Language().adopt(gguf, tmp_path / "m", unpack=True)
    assert record.id != packed.id
    assert not list((tmp_path / "m").glob("*.gguf"))
    mine, theirs = LocalWriter(tmp_path / "m"), LocalWriter(gguf)
    gap = max(
        float((a - b).detach().abs().max())
        for a, b in zip(mine.parts[1].parameters(), theirs.parts[1].parameters(), strict=True)
    )
    assert 0 < gap < 0.01
    assert FORMS["title"].fits(mine.title(ABOUT, 0))


def test_a_folder_is_taken_in_and_guarded(scribe: Path, tmp_path: Path) -> None:
    Language().adopt(scribe, tmp_path / "m", name="scribe")
    report = conformance.check(Language(), tmp_path / "m")
    assert report.ok, str(report)
    model: Any = load_model(tmp_path / "m")
    assert set(model.keys) == {"about", "form", "temperature"}
    work = model.sample(0, {"form": "prompt", "temperature": 1})
    assert work.kind == "text"
    assert model.export(work, "txt") == f"{work.text}\n".encode()
    weights = tmp_path / "m" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    with pytest.raises(BadWeights, match="its record says"):
        load_model(tmp_path / "m")


def test_a_model_comes_from_a_hub_and_writes_the_same(scribe: Path, tmp_path: Path) -> None:
    with serving(scribe) as (address, _):
        record = Language().adopt("artist/tiny", tmp_path / "m", endpoint=address)
    assert record.training["revision"] == COMMIT
    model: Any = load_model(tmp_path / "m")
    said = LocalWriter(scribe).title(ABOUT, 3)
    assert model.sample(3, {"about": ABOUT, "temperature": 0.7}).text == said


def test_damaged_weights_are_named(scribe: Path, tmp_path: Path) -> None:
    shutil.copytree(scribe, tmp_path / "m")
    weights = tmp_path / "m" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    with pytest.raises(BadWeights, match=str(tmp_path)):
        LocalWriter(tmp_path / "m").title(ABOUT, 0)


def test_a_pickle_is_never_opened(scribe: Path, tmp_path: Path) -> None:
    shutil.copytree(scribe, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").rename(tmp_path / "m" / "pytorch_model.bin")
    with pytest.raises(BadWeights, match="pickle"):
        Language().adopt(tmp_path / "m", tmp_path / "n")
    assert not (tmp_path / "n").exists()


def test_code_that_comes_with_a_model_is_never_run(scribe: Path, tmp_path: Path) -> None:
    import json

    shutil.copytree(scribe, tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    config |= {"model_type": "mine", "auto_map": {"AutoModelForCausalLM": "code.Mine"}}
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    (tmp_path / "m" / "code.py").write_text("raise SystemExit('run')")
    with pytest.raises(BadWeights):
        LocalWriter(tmp_path / "m").title(ABOUT, 0)


def test_what_is_not_there_or_no_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoWeights, match="no language model"):
        Language().adopt(tmp_path / "nothing.gguf", tmp_path / "m")
    (tmp_path / "words.txt").write_text("x")
    with pytest.raises(BadWeights, match="neither"):
        Language().adopt(tmp_path / "words.txt", tmp_path / "m")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadWeights, match="no safetensors"):
        Language().adopt(tmp_path / "empty", tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_without_the_library_the_part_is_missing(
    scribe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(MissingPart, match="transformers") as caught:
        LocalWriter(scribe).title(ABOUT, 0)
    assert "medici[llm]" in caught.value.hint


def test_a_model_without_words_for_a_form_says_so(scribe: Path) -> None:
    from dataclasses import replace

    narrow = replace(FORMS["title"], words=(6, 6), longest=8)
    with pytest.raises(WrongUse, match="found no title"):
        LocalWriter(scribe).write(narrow, ABOUT, 0)

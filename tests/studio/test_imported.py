from __future__ import annotations

import hashlib
import pickle
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.studio.hub import COMMIT, serving

from medici.errors import BadWeights, NoWeights, WrongUse
from medici.studio import imported

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:huggingface_hub")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "model"
    (home / "part").mkdir(parents=True)
    save_file({"w": np.arange(4, dtype=np.float32)}, home / "part" / "model.safetensors")
    (home / "settings.json").write_text("{}")
    (home / "README.md").write_text("---\ntags:\n- art\nlicense: mit\n---\nlicense: not-this\n")
    return home


def test_the_identity_is_what_sha256sum_says_of_the_files(folder: Path) -> None:
    files = imported.files_of(folder)
    printed = subprocess.run(
        ["sha256sum", *sorted(files)], cwd=folder, capture_output=True, check=True
    ).stdout
    assert imported.identity(files) == hashlib.sha256(printed).hexdigest()
    assert imported.weights_digest(files) == files["part/model.safetensors"]


def test_several_weights_files_have_a_digest_together(folder: Path) -> None:
    one = imported.weights_digest(imported.files_of(folder))
    save_file({"v": np.zeros(2, np.float32)}, folder / "more.safetensors")
    files = imported.files_of(folder)
    assert imported.weights_digest(files) not in {one, *files.values()}


def test_a_changed_added_or_lost_file_is_another_model(folder: Path) -> None:
    expected = imported.identity(imported.files_of(folder))
    imported.check(folder, expected)
    (folder / "settings.json").write_text("{ }")
    with pytest.raises(BadWeights, match="its record says"):
        imported.check(folder, expected)
    (folder / "settings.json").write_text("{}")
    (folder / "more.txt").write_text("x")
    with pytest.raises(BadWeights):
        imported.check(folder, expected)
    (folder / "more.txt").unlink()
    (folder / "settings.json").unlink()
    with pytest.raises(BadWeights):
        imported.check(folder, expected)


def test_what_stands_beside_a_model_is_no_part_of_it(folder: Path) -> None:
    before = imported.identity(imported.files_of(folder))
    (folder / "record.json").write_text("{}")
    (folder / "run").mkdir()
    (folder / "run" / "snapshot.safetensors").write_bytes(b"x")
    assert imported.identity(imported.files_of(folder)) == before


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.ckpt", "weights.pt", "x.pkl"])
def test_a_pickle_without_safetensors_beside_it_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / "other").mkdir()
    (folder / "other" / name).write_bytes(b"\x80\x04.")
    with pytest.raises(BadWeights, match=name) as caught:
        imported.files_of(folder)
    assert "safetensors" in caught.value.hint


@pytest.mark.parametrize("data", [b"", b"\x10\0\0", b"\xff\0\0\0\0\0\0\0{}"])
def test_weights_that_are_cut_short_are_no_pickles(folder: Path, data: bytes) -> None:
    (folder / "part" / "model.safetensors").write_bytes(data)
    with pytest.raises(BadWeights, match=r"model\.safetensors is cut short") as caught:
        imported.files_of(folder)
    assert caught.value.code != "pickle-refused"


@pytest.mark.parametrize("data", [pickle.dumps({"w": 1}), b"\xff" * 40])
def test_what_is_only_named_safetensors_is_refused(folder: Path, data: bytes) -> None:
    path = folder / "part" / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(
        BadWeights, match=r"model\.safetensors is named safetensors and is none"
    ) as caught:
        imported.files_of(folder)
    assert caught.value.code == "pickle-refused"
    with pytest.raises(BadWeights):
        imported.copy_model(folder, folder.parent / "taken")
    assert not (folder.parent / "taken").exists()


def test_a_pickle_beside_safetensors_is_left_alone(folder: Path) -> None:
    before = imported.identity(imported.files_of(folder))
    (folder / "part" / "model.bin").write_bytes(b"\x80\x04.")
    assert imported.identity(imported.files_of(folder)) == before


def test_a_folder_without_weights_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match="no safetensors"):
        imported.files_of(tmp_path)


def test_the_licence_is_read_from_the_head_of_the_model_card(folder: Path) -> None:
    assert imported.licence_of(folder) == "mit"
    (folder / "README.md").write_text("license: gpl-3.0\n")
    assert imported.licence_of(folder) == "not stated"
    (folder / "README.md").unlink()
    assert imported.licence_of(folder) == "not stated"


def test_a_model_comes_from_a_hub_without_its_pickles_and_code(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "part" / "model.bin").write_bytes(b"\x80\x04.")
    (folder / "part" / "code.py").write_text("raise SystemExit")
    into = tmp_path / "copy"
    with serving(folder) as (address, taken):
        commit = imported.fetch(
            "artist/tiny", into, ["*.json", "*/*.safetensors"], endpoint=address
        )
    assert commit == COMMIT
    assert sorted(taken) == ["part/model.safetensors", "settings.json"]
    assert imported.files_of(into) == imported.files_of(folder)


def test_a_hub_that_knows_no_such_model_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    with (
        serving(folder) as (address, _),
        pytest.raises(NoWeights, match="artist/other"),
    ):
        imported.fetch("artist/other", tmp_path / "copy", ["*"], endpoint=address)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model"]


def test_a_hub_that_does_not_answer_is_named_with_a_hint(tmp_path: Path) -> None:
    with serving(tmp_path) as (address, _):
        pass
    with pytest.raises(NoWeights, match="artist/tiny") as caught:
        imported.fetch("artist/tiny", tmp_path / "copy", ["*"], endpoint=address)
    assert "connection" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("source", ["tiny", "a/b/c", "../x", "https://hub/x", "a b/c"])
def test_what_is_no_hub_id_is_not_asked_for(source: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="hub id"):
        imported.fetch(source, tmp_path / "copy", ["*"])

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.studio.music import tiny

from medici.errors import BadData
from medici.studio.music import notation
from medici.studio.music.scores import CACHE, SOURCE, read_scores, save_scores

if TYPE_CHECKING:
    from pathlib import Path


def test_a_cache_is_read_as_it_was_written(songbook: Path) -> None:
    found = read_scores(songbook)
    assert [s.digest for s in found.scores] == [s.digest for s in tiny.varied(8)]
    assert [s.name for s in found.scores][:2] == ["hymn 0", "hymn 1"]
    assert found.licence == "CC0-1.0"
    assert found.steps == 8 * 64


def test_files_and_their_cache_are_the_same_set(tmp_path: Path) -> None:
    pytest.importorskip("mido")
    (tmp_path / "files").mkdir()
    for i, score in enumerate(tiny.varied(4)):
        (tmp_path / "files" / f"{i}.mid").write_bytes(notation.to_midi(score))
    read = read_scores(tmp_path / "files")
    save_scores(tmp_path / "cached", read.scores, {})
    assert read_scores(tmp_path / "cached").root == read.root


def test_the_root_changes_with_any_note(songbook: Path) -> None:
    before = read_scores(songbook).root
    changed = tiny.varied(8)
    changed[3].pitches[0, 0] += 1
    save_scores(songbook, changed, {})
    assert read_scores(songbook).root != before


def test_too_few_or_the_same_scores_are_refused(tmp_path: Path) -> None:
    save_scores(tmp_path / "few", tiny.varied(3), {})
    with pytest.raises(BadData, match="holds 3 scores"):
        read_scores(tmp_path / "few")
    save_scores(tmp_path / "same", [tiny.hymn()] * 5, {})
    with pytest.raises(BadData, match="are the same"):
        read_scores(tmp_path / "same")
    with pytest.raises(BadData, match="no data folder"):
        read_scores(tmp_path / "nowhere")


def test_a_bad_file_among_good_ones_is_named(tmp_path: Path) -> None:
    pytest.importorskip("mido")
    for i, score in enumerate(tiny.varied(4)):
        (tmp_path / f"{i}.mid").write_bytes(notation.to_midi(score))
    (tmp_path / "2.mid").write_bytes(b"")
    with pytest.raises(BadData, match=r"2\.mid is empty"):
        read_scores(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "zeros", "lengths", "pickle"])
def test_a_damaged_cache_is_refused(songbook: Path, damage: str) -> None:
    path = songbook / CACHE
    data = path.read_bytes()
    if damage == "cut":
        path.write_bytes(data[:200])
    elif damage == "zeros":
        path.write_bytes(bytes(100))
    elif damage == "lengths":
        with np.load(path) as file:
            told = dict(file)
        told["lengths"][0] += 1
        np.savez(path, **told)
    else:
        np.savez(path, pitches=np.array([{}], object), allow_pickle=True)
    with pytest.raises(BadData, match="no cache"):
        read_scores(songbook)


def test_a_source_that_is_no_object_is_refused(songbook: Path) -> None:
    (songbook / SOURCE).write_text("[1]")
    with pytest.raises(BadData, match=r"source\.json"):
        read_scores(songbook)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("pitches", lambda a: a.astype(float)),
        ("pitches", lambda a: a[:, :3]),
        ("pitches", lambda a: a + 100),
        ("pitches", lambda a: np.array(60)),
        ("starts", lambda a: a[:5]),
        ("fermata", lambda a: a[:-1]),
        ("lengths", lambda a: a - 1000),
        ("lengths", lambda a: a[:-1]),
        ("bars", lambda a: a * 0),
        ("bars", lambda a: a + (1 << 40)),
        ("upbeats", lambda a: a - 1),
        ("names", lambda a: a.astype(object)),
        ("names", lambda a: np.arange(len(a))),
    ],
)
def test_a_cache_that_does_not_fit_together_is_named(songbook: Path, name: str, change) -> None:
    with np.load(songbook / CACHE) as file:
        told = dict(file)
    np.savez(songbook / CACHE, **{**told, name: change(told[name])})
    with pytest.raises(BadData, match=r"scores\.npz is no cache of scores"):
        read_scores(songbook)


def test_a_damaged_or_swollen_cache_is_named(songbook: Path) -> None:
    data = (songbook / CACHE).read_bytes()
    random = np.random.default_rng(0)
    for _ in range(40):
        spoiled = bytearray(data)
        for at in random.integers(0, len(data), 8):
            spoiled[at] ^= 0xFF
        (songbook / CACHE).write_bytes(spoiled)
        with pytest.raises(BadData, match=r"scores\.npz"):
            read_scores(songbook)
    with zipfile.ZipFile(songbook / CACHE, "w", zipfile.ZIP_DEFLATED) as made:
        for name in ("pitches", "names"):
            with made.open(f"{name}.npy", "w") as member:
                for _ in range(9):
                    member.write(bytes(16 << 20))
    with pytest.raises(BadData, match="unpacks to 301,989,888 bytes"):
        read_scores(songbook)


def test_a_source_of_nonsense_is_named(songbook: Path) -> None:
    (songbook / SOURCE).write_text('{"licence": 7}')
    with pytest.raises(BadData, match=r"source\.json: licence must be text"):
        read_scores(songbook)

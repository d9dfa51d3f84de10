"""Sampling a music model: exactness, styles, given voices, other forms, damage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from tests.studio.music import tiny

from medici.content import audio_digest, content_digest
from medici.errors import BadData, BadStyle, BadWeights, WrongUse
from medici.records import Audio
from medici.studio.families import Family, Generator, family, load_model
from medici.studio.metrics.measure import Measures

if TYPE_CHECKING:
    from pathlib import Path

    from medici.studio.music.model import MusicModel

SHORT = {"bars": 2, "tempo": 160}


def test_the_family_and_its_models_keep_the_protocol(singer: MusicModel) -> None:
    assert isinstance(family("music"), Family)
    assert isinstance(family("music"), Measures)
    assert isinstance(singer, Generator)
    assert set(singer.keys) == set(singer.sample(1, SHORT).style)


def test_a_work_is_sound_with_a_picture(singer: MusicModel) -> None:
    work = singer.sample(1, SHORT)
    assert work.kind == "music"
    assert work.audio is not None
    assert work.pixels.shape == (800, 1280, 4)
    assert content_digest(work) == audio_digest(work.audio)
    told = json.loads(json.dumps(work.style))
    assert content_digest(singer.sample(1, told)) == content_digest(work)


def test_a_batch_is_what_each_seed_is_alone(singer: MusicModel) -> None:
    seeds = list(range(40))
    together = singer.compose(seeds, SHORT)
    for seed in (0, 7, 31, 32, 39):
        assert singer.compose([seed], SHORT)[0].digest == together[seed].digest
    assert len({score.digest for score in together}) == 40


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_with_other_threads_makes_the_same_bits(
    singer: MusicModel, threads: str
) -> None:
    code = (
        "import sys; from medici.content import content_digest as d\n"
        "from medici.studio.families import load_model\n"
        "m = load_model(sys.argv[1])\n"
        "print(*[d(w) for w in m.sample_many([3, 5], {'bars': 2, 'tempo': 160})])\n"
    )
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, threads)}
    found = subprocess.run(
        [sys.executable, "-c", code, str(singer.folder)],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert found.stdout.split() == [content_digest(w) for w in singer.sample_many([3, 5], SHORT)]


def test_a_temperature_of_nothing_is_the_likeliest_work(singer: MusicModel) -> None:
    style = {**SHORT, "psi": 0, "key": "C", "mode": "major", "upbeat": 0}
    scores = singer.compose(range(5), style)
    assert len({score.digest for score in scores}) == 1
    assert len({s.digest for s in singer.compose(range(5), {**style, "psi": 1.0})}) == 5


def test_tempo_timbre_and_key_change_what_is_heard(singer: MusicModel) -> None:
    base = singer.sample(4, SHORT)
    slow = singer.sample(4, {**SHORT, "tempo": 80})
    assert base.audio is not None
    assert slow.audio is not None
    assert len(slow.audio.samples) > len(base.audio.samples)
    assert content_digest(singer.sample(4, {**SHORT, "timbre": "organ"})) != content_digest(base)
    plain = singer.compose([4], {**SHORT, "key": "C", "mode": "major"})[0]
    assert singer.compose([4], {**SHORT, "key": "D", "mode": "major"})[0].digest != plain.digest


def test_a_given_melody_is_kept_and_the_others_are_found(singer: MusicModel) -> None:
    melody = "E5 - D5 - C5 - D5 - E5 - E5 - E5^ -^ . ."
    style = {"voices": {"soprano": melody}, "key": "C", "mode": "major"}
    first, second = singer.compose([1, 2], style)
    expected = [76, 76, 74, 74, 72, 72, 74, 74, 76, 76, 76, 76, 76, 76, -1, -1]
    assert first.pitches[:, 0].tolist() == second.pitches[:, 0].tolist() == expected
    assert (first.pitches[:, 1:] != second.pitches[:, 1:]).any()
    assert first.fermata.tolist() == [False] * 12 + [True, True, False, False]


def test_a_melody_out_of_range_is_refused_with_its_place(singer: MusicModel) -> None:
    with pytest.raises(BadStyle, match="soprano leaves its range at eighth 2"):
        singer.sample(1, {"voices": {"soprano": "C5 C8"}, "key": "C"})


@pytest.mark.parametrize("form", ["mid", "musicxml"])
def test_an_exported_work_is_encoded_to_itself(
    singer: MusicModel, tmp_path: Path, form: str
) -> None:
    pytest.importorskip("mido")
    pytest.importorskip("music21")
    work = singer.sample(9, {"bars": 4})
    path = tmp_path / f"work.{form}"
    path.write_bytes(singer.export(work, form))
    again = singer.encode(path)
    assert content_digest(again) == content_digest(work)
    assert content_digest(singer.sample(again.seed, again.style)) == content_digest(work)


def test_a_strangers_file_is_encoded_to_what_can_be_sung(
    singer: MusicModel, tmp_path: Path
) -> None:
    from medici.studio.music.notation import to_midi

    pytest.importorskip("mido")
    path = tmp_path / "hymn.mid"
    path.write_bytes(to_midi(tiny.hymn().transposed(2)))
    work = singer.encode(path)
    found = singer.compose([work.seed], work.style)[0]
    assert found.digest == tiny.hymn().transposed(2).digest
    assert work.style["key"] == "D"


def test_what_is_no_score_is_not_encoded(singer: MusicModel, tmp_path: Path) -> None:
    (tmp_path / "face.png").write_bytes(b"\x89PNG")
    with pytest.raises(BadData, match=r"face\.png"):
        singer.encode(tmp_path / "face.png")


def test_wav_and_png_hold_the_work(singer: MusicModel) -> None:
    work = singer.sample(2, SHORT)
    assert work.audio is not None
    with wave.open(BytesIO(singer.export(work, "wav"))) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        assert file.getframerate() == work.audio.rate
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert audio_digest(Audio(samples, work.audio.rate)) == content_digest(work)
    with Image.open(BytesIO(singer.export(work, "png"))) as picture:
        assert (np.asarray(picture) == work.pixels).all()


def test_unknown_forms_and_seeds_are_refused(singer: MusicModel) -> None:
    work = singer.sample(2, SHORT)
    with pytest.raises(WrongUse, match="no form 'mp3'"):
        singer.export(work, "mp3")
    for seed in (-1, 2**53, True, 1.5):
        with pytest.raises(BadStyle):
            singer.sample(seed, SHORT)  # type: ignore[arg-type]


def test_damaged_weights_and_other_families_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "singer"
    tiny.write(folder)
    weights = folder / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(BadWeights, match="SHA-256"):
        load_model(folder)
    tiny.write(folder)
    record = json.loads((folder / "record.json").read_text())
    (folder / "record.json").write_text(json.dumps({**record, "family": "pictures"}))
    with pytest.raises(BadWeights):
        load_model(folder)

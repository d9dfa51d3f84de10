from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from tests.studio.music import tiny

from medici.studio.music import synth
from medici.studio.music.score import REST, Score


def test_sines_are_worked_out_to_the_last_bit() -> None:
    turn = np.sin(np.arange(synth.TABLE) / synth.TABLE * 2 * np.pi)
    assert (synth.sines() == np.rint(turn * 32768)).all()


@pytest.mark.parametrize("pitch", [21, 45, 57, 60, 69, 81, 108])
def test_pitches_are_in_equal_temperament(pitch: int) -> None:
    exact = 440 * 2 ** ((pitch - 69) / 12) * 2**32 / synth.RATE
    assert 0 <= exact - synth.phase_step(pitch) < 1.0001


def one_note(pitch: int, steps: int = 8) -> Score:
    pitches = np.full((steps, 4), REST, np.int16)
    pitches[:, 0] = pitch
    starts = np.zeros((steps, 4), bool)
    starts[0] = True
    return Score(pitches, starts, np.zeros(steps, bool))


@pytest.mark.parametrize("timbre", sorted(synth.TIMBRES))
def test_a_note_sounds_at_its_pitch_without_aliases(timbre: str) -> None:
    audio = synth.render(one_note(69), timbre)
    sound = audio.samples[8192 : 8192 + 65536, 0].astype(float)
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / synth.RATE)
    near = np.zeros(len(hertz), bool)
    for harmonic in range(1, synth.PARTIALS + 1):
        near |= np.abs(hertz - 440 * harmonic) < 8 + harmonic
    assert power[near].sum() / power.sum() > 0.999


@pytest.mark.parametrize("timbre", sorted(synth.TIMBRES))
def test_nothing_clips_and_the_end_is_silence(timbre: str) -> None:
    audio = synth.render(tiny.hymn(4), timbre)
    assert audio.samples.dtype == np.int16
    loud = np.abs(audio.samples.astype(int))
    assert loud.max() <= 29000
    assert loud.max() > 28000
    assert loud[-200:].max() < 8
    assert loud[:40].max() < 2000


def test_both_sides_sound_and_differ() -> None:
    left, right = synth.render(tiny.hymn()).samples.T.astype(float)
    assert 0.5 < left.std() / right.std() < 2
    assert 0.1 < np.corrcoef(left, right)[0, 1] < 0.999


def test_time_follows_the_tempo_and_fermatas_hold() -> None:
    hymn = tiny.hymn(2)
    begins = synth.timing(hymn, 60)
    steps = np.diff(begins)
    assert steps[0] == synth.RATE // 2
    assert steps[6] == synth.RATE * 3 // 4
    assert steps[15] == synth.RATE
    assert abs(synth.timing(hymn, 120)[-1] * 2 - begins[-1]) < 20


def test_phrases_swell() -> None:
    audio = synth.render(one_note(69, 32), "flutes", 60)
    loud = np.abs(audio.samples[:, 0].astype(float))
    tenth = synth.RATE * 16 // 10
    level = [loud[i * tenth : (i + 1) * tenth].std() for i in range(10)]
    middle = np.mean(level[5:7])
    assert middle > level[1]
    assert middle > level[9]


def test_the_samples_are_those_of_every_machine() -> None:
    sound = synth.render(tiny.hymn(), "choir", 76).samples
    assert hashlib.sha256(sound.tobytes()).hexdigest() == EXPECTED


def test_the_root_is_whole() -> None:
    for n in (0, 1, 2, 24, 25, 26, 10**12, 10**12 - 1):
        assert synth._root(n) == math.isqrt(n)


EXPECTED = "1a39d58831f7a9c5b60d3dbeeeab1457e3ce8a23b823c57f4c8047dd4fe0c201"

"""Acoustic fingerprints on their own: what leaves them alone, what does not, and odd sounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.provenance.world import RATE, tune

from medici.errors import UnreadableFile
from medici.provenance import prints
from medici.provenance.acoustic import (
    AcousticIndex,
    AcousticPrint,
    AcousticQuery,
    fingerprint,
    query,
)
from medici.records import Audio, WorkId

WORKS = {WorkId.from_int(seed + 1): tune(seed) for seed in range(3)}
KEPT = AcousticIndex((work, fingerprint(audio)) for work, audio in WORKS.items())


def found(audio):
    return [match.work for match in KEPT.search(query(audio)) if match.derived]


def test_every_work_finds_itself_and_no_other():
    for work, audio in WORKS.items():
        (match,) = KEPT.search(query(audio))
        assert (match.work, match.distance, match.derived, match.turned) == (work, 0, True, False)


@settings(max_examples=12, deadline=None)
@given(st.floats(0.02, 1.9), st.integers(0, 3 * RATE))
def test_volume_and_where_it_begins_leave_it_alone(gain, begin):
    work, audio = next(iter(WORKS.items()))
    louder = np.clip(audio.samples[begin:] * gain, -32768, 32767).astype(np.int16)
    assert found(Audio(louder, RATE)) == [work]


@pytest.mark.parametrize("rate", [5_512, 8_000, 11_025, 16_000, 44_100, 48_000, 192_000])
def test_another_rate_is_the_same_sound(rate):
    work, audio = next(iter(WORKS.items()))
    length = int(len(audio.samples) * rate / RATE)
    at = np.arange(length) * RATE / rate
    wave = np.interp(at, np.arange(len(audio.samples)), audio.samples[:, 0])
    assert found(Audio(wave.astype(np.int16)[:, None], rate)) == [work]


def test_a_sound_of_few_frames_a_second_has_a_fingerprint_that_finds_nothing():
    assert not found(Audio(np.full((20_000, 1), 999, np.int16), 1_000))


def test_what_is_too_short_to_be_compared_has_an_empty_fingerprint():
    short = Audio(tune(1).samples[: 3 * RATE], RATE)
    assert fingerprint(short) == AcousticPrint(b"", b"")
    assert not query(short)
    assert not AcousticIndex([(WorkId.from_int(9), fingerprint(short))]).search(query(tune(1)))


def test_json_keeps_fingerprints_of_both_kinds():
    kept, asked = fingerprint(tune(1)), query(tune(1))
    assert prints.from_json(kept.as_json()) == kept
    assert prints.query_from_json(asked.as_json()) == asked
    assert isinstance(prints.query_from_json(asked.as_json()), AcousticQuery)
    assert len(kept.as_json()["bits"]) < 400 * 12


@pytest.mark.parametrize(
    "data",
    [
        {"schema": "medici/acoustic/9", "bits": "", "loud": ""},
        {"schema": "medici/acoustic/1", "bits": "AAAA", "loud": ""},
        {"schema": "medici/acoustic/1", "bits": "AAAAAA==", "loud": ""},
        {"schema": "medici/acoustic/1", "bits": "?", "loud": ""},
        {"schema": "medici/acoustic/1", "bits": 1, "loud": ""},
        {"schema": "medici/acoustic/1"},
    ],
)
def test_malformed_fingerprints_are_refused(data):
    with pytest.raises(UnreadableFile):
        prints.from_json(data)

"""Sounds of strangers: decoded as a player would play them, and judged as pictures are."""

from __future__ import annotations

import struct
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.provenance.sounding import FORMS, played, wav
from tests.provenance.world import RATE, T0, art, encoded, riff_chunks, riff_of, spliced, tune

from medici.content import audio_digest, digest, encode_wav
from medici.errors import UnreadableFile
from medici.provenance import credentials, sounds
from medici.provenance.bundle import Bundle
from medici.provenance.examine import examine, examine_here
from medici.provenance.verify import judge, verify
from medici.records import Audio

SOUND = tune(1)
PLAIN = encode_wav(SOUND)
WORK = audio_digest(SOUND)


@pytest.fixture(scope="session")
def choir(new_world):
    """A firm with four anchored works of music, the last one only minted later."""
    world = new_world("Cappella", 5)
    world.made = [world.make(seed, audio=tune(seed)) for seed in range(4)]
    world.files = world.anchor(world.made)
    return world


def judged(file, world, **options):
    return judge(examine_here(file, world.firm.roots), world.register, **options)


# ------------------------------------------------------------------ decoding


def test_a_wav_is_what_stands_in_it():
    found = examine_here(PLAIN)
    assert (found.medium.name, found.work, found.display) == ("sound", WORK, ())
    assert found.credentials == "missing"
    assert found == examine(PLAIN)


@pytest.mark.parametrize("form", ["flac", "alac", "aiff"])
def test_lossless_forms_hold_the_same_work(form):
    found = examine_here(played(SOUND, form))
    assert (found.work, found.display) == (WORK, ())


@pytest.mark.parametrize("form", ["mp3", "aac", "vorbis", "opus"])
def test_lossy_forms_do_not(form):
    assert examine_here(played(SOUND, form)).work != WORK


@pytest.mark.parametrize(
    ("file", "exact"),
    [
        (wav(SOUND.samples.astype(np.int32) << 16, RATE, bits=24), True),
        (wav(SOUND.samples.astype(np.int32) << 16, RATE), True),
        (wav(SOUND.samples.astype(np.float32) / 32768, RATE, kind=3), True),
        (wav(SOUND.samples.astype(np.float64) / 32768, RATE, kind=3), True),
        (wav((SOUND.samples.astype(np.int32) << 16) + 256, RATE, bits=24), False),
        (wav(SOUND.samples.astype(np.float32) / 32768 + 1e-6, RATE, kind=3), False),
    ],
)
def test_wider_samples_are_the_work_if_nothing_is_in_their_lower_bits(file, exact, choir):
    found = examine_here(file)
    assert found.work == WORK
    assert found.display == (() if exact else ("it holds finer samples than the work's 16 bits",))
    assert judged(file, choir).verdict == ("authentic" if exact else "derived")


def test_a_wav_of_the_extensible_kind_is_read():
    form = dict(riff_chunks(PLAIN))[b"fmt "]
    wide = b"\xfe\xff" + form[2:] + struct.pack("<HHIH", 22, 16, 3, 1) + bytes(14)
    assert examine_here(riff_of([(b"fmt ", wide), (b"data", SOUND.samples.tobytes())])).work == WORK


def test_eight_bits_are_widened():
    numbers = np.array([[0], [128], [255]], np.uint8)
    heard = sounds.decode(wav(numbers, 8_000)).content
    assert heard.samples.tolist() == [[-32768], [0], [32512]]


def header(**changes):
    """The WAV with other words in its header."""
    places = {"riff": (4, "<I"), "channels": (22, "<H"), "rate": (24, "<I"), "align": (32, "<H"),
              "bits": (34, "<H"), "data": (40, "<I"), "fmt": (16, "<I")}  # fmt: skip
    file = bytearray(PLAIN)
    for name, value in changes.items():
        at, form = places[name]
        struct.pack_into(form, file, at, value)
    return bytes(file)


@pytest.mark.parametrize(
    "changes",
    [{"riff": 36}, {"riff": 0x7FFFFFF0}, {"data": 0xFFFFFF00}, {"data": len(PLAIN) + 8}],
)
def test_a_header_with_a_lying_size_is_told(changes, choir):
    found = examine_here(header(**changes))
    assert found.display
    # A reader of credentials may call such a file broken, which is no better.
    assert judged(header(**changes), choir).verdict in ("derived", "altered")


def test_a_stream_whose_length_was_never_filled_in_is_no_lie():
    found = examine_here(header(riff=0xFFFFFFFF, data=0xFFFFFFFF))
    assert (found.work, found.display) == (WORK, ())


def test_more_sound_behind_the_end_the_header_gives_is_told(choir):
    longer = PLAIN + b"data" + struct.pack("<I", 8) + bytes(8)
    assert examine_here(longer).display
    assert judged(longer, choir).verdict == "derived"
    twice = riff_of([*riff_chunks(PLAIN), (b"data", bytes(8))])
    assert "it holds more than one sound" in examine_here(twice).display


@pytest.mark.parametrize(
    "file",
    [
        header(data=0),
        header(channels=0),
        header(channels=9, align=18),
        header(rate=0),
        header(rate=4_000_000_000),
        header(align=0),
        header(align=3),
        header(bits=13),
        header(fmt=2),
        PLAIN[:12],
        PLAIN[:40],
        b"RIFF" + bytes(4) + b"WAVE",
        b"RIFF" + b"\xff" * 4 + b"WAVE" + b"\xff" * 64,
        b"fLaC" + bytes(200),
        b"OggS" + bytes(200),
        b"ID3" + bytes(200),
        b"\xff\xfb" + bytes(200),
        b"\xff\xf1" + bytes(200),
        b"\0\0\0\x18ftypM4A " + bytes(200),
        b"FORM" + bytes(4) + b"AIFF" + bytes(200),
        played(SOUND, "flac")[:60],
    ],
)
def test_what_holds_no_sound_is_unreadable(file):
    with pytest.raises(UnreadableFile):
        examine_here(file)


@pytest.mark.parametrize("name", ["isom", "mp42"])
def test_a_film_without_sound_or_sense_is_unreadable(name):
    with pytest.raises(UnreadableFile):
        examine_here(b"\0\0\0\x18ftyp" + name.encode() + bytes(100))


def test_more_samples_than_anybody_needs_are_not_decoded(monkeypatch):
    monkeypatch.setattr(sounds, "MAX_SAMPLES", 10_000)
    for file in (PLAIN, played(SOUND, "flac")):
        with pytest.raises(UnreadableFile, match="longer than"):
            examine_here(file)


def test_hours_of_few_frames_a_second_are_refused():
    slow = Audio(np.zeros((1_000 * 60 * 60, 1), np.int16), 1_000)
    with pytest.raises(UnreadableFile, match="15 minutes"):
        examine_here(encode_wav(slow))


def test_an_hour_of_silence_packed_into_a_small_file_is_refused_by_the_child():
    still = Audio(np.zeros((RATE * 60 * 60, 1), np.int16), RATE)
    file = played(still, "flac")
    assert len(file) < 1 << 20
    with pytest.raises(UnreadableFile, match="longer than"):
        examine(file)


def test_without_pyav_plain_wav_is_read_and_all_else_says_what_is_missing():
    code = (
        "import sys\n"
        "sys.modules['av'] = None\n"
        "from medici.provenance.examiner import answer\n"
        "said = answer(sys.stdin.buffer.read(), [])\n"
        "print(said.get('work') or said['hint'])\n"
    )
    for file, told in ((PLAIN, WORK), (played(SOUND, "flac"), "pip install 'medici[music]'")):
        done = subprocess.run([sys.executable, "-c", code], input=file, capture_output=True)
        assert done.stdout.decode().strip() == told, done.stderr


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_damage_is_answered_or_refused_and_nothing_else(data):
    short = encode_wav(Audio(SOUND.samples[:2_000], RATE))
    file = bytearray(short)
    for _ in range(data.draw(st.integers(1, 6))):
        near = data.draw(st.sampled_from([60, len(file)])) - 1
        file[data.draw(st.integers(0, near))] = data.draw(st.integers(0, 255))
    try:
        found = examine_here(bytes(file))
    except UnreadableFile:
        return
    assert len(found.work) == 64


# ------------------------------------------------------------------ verdicts


def test_the_work_itself_is_authentic_by_its_credentials(choir):
    said = verify(choir.files[0], choir.register, rerun=lambda _: digest(tune(0)))
    assert (said.verdict, said.found_by, said.rerun) == ("authentic", "credentials", "identical")
    assert (said.medium, said.credentials, said.signature) == ("sound", "trusted", "ok")
    assert said.anchored_at


@pytest.mark.parametrize("form", [None, "flac", "alac", "aiff"])
def test_stripped_or_losslessly_encoded_again_it_is_authentic_by_its_samples(form, choir):
    file = played(tune(1), form) if form else PLAIN
    said = judged(file, choir)
    assert (said.verdict, said.found_by, said.work) == ("authentic", "content-digest", WORK)
    assert any("the samples alone prove it" in note for note in said.notes)


def copies(audio):
    """Changed copies of a sound, by name."""
    samples = audio.samples
    for form in ("mp3", "aac", "vorbis", "opus"):
        yield form, played(audio, form)
    yield "half as loud", encode_wav(Audio((samples // 2).astype(np.int16), RATE))
    yield "a second less at both ends", encode_wav(Audio(samples[RATE:-RATE], RATE))
    yield "every second frame", encode_wav(Audio(samples[::2], RATE // 2))
    yield "one channel", encode_wav(Audio(samples[:, :1], RATE))
    yield "later", encode_wav(Audio(np.concatenate([np.zeros_like(samples), samples]), RATE))


@pytest.mark.parametrize("name", [name for name, _ in copies(tune(2, 12))])
def test_a_changed_copy_is_derived_from_its_work(name, choir):
    said = judged(dict(copies(tune(2)))[name], choir)
    assert (said.verdict, said.found_by) == ("derived", "fingerprint")
    assert said.work == choir.made[2].attestation.work
    assert said.distance <= 64
    assert "the sound was changed" in said.notes[0]


@pytest.mark.parametrize(
    "audio",
    [
        tune(99),
        Audio(np.zeros((RATE * 12, 2), np.int16), RATE),
        Audio(np.random.default_rng(1).integers(-9999, 9999, (RATE * 12, 2), np.int16), RATE),
        Audio((9_000 * np.sin(np.arange(RATE * 12) / 9)).astype(np.int16)[:, None], RATE),
        Audio(np.tile(np.array([[20_000], [-20_000]], np.int16), (RATE * 6, 1)), RATE),
        Audio(tune(2).samples[: RATE * 3], RATE),
        Audio(np.ones((1, 1), np.int16), RATE),
    ],
    ids=["tune", "silence", "noise", "tone", "square", "three seconds of a work", "one sample"],
)
def test_a_strangers_sound_is_unknown(audio, choir):
    said = judged(encode_wav(audio), choir)
    assert (said.verdict, said.work) == ("unknown", None)


def test_a_picture_never_comes_from_a_sound(choir, firm):
    assert judged(encoded(art(1), "PNG"), choir).verdict == "unknown"
    assert judged(PLAIN, firm).verdict == "unknown"


def test_the_credentials_of_another_work_make_a_forgery(choir):
    """Spliced in, they prove nothing: not for a stranger's sound, not for another of our works."""
    said = judged(spliced(choir.files[0], encode_wav(tune(50))), choir)
    assert (said.verdict, said.work, said.credentials) == ("forged", None, "tampered")
    other = judged(spliced(choir.files[0], choir.files[1]), choir)
    assert (other.verdict, other.work) == ("altered", choir.made[1].attestation.work)
    mp3 = examine_here(played(tune(0), "mp3"))
    assert mp3.credentials == "missing"


def test_a_changed_sound_under_its_own_credentials_is_altered(choir):
    softer = encode_wav(Audio((tune(0).samples // 2).astype(np.int16), RATE))
    said = judged(spliced(choir.files[0], softer), choir)
    assert (said.verdict, said.work) == ("altered", choir.made[0].attestation.work)
    few = encode_wav(Audio(tune(0).samples[: 3 * RATE], RATE))
    said = judged(spliced(choir.files[0], few), choir)
    assert said.verdict == "altered"
    assert any("cannot be told" in note for note in said.notes)


def test_a_sound_signed_by_a_stranger_is_theirs(choir, new_world):
    other = new_world("Other choir", 6)
    made = other.make(0, audio=tune(0))
    said = judged(other.anchor([made])[0], choir)
    assert said.verdict == "forged"
    mine = judged(other.make(1, audio=tune(60)).file, choir)
    assert (mine.verdict, mine.credentials) == ("unknown", "untrusted")


def test_a_rerun_that_sounds_otherwise_unmasks_the_record(choir):
    said = judged(choir.files[0], choir, rerun=lambda _: digest(tune(1)))
    assert (said.verdict, said.rerun) == ("forged", "different")
    assert "another sound" in said.notes[-1]


def test_a_model_that_was_revoked_before_signs_no_sound(choir):
    late = choir.make(70, audio=tune(70))
    register = choir.with_model(state="revoked", authorised_until=T0 + 1)
    assert judge(examine_here(late.file, choir.firm.roots), register).verdict == "revoked"


def test_an_anchored_wav_tells_its_whole_story(choir):
    held = credentials.read(choir.files[0], "audio/wav", choir.firm.roots)
    assert (held.state, held.own, held.problems) == ("trusted", True, ())
    assert held.generation == choir.made[0].said
    assert held.anchor.attestation == choir.made[0].attestation
    assert dict(riff_chunks(choir.files[0]))[b"data"] == tune(0).samples.tobytes()


def test_an_independent_reader_agrees(choir):
    import encypher_c2pa

    for file, state in (
        (choir.made[0].file, "Trusted"),
        (choir.files[0], "Trusted"),
        (spliced(choir.files[0], choir.files[1]), "Invalid"),
    ):
        said = encypher_c2pa.verify(
            file,
            "audio/wav",
            telemetry=False,
            online=False,
            no_default_trust=True,
            trust_pem=choir.root.root_pem,
            tsa_trust_pem=choir.root.root_pem,
        )
        assert said["validation_state"] == state


# ------------------------------------------------------------------ bundles


def test_a_bundle_holds_both_kinds_of_fingerprint(choir, firm):
    both = replace(choir.register, works={**choir.register.works, **firm.register.works})
    text = both.export(choir.artist)
    loaded = Bundle.load(text)
    assert loaded.works == both.works
    found = examine_here(played(tune(3), "mp3"))
    assert loaded.similar(found.query)[0].work == choir.made[3].attestation.work
    copy = examine_here(encoded(firm.made[3].pixels, "JPEG", quality=60))
    assert loaded.similar(copy.query)[0].work == firm.made[3].attestation.work


def test_every_form_has_its_magic():
    for form in FORMS:
        assert sounds.known(played(tune(1, 2), form))
    assert not sounds.known(encoded(art(1), "AVIF"))
    assert not sounds.known(encoded(art(1), "JPEG"))

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.provenance.world import art

from medici.errors import UnreadableFile
from medici.provenance.fingerprint import Fingerprint, Index, fingerprint, query
from medici.records import WorkId

COUNT = 40


def work(number):
    return WorkId.from_int(number + 1)


@pytest.fixture(scope="module")
def index():
    return Index((work(i), fingerprint(art(i))) for i in range(COUNT))


def through(pixels, kind, **options):
    out = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(out, kind, **options)
    return np.asarray(Image.open(out).convert("RGBA"))


def resized(pixels, side, filter_):
    return np.asarray(Image.fromarray(pixels).resize((side, side), filter_))


ATTACKS = {
    "JPEG 50": lambda p: through(p, "JPEG", quality=50),
    "JPEG 20": lambda p: through(p, "JPEG", quality=20),
    "WebP 50": lambda p: through(p, "WEBP", quality=50),
    "half size": lambda p: resized(p, 256, Image.Resampling.LANCZOS),
    "third, bicubic": lambda p: resized(p, 171, Image.Resampling.BICUBIC),
    "thumbnail": lambda p: resized(p, 64, Image.Resampling.LANCZOS),
    "5 % crop": lambda p: p[13:-13, 13:-13],
    "crop and JPEG": lambda p: through(p[13:-13, 13:-13], "JPEG", quality=60),
    "turned": lambda p: np.rot90(p),
    "mirrored": lambda p: p[:, ::-1],
    "brighter": lambda p: np.clip(p * 1.08, 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_changed_copy_is_found(index, attack):
    found = 0
    for i in range(5):
        matches = index.search(query(np.ascontiguousarray(ATTACKS[attack](art(i)))))
        found += bool(matches and matches[0].derived and matches[0].work == work(i))
    assert found == 5


def test_other_pictures_are_no_copies(index):
    for i in range(COUNT, COUNT + 12):
        assert not [m for m in index.search(query(art(i))) if m.derived]


def test_a_texture_is_judged_by_its_hash_since_a_sketch_says_nothing():
    rng = np.random.default_rng(3)
    textures = [texture(rng) for _ in range(6)]
    index = Index((work(i), fingerprint(t)) for i, t in enumerate(textures[:5]))
    best = index.search(query(through(textures[2], "JPEG", quality=60)))[0]
    assert (best.work, best.derived) == (work(2), True)
    assert best.distance <= 31
    assert not [m for m in index.search(query(textures[5])) if m.derived]


def texture(rng):
    """Coloured noise that is the same grey everywhere from afar."""
    noise = rng.normal(size=(256, 256))
    spectrum = np.fft.fft2(noise)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
    spectrum[(frequency < 8 / 256) | (frequency > 30 / 256)] = 0
    grain = np.real(np.fft.ifft2(spectrum))
    grey = np.clip(128 + 40 * grain / grain.std(), 0, 255).astype(np.uint8)
    return np.dstack([grey, grey, grey, np.full_like(grey, 255)])


def test_a_flat_picture_never_matches_by_its_hash():
    flat = np.full((64, 64, 4), 255, np.uint8)
    other = flat.copy()
    other[..., :3] = 90
    index = Index([(work(0), fingerprint(flat))])
    assert fingerprint(flat).quality < 50
    assert index.search(query(other)) == []
    assert index.near(fingerprint(other)) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**256 - 1), st.sets(st.integers(0, 255), max_size=60))
def test_distance_is_the_number_of_flipped_bits(pdq, flipped):
    one = Fingerprint(pdq, 100, bytes(768))
    other = Fingerprint(pdq ^ sum(1 << b for b in flipped), 100, bytes(768))
    assert one.distance(other) == other.distance(one) == len(flipped)
    found = Index([(work(0), one)]).near(other)
    assert bool(found) is (len(flipped) <= 31)


def test_transparent_pixels_are_seen_over_white():
    clear = art(1).copy()
    clear[:100, :, 3] = 0
    white = art(1).copy()
    white[:100, :, :3] = 255
    assert fingerprint(clear) == fingerprint(white)


def test_a_fingerprint_is_read_as_it_was_written():
    print_ = fingerprint(art(1))
    data = print_.as_json()
    assert Fingerprint.from_json(data) == print_
    for damage in ({"pdq": "zz"}, {"pdq": "1" * 65}, {"sketch": "AAAA"}, {"quality": None}):
        with pytest.raises(UnreadableFile):
            Fingerprint.from_json(data | damage)


def test_an_empty_index_finds_nothing():
    assert Index().search(query(art(1))) == []

"""Near-duplicates: found where they are, and not where pictures only share a layout."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from tests.studio.data.conftest import painted

from medici.studio.data.picture import Reading, decode
from medici.studio.data.similar import Looks, pairs


def seen(images, side=64):
    def sample(image):
        file = io.BytesIO()
        image.save(file, "PNG")
        return decode(file.getvalue(), Reading(side))[0]

    return Looks.of([np.stack([sample(image) for image in images])])


def rich(number, side=128):
    """A painting with enough in it for PDQ."""
    random = np.random.default_rng(number)
    small = Image.fromarray(random.integers(0, 256, (12, 12, 3), dtype=np.uint8))
    return Image.blend(
        small.resize((side, side), Image.Resampling.BICUBIC), painted(number, side), 0.4
    )


def recompressed(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def test_recompressed_and_brightened_paintings_are_found():
    originals = [rich(i) for i in range(12)]
    looks = seen(originals)
    assert looks.flat == 0
    for change in (
        lambda i: recompressed(i, 30),
        lambda i: i.resize((64, 64), Image.Resampling.BOX),
        lambda i: i.point(lambda v: min(255, int(v * 1.08))),
    ):
        found = {(i, j) for i, j, _ in pairs(looks, seen([change(i) for i in originals]))}
        assert found == {(i, i) for i in range(12)}
    assert list(pairs(looks)) == []


def portrait(number):
    """Pixel art of one layout: a face whose colours, eyes and hair vary."""
    random = np.random.default_rng(number)
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[..., 3] = 255
    skin, hair, ground = random.integers(0, 256, (3, 3))
    pixels[..., :3] = ground
    pixels[3:13, 4:12, :3] = skin
    pixels[2 : 4 + random.integers(0, 3), 3:13, :3] = hair
    pixels[7, [5, 9], :3] = 0
    return Image.fromarray(pixels)


def test_pixel_art_of_one_layout_is_not_alike():
    looks = seen([portrait(i) for i in range(60)], 16)
    assert list(pairs(looks)) == []


def test_pixel_art_that_differs_in_a_few_pixels_is():
    one, other = portrait(1), portrait(1)
    for x in range(5):
        other.putpixel((x, 15), (1, 2, 3, 255))
    looks = seen([one, portrait(2), other], 16)
    assert [(i, j) for i, j, _ in pairs(looks)] == [(0, 2)]
    other.putpixel((5, 15), (250, 2, 3, 255))
    other.putpixel((6, 15), (1, 250, 3, 255))
    assert [p for p in pairs(seen([one, other], 16)) if p[2] == "cells"] == []


def test_each_pair_comes_once():
    looks = seen([rich(1), rich(1), rich(2)])
    assert [(i, j) for i, j, _ in pairs(looks)] == [(0, 1)]
    assert len(list(pairs(looks, looks))) == 5


def test_no_pictures_are_no_trouble():
    assert list(pairs(Looks.of([]))) == []
    assert list(pairs(Looks.of([]), seen([rich(1)]))) == []

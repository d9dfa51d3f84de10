"""The bias report: shares of colours, shares read from pixels, nothing where nobody labelled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from medici.records import Digest
from medici.studio.data.folder import PictureSet
from medici.studio.pictures.bias import attribute_report, colour_report


def pictures(labels: list[dict[str, str]]) -> PictureSet:
    """Red and blue pictures, labelled or not."""
    pixels = np.zeros((len(labels), 16, 16, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[::2, ..., 0] = 255
    pixels[1::2, ..., 2] = 255
    names = tuple(f"{i:03d}.png" for i in range(len(labels)))
    samples: list[dict[str, Any]] = [
        {"file": n, **({"attributes": a} if a else {})} for n, a in zip(names, labels, strict=True)
    ]
    digests = tuple(Digest.of(n.encode()) for n in names)
    return PictureSet(pixels, names, digests, {"samples": samples})


LABELLED = [{"colour": "blue" if i % 2 else "red"} for i in range(64)]


def test_shares_are_read_from_pixels():
    train = pictures(LABELLED)
    made = train.pixels[::2]
    told = attribute_report(train, pictures(LABELLED[:20]), made)["colour"]
    assert told["reader_accuracy"] == 1
    assert told["shares"] == {"blue": [0.5, 0.0], "red": [0.5, 1.0]}
    assert told["total_variation"] == 0.5


@pytest.mark.parametrize(
    ("train", "held_out"),
    [([{}] * 8, [{}] * 8), (LABELLED, [{}] * 8), ([{"colour": "red"}] * 8, LABELLED[:8])],
    ids=["nothing labelled", "fresh ones not labelled", "one value only"],
)
def test_without_labels_nothing_is_said(train, held_out):
    assert attribute_report(pictures(train), pictures(held_out), pictures(train).pixels) == {}


def test_few_colours_are_counted_as_they_are():
    made = pictures([{}] * 4).pixels.copy()
    made[0, ..., :3] = (255, 0, 1)
    made[3, ..., 3] = 0
    told = colour_report(pictures([{}] * 8).pixels, made)
    assert told == {
        "total_variation": 0.3333,
        "shares": {"#0000ff": [0.5, 0.3333], "#ff0000": [0.5, 0.3333], "#ff0001": [0.0, 0.3333]},
    }


def test_photographs_are_counted_in_coarse_colours_and_in_seconds():
    noise = np.random.default_rng(0).integers(0, 256, (300, 64, 64, 4), np.uint8)
    noise[:150, :, :32, :3], noise[150:, :, :32, :3] = 255, 0
    noise[..., 3] = 255
    told = colour_report(noise[:150], noise[150:])
    assert told["bits_per_channel"] == 5
    assert told["shares"]["#ffffff"][1] < 0.001 <= 0.5 <= told["shares"]["#ffffff"][0]
    # One half is disjoint, the other the same but for chance; of single colours all would differ.
    assert 0.5 < told["total_variation"] < 0.6

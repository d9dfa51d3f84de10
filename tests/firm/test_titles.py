import numpy as np
import pytest

from medici.firm.titles import colour_name, title
from medici.records import Audio, Rendering


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "Lamp Black"),
        ((255, 255, 255), "Lead White"),
        ((128, 128, 128), "Grisaille"),
        ((20, 40, 160), "Lapis"),
        ((200, 30, 20), "Vermilion"),
        ((255, 0, 10), "Vermilion"),
        ((190, 220, 190), "Pale Verdigris"),
    ],
)
def test_colours_have_painters_names(rgb, name):
    assert colour_name(*rgb) == name


def test_the_most_frequent_colour_names_the_work():
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:3] = (20, 40, 160, 255)
    assert title(Rendering(pixels, 12, {})) == "Portrait 12, Lapis"


def music(samples):
    sound = Audio(np.asarray(samples, np.int16), 44_100)
    return Rendering(np.zeros((1, 1, 4), np.uint8), 7, {}, "music", sound)


def test_the_note_that_music_rests_on_names_it():
    at = np.arange(2 * 44_100)
    chord = sum(np.sin(at * 2 * np.pi * hertz / 44_100) for hertz in (98.0, 246.94, 293.66))
    wave = np.concatenate([6_000 * chord, np.zeros(44_100)])
    assert title(music(np.stack([wave, wave], axis=1))) == "Chorale 7, on G"


@pytest.mark.parametrize("frames", [1, 100, 44_100])
def test_music_without_a_note_has_a_title_too(frames):
    assert title(music(np.zeros((frames, 2)))) == "Chorale 7, on Silence"

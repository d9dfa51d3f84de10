import numpy as np
import pytest

from medici.firm.titles import colour_name, title


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
    assert title("Portrait", 12, pixels) == "Portrait 12, Lapis"

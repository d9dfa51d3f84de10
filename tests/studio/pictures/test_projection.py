"""Pictures are found again among the latents of a GAN."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.studio.training.trainees import drawings, trainer

torch = pytest.importorskip("torch")
pytest.importorskip("cma")

from medici.errors import BadStyle, WrongUse  # noqa: E402
from medici.studio.pictures.gan_export import to_exact  # noqa: E402
from medici.studio.pictures.model import preview  # noqa: E402
from medici.studio.pictures.projection import distances, project  # noqa: E402
from medici.studio.pictures.style import write_codes  # noqa: E402

pytestmark = pytest.mark.train


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Norms measured over fewer latents."""
    monkeypatch.setattr("medici.studio.pictures.gan._CALIBRATED", 128)


def model(labels=None, **settings):
    made = trainer(drawings(), body="dcgan", width=16, widest=64, labels=labels, **settings)
    for _ in range(30):
        made.advance()
    return preview(to_exact(made.averaged("0.9"), made.classes))


def test_latents_in_a_style_are_those_of_their_seed():
    made = model()
    style = made.parse(None)
    codes = write_codes(made.tokens([5], style)[0].tolist(), made.steps)
    again = made.sample(0, {"codes": codes, "ground": "transparent"})
    assert (made.sample(5, {"ground": "transparent"}).pixels == again.pixels).all()
    assert again.style["codes"] == codes
    for wrong in (codes[:-1], "x" + codes[1:], "fff" * made.normal, codes + "000"):
        with pytest.raises(BadStyle, match="codes"):
            made.sample(0, {"codes": wrong})


@pytest.mark.parametrize("labels", [None, "colour"])
def test_a_picture_of_the_model_comes_back_nearer_than_any_of_many_seeds(labels, tmp_path):
    made = model(labels)
    picture = made.natives([5000], {"ground": "transparent"})[0]
    kinds = made.kinds(range(2048), made.parse(None))
    drawn = [
        distances(made, made.tokens([i], made.parse(None)), picture, int(kinds[i])).min()
        for i in range(2048)
    ]
    Image.fromarray(picture).save(tmp_path / "work.png")
    found = made.encode(tmp_path / "work.png")
    assert (found.style["class"] in made.classes) if labels else found.style["class"] is None
    native = made.natives([0], {**found.style, "ground": "transparent"})[0].astype(int)
    assert ((native - picture) ** 2).sum() < 0.75 * min(drawn)
    assert made.encode(tmp_path / "work.png").style == found.style


def test_another_size_is_refused():
    with pytest.raises(WrongUse, match="not of side"):
        project(model(), np.zeros((8, 8, 4), np.uint8))

import importlib.metadata

import numpy as np
import pytest

from medici.errors import MissingPart, WrongUse
from medici.records import Rendering
from medici.studio.making import filters
from medici.studio.making.filters import Novelty, Quality, Verdict


class NoRed:
    """A safety filter as somebody else would write one."""

    name = "no-red"

    def check(self, rendering):
        share = float((rendering.pixels[..., 0] > 200).mean())
        return Verdict(self.name, share < 0.5, 1 - share, ("too red",) if share >= 0.5 else ())


class Broken:
    def __init__(self):
        raise RuntimeError("its weights are not here")


@pytest.fixture
def plugged(monkeypatch):
    """Entry points as an installed package would bring them."""
    points = [
        importlib.metadata.EntryPoint(name, f"{__name__}:{name}", filters.GROUP)
        for name in ("NoRed", "Broken")
    ]
    objects = {"NoRed": NoRed, "Broken": Broken}
    monkeypatch.setattr(importlib.metadata.EntryPoint, "load", lambda self: objects[self.name])
    monkeypatch.setattr(
        filters, "entry_points", lambda group: points if group == filters.GROUP else []
    )


def test_the_same_work_is_never_new_and_a_like_one_is_told(tiles):
    novelty = Novelty(0.2)
    work = tiles.sample(1, {"scale": 4})
    assert novelty.check(work).passes
    double = novelty.check(work)
    assert (double.passes, double.score) == (False, 0.0)
    assert "the same work as" in double.reasons[0]
    touched = work.pixels.copy()
    touched[:4, :4] = [255 - touched[0, 0, 0], 0, 0, 255]
    like = novelty.check(Rendering(touched, 2, {}))
    assert not like.passes
    assert 0 < like.score <= 0.2
    assert "differs from" in like.reasons[0]
    assert novelty.check(tiles.sample(2, {"scale": 4})).passes


def test_scale_is_no_novelty(tiles):
    novelty = Novelty()
    novelty.remember(tiles.sample(1, {"scale": 4}))
    verdict = novelty.check(tiles.sample(1, {"scale": 9}))
    assert not verdict.passes
    assert verdict.score == 0.0


def test_what_was_refused_is_not_remembered(tiles):
    novelty = Novelty(1.1)
    assert novelty.check(tiles.sample(1)).passes
    assert not novelty.check(tiles.sample(2)).passes
    assert "fingerprint" not in str(novelty.check(tiles.sample(3)).reasons)
    assert len(novelty._ids) == 1


def test_a_rich_picture_is_known_again_by_its_fingerprint():
    random = np.random.default_rng(4)
    coarse = random.integers(0, 256, (24, 24, 4), dtype=np.uint8)
    coarse[..., 3] = 255
    from PIL import Image

    smooth = np.asarray(Image.fromarray(coarse).resize((256, 256), Image.Resampling.BICUBIC))
    novelty = Novelty(0.0)
    assert novelty.check(Rendering(smooth, 1, {})).passes
    brighter = np.clip(smooth.astype(int) + 30, 0, 255).astype(np.uint8)
    brighter[..., 3] = 255
    verdict = novelty.check(Rendering(brighter, 2, {}))
    assert not verdict.passes
    assert "fingerprint within" in verdict.reasons[0]


def test_known_works_grow_by_a_kilobyte_each(tiles):
    novelty = Novelty(0.0)
    for work in tiles.sample_many(range(300), {"scale": 1}):
        novelty.remember(work)
    assert len(novelty._ids) == 300
    assert novelty._thumbs.nbytes == 512 * 16 * 16 * 4
    assert not novelty.check(tiles.sample(299, {"scale": 1})).passes


def test_quality_needs_a_model_that_knows_its_training_pictures(tiles):
    with pytest.raises(WrongUse, match="tiles has no statistics"):
        Quality(tiles).check(tiles.sample(1))


def test_filters_are_made_by_name_with_their_least_score(tiles, plugged):
    made = filters.make(["quality=0.3", "novelty=0.25", "NoRed"], tiles)
    assert [f.name for f in made] == ["quality", "novelty", "no-red"]
    assert (made[0].least, made[1].least) == (0.3, 0.25)
    red = np.full((4, 4, 4), 255, np.uint8)
    assert made[2].check(Rendering(red, 1, {})).as_json() == {
        "filter": "no-red",
        "passes": False,
        "score": 0.0,
        "reasons": ["too red"],
    }
    known = filters.make(["novelty"], tiles, [tiles.sample(4)])
    assert not known[0].check(tiles.sample(4)).passes


def test_filters_that_cannot_be_had_are_named(tiles, plugged):
    with pytest.raises(WrongUse, match="'safety'") as caught:
        filters.make(["safety"], tiles)
    assert "NoRed" in caught.value.hint
    with pytest.raises(MissingPart, match="its weights are not here"):
        filters.make(["Broken"], tiles)
    with pytest.raises(WrongUse, match="'high' is no number"):
        filters.make(["novelty=high"], tiles)

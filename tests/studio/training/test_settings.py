"""Settings of every family: what cannot be is a clear sentence before anything is written."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import pytest

pytest.importorskip("torch")

from medici.errors import WrongUse
from medici.studio.diffusion.recipe import Recipe as DiffusionRecipe
from medici.studio.icons import training as icons
from medici.studio.music import training as music
from medici.studio.pictures.bodies import GanShape
from medici.studio.pictures.codes import CodesShape
from medici.studio.pictures.codes_recipe import CodesRecipe, read_settings
from medici.studio.pictures.recipe import Recipe as GanRecipe
from medici.studio.textures import training as textures
from medici.studio.training.options import Options
from medici.studio.training.settings import typed

READERS = {
    "options": (Options.take, (Options,)),
    "codes": (lambda told: read_settings(told, 16), (CodesShape, CodesRecipe)),
    "gan": (GanRecipe.from_settings, (GanShape, GanRecipe)),
    "icons": (lambda told: icons.recipe_of(told, 2), (icons.Shape, icons.Recipe)),
    "textures": (textures.read_settings, (textures.Shape, textures.Recipe)),
    "music": (music.chosen, (music.Shape, music.Recipe)),
    "diffusion": (DiffusionRecipe.from_settings, (DiffusionRecipe,)),
}
BAD = ["x", [], ["x"], [2], {}, {"a": 1}, -1, 0, 1 << 80, 1e300, True, None, 3.5, [[1]], [-1, -1]]
NEVER = [-1, math.nan, {"a": 1}, [[1]], ["x", 2]]


def names(family):
    return sorted({f.name for kind in READERS[family][1] for f in fields(kind)})


@pytest.mark.parametrize("family", READERS)
def test_any_value_is_taken_or_refused_in_words(family):
    read, _ = READERS[family]
    for name in names(family):
        for value in [*BAD, math.nan]:
            try:
                read({name: value})
            except WrongUse as error:
                assert error.message  # noqa: PT017


@pytest.mark.parametrize("family", READERS)
def test_what_no_setting_can_be_is_refused_by_all(family):
    read, _ = READERS[family]
    known = set(names(family))
    for name in known:
        for value in NEVER:
            try:
                taken = read({name: value})
            except WrongUse:
                continue
            # What an options' reader does not know it leaves to the family.
            assert family == "options", (name, value, taken)
            assert name not in known, (name, value)


@pytest.mark.parametrize(
    ("family", "settings", "said"),
    [
        ("options", {"trackers": 5}, "trackers must be a list"),
        ("options", {"note_steps": 0}, "note_steps must be a whole number from 1 up"),
        ("options", {"note_steps": 2.5}, "note_steps must be a whole number"),
        ("codes", {"averages": [2]}, "decays from 0 to under 1"),
        ("codes", {"averages": 3}, "averages must be a list"),
        ("codes", {"channels": "x"}, "channels must be a list"),
        ("codes", {"cods": 3}, "codes have no setting 'cods'"),
        ("codes", {"side": 32}, "codes have no setting 'side'"),
        ("gan", {"width": "64"}, "width must be a whole number"),
        ("icons", {"levels": 3}, "levels must be a list"),
        ("icons", {"decoder": [8, 8]}, "decoder must be a list of 3"),
        ("textures", {"waves": "x"}, "waves must be a whole number"),
        ("textures", {"half": 1}, "half must be true or false"),
        ("music", {"near": [1, 1]}, "near cannot be"),
        ("diffusion", {"size": "x"}, "size must be a whole number"),
    ],
)
def test_the_sentence_names_the_setting(family, settings, said):
    with pytest.raises(WrongUse, match=said):
        READERS[family][0](settings)


def test_lists_become_tuples_and_others_settings_stay_out():
    @dataclass
    class Sizes:
        widths: tuple[int, ...] = (1,)
        pair: tuple[float, float] = (0.0, 1.0)
        name: str | None = None

    told = typed(Sizes, {"widths": [3, 4], "pair": [1, 0.5], "name": None, "other": 1})
    assert told == {"widths": (3, 4), "pair": (1, 0.5), "name": None}

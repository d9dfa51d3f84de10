"""Whatever family made them, what is kept is unlike the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.content import content_digest
from medici.studio import choosing
from medici.studio.families import load_model

if TYPE_CHECKING:
    from medici.studio import PictureModel


def test_textures_are_kept_in_number_and_unlike_each_other():
    model = load_model("textures")
    works = model.sample_many(range(6), {"width": 128, "height": 128})
    kept = choosing.select(model, [*works, works[0]], 5)
    assert len(kept) == 5
    assert len({content_digest([*works, works[0]][i]) for i in kept}) == 5
    judged = choosing.judge(model, works)
    assert all(j.quality is None and 0 < j.novelty <= 1 for j in judged)


def test_what_is_known_is_not_kept_again():
    model = load_model("textures")
    works = model.sample_many(range(3), {"width": 64, "height": 64})
    assert set(choosing.select(model, works, 3, known=[works[1]])) == {0, 2}


def test_portraits_are_chosen_by_their_own_room(portraits: PictureModel):
    works = portraits.sample_many(range(24), {"scale": 1})
    kept = choosing.select(portraits, works, 4)
    quality = [j.quality for j in choosing.judge(portraits, works)]
    assert len(kept) == 4
    assert quality[kept[0]] == max(q for q in quality if q is not None)


def test_a_work_alone_is_wholly_new():
    assert choosing.unlike(np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 4, 4), np.uint8)) == 1

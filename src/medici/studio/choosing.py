"""Choosing among candidates, whatever family made them: plausible first, then unlike each other.

Families that keep statistics of their training works judge plausibility; of all others only the
thumbnails are compared.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from medici.studio.making.filters import thumbnail
from medici.studio.pictures.quality import Judgement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from medici.records import Rendering
    from medici.studio.families import Generator

_ROOMS = {"pictures": "medici.studio.pictures.quality", "icons": "medici.studio.icons.quality"}


class _Room(Protocol):
    def judge(
        self, model: Generator, candidates: Sequence[Rendering], known: Sequence[Rendering] = ()
    ) -> list[Judgement]: ...

    def select(
        self,
        model: Generator,
        candidates: Sequence[Rendering],
        keep: int,
        known: Sequence[Rendering] = (),
    ) -> list[int]: ...


def _room(model: Generator) -> _Room | None:
    name = _ROOMS.get(model.record.family)
    return None if name is None else cast("_Room", import_module(name))


def judge(
    model: Generator, candidates: Sequence[Rendering], known: Sequence[Rendering] = ()
) -> list[Judgement]:
    """Quality of each candidate where its family can tell, and novelty against all others.

    Raises:
        BadWeights: the model's statistics are not there.
    """
    room = _room(model)
    if room is not None:
        return room.judge(model, candidates, known)
    shown, before = _thumbnails(candidates), _thumbnails(known)
    return [
        Judgement(None, 0, unlike(one, np.concatenate([np.delete(shown, i, 0), before])))
        for i, one in enumerate(shown)
    ]


def select(
    model: Generator,
    candidates: Sequence[Rendering],
    keep: int,
    known: Sequence[Rendering] = (),
) -> list[int]:
    """Indices of what to keep, best first; an exact double is never chosen.

    Raises:
        BadWeights: the model's statistics are not there.
    """
    room = _room(model)
    if room is not None:
        return room.select(model, candidates, keep, known)
    shown, before = _thumbnails(candidates), _thumbnails(known)
    nearest = np.array([unlike(one, before) for one in shown])
    chosen: list[int] = []
    while len(chosen) < min(keep, len(shown)) and nearest.max(initial=0) > 0:
        best = int(nearest.argmax())
        chosen.append(best)
        closer = [unlike(one, shown[best : best + 1]) for one in shown]
        nearest = np.minimum(nearest, closer)
    return chosen


def unlike(shown: NDArray[np.uint8], others: NDArray[np.uint8]) -> float:
    """Root-mean-square difference from the most similar of the others, 0 to 1; 1 without others.

    Args:
        shown: (h, w, 4) uint8 thumbnail.
        others: (n, h, w, 4) uint8.
    """
    if not len(others):
        return 1.0
    gaps = others.astype(np.float64) - shown
    return float(np.sqrt((gaps**2).mean((1, 2, 3)).min()) / 255)


def _thumbnails(works: Sequence[Rendering]) -> NDArray[np.uint8]:
    shown = [thumbnail(work.pixels) for work in works]
    return np.stack(shown) if shown else np.zeros((0, 16, 16, 4), np.uint8)

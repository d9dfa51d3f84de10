"""Whether a model copies its training works: nearest neighbours, exact copies, a clear rule.

Every count has a mirror: what happens with training pictures is compared with what happens with
fresh pictures of the same artist, of which there are as many. Without copying both are equally
likely, whatever the model's quality.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.studio.metrics.distances import distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

RULE = (
    "warned when samples are nearer to training pictures than to as many held-out ones, less than "
    "half as far from them, or equal to them, more often than the other way round by over 4 "
    "standard deviations of a fair coin; or at any exact copy while no held-out picture equals one"
)
_SIGMAS = 4.0
_SIDE = 32
_SHOWN = 8


def thumbnails(pictures: Pixels, side: int = _SIDE) -> Pixels:
    """Pictures at no more than so many pixels a side, by averaging blocks: (n, h, w, c) uint8."""
    n, h, w, c = pictures.shape
    step = -(-max(h, w) // side)
    if step <= 1:
        return pictures
    h, w = h // step, w // step
    blocks = pictures[:, : h * step, : w * step].reshape(n, h, step, w, step, c)
    return np.asarray(np.rint(blocks.mean((2, 4), dtype=np.float32)), np.uint8)


def nearest(pictures: Pixels, among: Pixels) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Each picture's nearest neighbour.

    Args:
        pictures: (n, h, w, c) uint8.
        among: (m, h, w, c) uint8.

    Returns:
        (n,) root-mean-square distance in grey levels, (n,) index into `among`.
    """
    a = pictures.reshape(len(pictures), -1).astype(np.float64)
    b = among.reshape(len(among), -1).astype(np.float64)
    far, where = [], []
    for part in np.array_split(a, len(a) // 500 + 1):
        gaps = distances(part, b)
        where.append(gaps.argmin(1))
        far.append(gaps.min(1))
    return np.concatenate(far) / np.sqrt(a.shape[1]), np.concatenate(where)


def memorisation(
    made: Pixels, train: Pixels, held_out: Pixels, names: Sequence[str] = ()
) -> dict[str, Any]:
    """Nearest training neighbours against nearest held-out neighbours.

    Args:
        made: (n, h, w, 4) uint8 samples, sample i from seed i.
        train: (m, h, w, 4) uint8, all training pictures.
        held_out: (k, h, w, 4) uint8 fresh pictures of the same kind.
        names: the training files, for the closest pairs.

    Returns:
        medians of nearest distances in grey levels and their ratio (under 1 the samples hug the
        training pictures), shares and counts with their mirrors, exact copies, the closest pairs
        to look at, the rule and the warnings it gives.
    """
    known = {p.tobytes() for p in train}
    fresh = {p.tobytes() for p in held_out}
    copies = sum(p.tobytes() in known for p in made)
    copies_fresh = sum(p.tobytes() in fresh for p in made)
    shared = sum(p.tobytes() in known for p in held_out)

    small, seen, unseen = thumbnails(made), thumbnails(train), thumbnails(held_out)
    to_train, whose = nearest(small, seen)
    to_fresh, _ = nearest(small, unseen)
    fresh_to_train, _ = nearest(unseen, seen)
    # Equal samples are one throw of the coin, not many.
    different = np.unique(small.reshape(len(small), -1), axis=0).reshape(-1, *small.shape[1:])
    nearer, much, much_fresh, parts = _mirrored(different, seen, unseen)

    warnings = []
    if _beyond(nearer * len(different), (1 - nearer) * len(different)):
        warnings.append(
            f"{nearer:.0%} of the samples are nearer to a training picture than to any of as many "
            "fresh ones; without memorising it is half of them"
        )
    # A held-out picture counts once in every part, a training picture in one: hence the variance.
    deviation = np.sqrt((much_fresh / parts + 1) * parts * (parts + 1))
    if much - much_fresh > _SIGMAS * deviation:
        warnings.append(
            f"{much} samples sit less than half as far from a training picture as from any fresh "
            f"one; the reverse holds for {much_fresh}"
        )
    if copies and (not shared or _beyond(copies, copies_fresh)):
        warnings.append(f"{copies} samples equal a training picture pixel by pixel")
    closest = np.argsort(to_train, kind="stable")[:_SHOWN]
    return {
        "made_to_train_median": _rounded(np.median(to_train)),
        "made_to_held_out_median": _rounded(np.median(to_fresh)),
        "held_out_to_train_median": _rounded(np.median(fresh_to_train)),
        "ratio": _rounded(np.median(to_train) / max(float(np.median(fresh_to_train)), 1e-9)),
        "nearer_to_train": _rounded(nearer),
        "much_nearer_to_train": much,
        "much_nearer_to_held_out": much_fresh,
        "exact_copies": copies,
        "exact_copies_of_held_out": copies_fresh,
        "exact_copies_held_out": shared,
        "closest": [
            {
                "sample": int(i),
                "train": str(names[int(whose[i])]) if names else int(whose[i]),
                "distance": _rounded(to_train[i]),
            }
            for i in closest
        ],
        "rule": RULE,
        "warnings": warnings,
    }


def _mirrored(made: Pixels, train: Pixels, held_out: Pixels) -> tuple[float, int, int, int]:
    """Compare with parts of the training set as large as the held-out set: neither has more.

    Returns:
        mean share of samples nearer to the part (a tie is half), how often less than half as far,
        how often the held-out set was, and the number of parts.
    """
    size = min(len(train), len(held_out))
    to_fresh, _ = nearest(made, held_out[:size])
    order = np.random.default_rng(0).permutation(len(train))
    parts = len(train) // size
    nearer, much, much_fresh = 0.0, 0, 0
    for part in range(parts):
        near, _ = nearest(made, train[order[part * size : (part + 1) * size]])
        nearer += float((near < to_fresh).mean() + (near == to_fresh).mean() / 2) / parts
        much += int((2 * near < to_fresh).sum())
        much_fresh += int((2 * to_fresh < near).sum())
    return nearer, much, much_fresh, parts


def _beyond(count: float, mirror: float) -> bool:
    """Whether a count is above its mirror by more than chance: a sign test, normal form."""
    return bool(count - mirror > _SIGMAS * np.sqrt(count + mirror))


def _rounded(value: Any) -> float:
    return round(float(value), 4)

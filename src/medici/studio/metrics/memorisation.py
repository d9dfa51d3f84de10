"""Whether a model copies its training works: nearest neighbours, exact copies, a clear rule.

Every count has a mirror: what happens with training pictures is compared with what happens with
fresh pictures of the same artist, of which there are as many. Without copying both are equally
likely, whatever the model's quality.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medici.logs import logger
from medici.studio.metrics.distances import distances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

RULE = (
    "warned when samples are nearer to training pictures than to as many held-out ones, less than "
    "half as far from them, or equal to them, more often than the other way round by over 4 "
    "standard deviations of a fair coin; or at any exact copy while no held-out picture equals one"
)
ALONE = (
    "warned when more samples are less than half as far from one training picture as from any "
    "other than training pictures themselves are, by over 4 standard deviations of a fair coin; "
    "or at any exact copy while no two training pictures are equal. Weaker than a comparison with "
    "fresh pictures, of which there were none"
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
    different = _different(small)
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
        "closest": _closest(to_train, whose, names),
        "rule": RULE,
        "warnings": warnings,
    }


def copying_without_fresh(made: Pixels, train: Pixels, names: Sequence[str] = ()) -> dict[str, Any]:
    """What can be said of copying where no fresh pictures are: samples that one picture explains.

    A copy is near one training picture and far from the rest; a plain or average sample is near to
    many. The mirror is the training pictures, each among the others.

    Source: Carlini et al. 2023, Extracting Training Data from Diffusion Models, section 5.1, with
    the second neighbour in place of the mean of fifty, for sets of as few.

    Args:
        made: (n, h, w, c) uint8 samples, sample i from seed i.
        train: (m, h, w, c) uint8, all training pictures.
        names: the training files, for the closest pairs.

    Returns:
        counts with their mirror, exact copies, the closest pairs, the rule and its warnings.
    """
    known = {p.tobytes() for p in train}
    copies = sum(p.tobytes() in known for p in made)
    small, seen = thumbnails(made), thumbnails(train)
    different = _different(seen)
    alone = _singled_out(_different(small), different)
    mirror = _singled_out(different, different, themselves=True)
    share = alone.mean() if len(alone) else 0.0
    # Three more than were seen: of few training pictures the share is known no better.
    expected = (mirror.sum() + 3) / len(mirror) * len(alone)
    warnings = []
    if _beyond(float(alone.sum()), float(expected)):
        warnings.append(
            f"{share:.0%} of the samples are less than half as far from one training picture as "
            f"from any other; of the training pictures {mirror.mean():.0%} are"
        )
    doubles = len(train) - len(known)
    if copies and (not doubles or _beyond(copies, doubles * len(made) / len(train))):
        warnings.append(f"{copies} samples equal a training picture pixel by pixel")
    to_train, whose = nearest(small, seen)
    return {
        "singled_out": int(alone.sum()),
        "singled_out_training": int(mirror.sum()),
        "different_samples": len(alone),
        "exact_copies": copies,
        "exact_copies_training": doubles,
        "closest": _closest(to_train, whose, names),
        "rule": ALONE,
        "warnings": warnings,
    }


def warn_of(told: Mapping[str, Any]) -> None:
    """Tell the artist of the warnings of a report, in the log."""
    for warning in told["warnings"]:
        logger("studio").warning("the model may copy its data", warning=warning)


def _singled_out(pictures: Pixels, among: Pixels, *, themselves: bool = False) -> NDArray[np.bool_]:
    """Whether each picture's nearest is less than half as far as its second nearest."""
    first = int(themselves)
    if len(among) < first + 2:
        return np.zeros(len(pictures), bool)
    a, b = (p.reshape(len(p), -1).astype(np.float64) for p in (pictures, among))
    found = []
    for part in np.array_split(a, len(a) // 500 + 1):
        near = np.partition(distances(part, b), (first, first + 1), axis=1)
        found.append(2 * near[:, first] < near[:, first + 1])
    return np.concatenate(found)


def _different(pictures: Pixels) -> Pixels:
    """Each picture once: equal samples are one throw of the coin, not many."""
    flat = np.unique(pictures.reshape(len(pictures), -1), axis=0)
    return flat.reshape(-1, *pictures.shape[1:])


def _closest(
    far: NDArray[np.float64], whose: NDArray[np.intp], names: Sequence[str]
) -> list[dict[str, Any]]:
    return [
        {
            "sample": int(i),
            "train": str(names[int(whose[i])]) if names else int(whose[i]),
            "distance": _rounded(far[i]),
        }
        for i in np.argsort(far, kind="stable")[:_SHOWN]
    ]


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

"""Asking whether works made from a set may be published, and what is missing if not.

Not legal advice: it finds what is not stated, licences that plainly say no, and pictures that make
figures lie. What it cannot see, such as a licence that somebody stated wrongly, it cannot find.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from medici.content import picture_digest
from medici.errors import WrongUse
from medici.records import Digest
from medici.studio.data.folder import LEAST
from medici.studio.data.licences import forbids
from medici.studio.data.manifest import credited, credits_root, data_root
from medici.studio.data.parts import LOOKED_AT, Part, parts
from medici.studio.data.similar import Looks, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

MUST = "must"
SHOULD = "should"
_EXAMPLES = 10
_FEW = 50
_CLASSES = 20
_IMBALANCE = 10
_SAYS = {
    "no-commercial": "forbids commercial use",
    "no-derivatives": "forbids derived works",
    "restricted": "restricts use in ways that somebody must read",
    "own": "is a licence of somebody's own, to be read",
    "share-alike": "asks that derived works carry it too, where they derive from the pictures",
}


@dataclass(slots=True)
class _Findings:
    found: list[dict[str, Any]] = field(default_factory=list)

    def add(self, level: str, code: str, count: int, message: str, files: list[str]) -> None:
        """Note something; `count` of zero is nothing."""
        if count:
            entry = {"level": level, "code": code, "count": count, "message": message}
            self.found.append({**entry, "files": files[:_EXAMPLES]})


@dataclass(slots=True)
class _Seen:
    """One part's pictures after looking at them."""

    part: Part
    names: list[str] = field(default_factory=list)
    digests: list[Digest] = field(default_factory=list)
    looks: Looks | None = None

    def look(self) -> None:
        """Go through the pictures once."""

        def passing() -> Iterator[NDArray[np.uint8]]:
            for names, pixels in self.part.chunks():
                self.names += names
                self.digests += [Digest(picture_digest(p)) for p in pixels]
                yield pixels

        self.looks = Looks.of(passing())


def audit(folder: Path) -> dict[str, Any]:
    """What must and what should be mended before works made from a set are published.

    Returns:
        ``publishable``, and ``findings``: each with a level (``must``, ``should``), a code,
        a count, a sentence and the first files.

    Raises:
        BadData: nothing to judge.
        MissingPart: the library that knows SPDX is not installed.
    """
    seen = [_Seen(part) for part in parts(folder)]
    told = _Findings()
    for one in seen:
        one.look()
        where = f"{one.part.name}: " if one.part.name else ""
        _unusable(one, where, told)
        _changed(one, where, told)
        _credits(one.part, where, told)
        _copies(one, where, told)
        _balance(one.part, where, told)
    for left, right in combinations(seen, 2):
        _leaks(left, right, told)
    order = sorted(told.found, key=lambda f: (f["level"], f["code"]))
    return {
        "folder": str(folder.absolute()),
        "publishable": not any(f["level"] == MUST for f in order),
        "count": sum(one.part.count for one in seen),
        "compared": sum(len(one.names) for one in seen),
        "findings": order,
    }


def _unusable(one: _Seen, where: str, told: _Findings) -> None:
    bad = one.part.bad
    files = [entry["message"] for entry in bad]
    told.add(MUST, "bad-pictures", len(bad), f"{where}files that cannot be used: {len(bad)}", files)
    count = one.part.count
    if count < LEAST:
        told.add(MUST, "too-few", 1, f"{where}{count} pictures; {LEAST} are the least", [])
    elif count < _FEW:
        message = f"{where}{count} pictures: a model will learn them by heart"
        told.add(SHOULD, "few", 1, message, [])


def _changed(one: _Seen, where: str, told: _Findings) -> None:
    """Whether pictures and credits are still those that the manifest names."""
    manifest = one.part.manifest
    if manifest is None or one.part.count > LOOKED_AT:
        return
    if not one.digests or data_root(one.digests) != manifest.get("root"):
        message = f"{where}the pictures are not those of the manifest: the root differs"
        told.add(MUST, "changed", 1, message, [])
    elif "credits_root" in manifest:
        both = zip(one.digests, one.part.credits(), strict=True)
        if credits_root(both) != manifest["credits_root"]:
            message = f"{where}licences, authors, owners or consents are not those of the manifest"
            told.add(MUST, "changed-credits", 1, message, [])


def _credits(part: Part, where: str, told: _Findings) -> None:
    missing: defaultdict[str, list[str]] = defaultdict(list)
    licences: Counter[str] = Counter()
    for i, sample in enumerate(part.samples()):
        said = credited(sample, part.source)
        name = str(sample.get("file") or sample.get("original") or i)
        for key in ("licence", "author", "consent", "owner"):
            if key not in said:
                missing[key].append(name)
        if "licence" in said:
            licences[said["licence"]] += 1
    for key, level in (("licence", MUST), ("author", MUST), ("consent", MUST), ("owner", SHOULD)):
        files = missing[key]
        extra = "; nobody can be paid for them" if key == "owner" else ""
        message = f"{where}no {key} stated for {len(files)} of {part.count} pictures{extra}"
        told.add(level, f"no-{key}", len(files), message, files)
    for licence, count in sorted(licences.items()):
        try:
            flags = forbids(licence)
        except WrongUse as error:
            message = f"{where}{error.message}: {count} of {part.count} pictures"
            told.add(MUST, "licence-unknown", count, message, [])
            continue
        for flag in sorted(flags):
            level = SHOULD if flag in ("own", "share-alike") else MUST
            message = f"{where}{licence} {_SAYS[flag]}: {count} of {part.count} pictures"
            told.add(level, f"licence-{flag}", count, message, [])


def _copies(one: _Seen, where: str, told: _Findings) -> None:
    counts = Counter(one.digests)
    files = [n for n, d in zip(one.names, one.digests, strict=True) if counts[d] > 1]
    told.add(SHOULD, "copies", len(files), f"{where}exact copies: {len(files)} pictures", files)
    assert one.looks is not None
    near = {n for i, j, _ in pairs(one.looks) if one.digests[i] != one.digests[j] for n in (i, j)}
    files = [one.names[i] for i in sorted(near)]
    message = f"{where}near-duplicates: {len(files)} pictures"
    told.add(SHOULD, "near-duplicates", len(files), message, files)


def _leaks(left: _Seen, right: _Seen, told: _Findings) -> None:
    """Pictures of one split that are also in another: figures measured there would lie."""
    assert left.looks is not None
    assert right.looks is not None
    both = f"{left.part.name} and {right.part.name}"
    known = set(left.digests)
    files = [n for n, d in zip(right.names, right.digests, strict=True) if d in known]
    told.add(MUST, "leak", len(files), f"in both {both}: {len(files)} of {len(right.names)}", files)
    near = {
        j
        for i, j, _ in pairs(left.looks, right.looks)
        if left.digests[i] != right.digests[j] and right.digests[j] not in known
    }
    files = [right.names[j] for j in sorted(near)]
    share = len(files) / max(1, len(right.names))
    # Fresh draws of one drawing programme now and then fall close together; that alone is no leak.
    level = MUST if share > 0.01 else SHOULD
    message = f"near-duplicates in {both}: {len(files)} of {len(right.names)} pictures"
    told.add(level, "near-leak", len(files), message, files)


def _balance(part: Part, where: str, told: _Findings) -> None:
    values: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sample in part.samples():
        for key, value in sample.get("attributes", {}).items():
            values[key][str(value)] += 1
    for key, counts in sorted(values.items()):
        if not 2 <= len(counts) <= _CLASSES:
            continue
        (most, high), (least, low) = counts.most_common()[0], counts.most_common()[-1]
        if high >= _IMBALANCE * low:
            message = f"{where}{key}: {most} {high} times, {least} {low} times"
            told.add(SHOULD, "imbalance", 1, message, [])

"""Builds a data set from any sources: read, checked, brought to size, freed of copies, credited.

A build first reads everything into a spool beside the target, then writes the whole set there, and
at last renames it into place: the target is never half a set. What was read stays in the spool when
a build stops, so that the same command goes on instead of starting again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import __version__ as pillow_version

from medici.errors import BadData, Interrupted, MediciError, WrongUse
from medici.records import Address
from medici.studio.data import writing
from medici.studio.data.folder import LEAST
from medici.studio.data.licences import normalise
from medici.studio.data.manifest import SPLIT_NAME
from medici.studio.data.picture import (
    BUILT_WITH,
    SCORES_TRAIN,
    Reading,
    Unusable,
    decode,
    printable,
)
from medici.studio.data.sources import Item, Source, open_source
from medici.studio.data.spool import Spool, room
from medici.studio.data.svg import SUFFIX as SVG
from medici.studio.data.svg import rasterise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

REST = "train"
_LISTED = 10
_normalise = cache(normalise)
_TOLD = 1000


@dataclass(frozen=True, slots=True)
class Credits:
    """What is said of every sample whose source says nothing else.

    Attributes:
        licence: SPDX expression.
        author: who made the originals.
        owner: who is owed for their use: a name or a chain address.
        consent: how the author agreed to training.
    """

    licence: str | None = None
    author: str | None = None
    owner: str | None = None
    consent: str | None = None

    def stated(self) -> dict[str, str]:
        """Those that are stated, checked.

        Raises:
            WrongUse: the licence is none of SPDX's, or the owner a malformed address.
        """
        said = {k: v.strip() for k in self.__slots__ if (v := getattr(self, k)) and v.strip()}
        return checked(said)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a set is built.

    Attributes:
        reading: how files become samples.
        credits: for samples whose source says nothing.
        title: of the set; its folder's name by default.
        splits: share of the samples of each split; the rest is called ``train``.
        shards: write tar shards for reading lazily, instead of one file a sample.
        skip_bad: leave out what cannot be used, instead of stopping.
        replace: put the new set in place of another that is there.
    """

    reading: Reading = field(default_factory=Reading)
    credits: Credits = field(default_factory=Credits)
    title: str | None = None
    splits: Mapping[str, float] = field(default_factory=dict)
    shards: bool = False
    skip_bad: bool = False
    replace: bool = False

    def __post_init__(self) -> None:
        for name, share in self.splits.items():
            if not SPLIT_NAME.fullmatch(name) or name == REST:
                raise WrongUse(f"a split cannot be called {name!r}", "names like tune or judge")
            if not 0 < share < 1:
                raise WrongUse(f"split {name} has share {share}", "shares lie between 0 and 1")
        if sum(self.splits.values()) >= 1:
            raise WrongUse("the splits leave nothing to train on", "shares must sum to less than 1")


@dataclass(slots=True)
class _Tally:
    """What happened to the files."""

    read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    converted: Counter[str] = field(default_factory=Counter)
    bad: list[dict[str, str]] = field(default_factory=list)
    copies: list[dict[str, str]] = field(default_factory=list)


def build(
    sources: Sequence[str],
    out: Path,
    plan: Plan,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Build a data set from folders, archives, packages and Hugging Face data sets.

    The same pictures give the same root, whatever their order, their names or where they come from:
    samples are named by their content.

    Args:
        sources: paths, ``hf:NAME[:SPLIT]``, ``npm:PACKAGE``, ``pypi:PACKAGE``.
        out: becomes the set's folder.
        plan: how.
        progress: told the number of files read so far.

    Returns:
        the report: folder, root, count, splits, what was left out and converted.

    Raises:
        BadData: files cannot be used (up to ten are named), or too few pictures are left.
        Interrupted: stopped by the user; the same call goes on.
        MissingPart: a library is not installed, a package not there, or the disk full.
        WrongUse: a setting makes no sense, or `out` holds something else.
    """
    said = plan.credits.stated()
    out = out.absolute()
    _check_target(out, sources)
    settings = {"reading": repr(plan.reading), "pillow": pillow_version, "resvg": _resvg()}
    tally = _Tally()
    opened = [open_source(text) for text in sources]
    with room(out), Spool(out.parent / f".{out.name}.building", settings) as spool:
        try:
            for source in opened:
                _read_all(source, spool, plan, said, tally, progress)
                tally.left_out.update(source.passed_over)
            if tally.bad and not plan.skip_bad:
                raise _bad(tally)
            _check_count(spool, out, tally)
            _split(spool, plan.splits)
            title = plan.title or printable(out.name)
            about = writing.describe(spool, title, [s.name for s in opened], said)
            result = writing.write(
                spool, out, about, plan.reading.side, shards=plan.shards, replace=plan.replace
            )
        except KeyboardInterrupt:
            raise Interrupted(
                f"stopped after {tally.read} files",
                "the same command goes on where this one stopped",
            ) from None
        except MediciError:
            if not spool.used:
                spool.discard()
            raise
        spool.discard()
    return {
        "folder": str(out),
        **result,
        "read": tally.read,
        "left_out": dict(sorted(tally.left_out.items())),
        "converted": dict(sorted(tally.converted.items())),
        "bad_files": tally.bad[:_TOLD],
        "copies": tally.copies[:_TOLD],
    }


def checked(about: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a sample, with its licence in canonical spelling and its owner checked.

    Raises:
        WrongUse: the licence is none of SPDX's, or the owner a malformed address.
    """
    found = dict(about)
    if found.get("licence"):
        found["licence"] = _normalise(str(found["licence"]))
    owner = str(found.get("owner") or "")
    if owner.lower().startswith("0x"):
        found["owner"] = str(Address(owner))
    return found


def _read_all(
    source: Source,
    spool: Spool,
    plan: Plan,
    said: Mapping[str, str],
    tally: _Tally,
    progress: Callable[[int], None],
) -> None:
    """Take one source's pictures into the spool."""
    for item in source.items:
        tally.read += 1
        progress(tally.read)
        try:
            sha256, digest, converted = _sample(item, spool, plan.reading)
            about = checked({**said, **item.about})
        except Unusable as error:
            _leave_out(tally, item, error.reason, f"{item.place} {error.words}")
        except WrongUse as error:
            _leave_out(tally, item, "credits", f"{item.place}: {error.message}")
        else:
            about = {k: v for k, v in about.items() if k not in ("original", "sha256")}
            other = spool.add(digest, f"{source.name}/{item.name}", sha256, about)
            if other is None:
                tally.converted.update(converted)
            else:
                tally.left_out["copy"] += 1
                if len(tally.copies) < _TOLD:
                    tally.copies.append({"file": item.place, "copy_of": other})
        if len(tally.bad) >= _LISTED and not plan.skip_bad:
            raise _bad(tally)


def _leave_out(tally: _Tally, item: Item, reason: str, message: str) -> None:
    tally.left_out[reason] += 1
    if len(tally.bad) < _TOLD:
        tally.bad.append({"file": item.place, "reason": reason, "message": message})


def _sample(item: Item, spool: Spool, how: Reading) -> tuple[bytes, bytes, tuple[str, ...]]:
    """Hash of the original, digest of the sample, and what was converted."""
    data = item.read()
    drawn = item.name.lower().endswith(SVG)
    # The same bytes are drawn or decoded by what their name says they are.
    sha256 = hashlib.sha256(data).digest()
    key = hashlib.sha256(b"svg" + data).digest() if drawn else sha256
    known = spool.known(key)
    if known is None:
        try:
            pixels, converted = decode(rasterise(data, how) if drawn else data, how)
        except Unusable as error:
            spool.refuse(key, error)
            raise
        known = spool.put(key, pixels, converted), converted
    return sha256, known[0], known[1]


def _bad(tally: _Tally) -> BadData:
    """One error for all files that cannot be used, up to ten of them named."""
    lines = [entry["message"] for entry in tally.bad[:_LISTED]]
    message = lines[0]
    if len(tally.bad) > 1:
        some = f"at least {_LISTED}" if len(tally.bad) >= _LISTED else str(len(tally.bad))
        message = f"{some} files cannot be used:\n  " + "\n  ".join(lines)
    found = {entry["reason"] for entry in tally.bad}
    options = [option for reason, option in BUILT_WITH.items() if reason in found]
    ways = ["mend or remove them", *(f"give {option}" for option in options)]
    return BadData(message, f"{', '.join(ways)}, or leave them out with --skip-bad")


def _check_count(spool: Spool, out: Path, tally: _Tally) -> None:
    count = spool.count()
    copies = tally.left_out["copy"]
    if count == 1 and copies:
        raise BadData(f"all {copies + 1} pictures are the same", "add different ones")
    if count < LEAST:
        left = ", ".join(f"{n} {why}" for why, n in sorted(tally.left_out.items()))
        hint = f"left out: {left}" if left else "add pictures"
        if tally.left_out["score"]:
            hint = f"{hint}; {SCORES_TRAIN}"
        raise BadData(
            f"{out} would hold {count} pictures; at least {LEAST} different ones are needed",
            hint,
        )


def _check_target(out: Path, sources: Sequence[str]) -> None:
    for source in sources:
        place = Path(source)
        if place.is_dir() and out.resolve().is_relative_to(place.resolve()):
            raise WrongUse(
                f"{out} lies in {place}, which is read from", "give a folder outside of the sources"
            )
    if out.exists() and not out.is_dir():
        raise WrongUse(f"{out} is a file", "give a folder that does not exist yet")
    if out.is_dir() and any(out.iterdir()) and not writing.is_set(out):
        raise WrongUse(
            f"{out} holds something that is no data set of ours",
            "give a folder that does not exist yet",
        )


def _split(spool: Spool, splits: Mapping[str, float]) -> None:
    """Deal the samples out by a hash of their digests, in exact shares.

    A sample's luck depends on nothing but itself: when a set grows, hardly any sample changes
    sides, and none is drawn for looking easy.
    """
    if not splits:
        return
    drawn = sorted(
        spool.digests(), key=lambda d: hashlib.sha256(b"medici/split/1" + d.raw).digest()
    )
    counts = {name: round(share * len(drawn)) for name, share in splits.items()}
    counts[REST] = len(drawn) - sum(counts.values())
    for name, count in counts.items():
        if count < LEAST:
            raise BadData(
                f"split {name} would hold {count} pictures; at least {LEAST} are needed",
                "give it a larger share, or add pictures",
            )
    at = 0
    for name, count in counts.items():
        spool.assign(name, drawn[at : at + count])
        at += count


def _resvg() -> str:
    from importlib import metadata

    try:
        return metadata.version("resvg_py")
    except metadata.PackageNotFoundError:
        return ""

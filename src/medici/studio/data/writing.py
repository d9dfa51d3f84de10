"""Writes a built set: pictures or shards, ``source.json``, ``manifest.json``, in one rename."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from medici.errors import BadData, WrongUse
from medici.store import atomic_write
from medici.studio.data.croissant import CROISSANT, croissant
from medici.studio.data.licences import together
from medici.studio.data.manifest import (
    MANIFEST,
    NOT_STATED,
    SCHEMA,
    SOURCE,
    SOURCE_SCHEMA,
    Tree,
    credit_leaf,
    credited,
    data_root,
    read_manifest,
    sample_leaf,
)
from medici.studio.data.shards import INDEX, write_shards

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from medici.studio.data.spool import Sample, Spool

__all__ = ["MANIFEST", "describe", "write"]


def describe(
    spool: Spool, title: str, sources: Sequence[str], said: Mapping[str, str]
) -> dict[str, Any]:
    """What is true of the whole set, from what is said of its samples.

    A licence or consent stands here only when every sample has one; a licence that covers all
    is the conjunction of theirs.
    """
    licences = list(spool.said("licence"))
    consents = list(spool.said("consent"))
    about: dict[str, Any] = {"schema": SOURCE_SCHEMA, "title": title}
    if None not in licences:
        about["licence"] = together(str(one) for one in licences)
    about["authors"] = sorted({str(a) for a in spool.said("author") if a})
    if len(consents) == 1 and consents[0]:
        about["consent"] = consents[0]
    if said.get("owner") and list(spool.said("owner")) == [said["owner"]]:
        about["owner"] = said["owner"]
    about["source"] = ", ".join(sources)
    about["made_by"] = "medici data build"
    return about


def write(
    spool: Spool,
    out: Path,
    about: Mapping[str, Any],
    side: int,
    *,
    shards: bool,
    replace: bool,
) -> dict[str, Any]:
    """Write the set beside its place, then move it there.

    Returns:
        root, count, side, licence, splits, and whether the same set was there already.

    Raises:
        WrongUse: another set is there and `replace` was not asked for.
    """
    fresh = spool.folder / "set"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    names = [name for name in spool.splits() if name]
    if names:
        told = {n: _write_set(spool, n, fresh / n, about, side, shards=shards) for n in names}
        whole = {
            "schema": SCHEMA,
            "about": {k: v for k, v in about.items() if k != "schema"},
            "licence": about.get("licence", NOT_STATED),
            "count": sum(m["count"] for m in told.values()),
            "size": [side, side],
            "root": data_root(spool.digests()),
            "splits": {n: {"count": m["count"], "root": m["root"]} for n, m in told.items()},
        }
        _write_json(fresh / MANIFEST, whole)
    else:
        whole = _write_set(spool, "", fresh, about, side, shards=shards)
    unchanged = _place(fresh, out, whole, replace=replace)
    return {
        "root": whole["root"],
        "count": whole["count"],
        "side": side,
        "licence": whole["licence"],
        "splits": whole.get("splits", {}),
        "shards": len(whole["shards"]) if "shards" in whole else 0,
        "unchanged": unchanged,
    }


def _write_set(
    spool: Spool, split: str, place: Path, about: Mapping[str, Any], side: int, *, shards: bool
) -> dict[str, Any]:
    place.mkdir(exist_ok=True)
    tree, credit_tree = Tree(), Tree()

    def passing(samples: Iterator[Sample]) -> Iterator[Sample]:
        for sample in samples:
            tree.add(sample_leaf(sample.digest))
            credit_tree.add(credit_leaf(sample.digest, credited(sample.about, about)))
            yield sample

    samples = passing(spool.samples(split))
    if shards:
        listed: dict[str, Any] = {"shards": write_shards(place, samples)}
        source = dict(about)
    else:
        described = []
        listed = {"samples": []}
        for sample in samples:
            name = f"{sample.stem}.png"
            atomic_write(place / name, sample.png, durable=False)
            described.append({"file": name, **sample.about})
            listed["samples"].append({"file": name, "digest": sample.digest})
        source = {**about, "samples": described}
    _write_json(place / SOURCE, source)
    manifest = {
        "schema": SCHEMA,
        "about": {k: v for k, v in about.items() if k != "schema"},
        "licence": about.get("licence", NOT_STATED),
        "count": tree.count,
        "size": [side, side],
        "root": tree.root,
        "credits_root": credit_tree.root,
        **({"transparent": spool.transparent(split)} if shards else {}),
        **listed,
    }
    _write_json(place / MANIFEST, manifest)
    _write_json(place / CROISSANT, croissant(manifest, place))
    return manifest


def _place(fresh: Path, out: Path, whole: Mapping[str, Any], *, replace: bool) -> bool:
    """Move the set to its place; True when the same one is there already."""
    if out.is_dir() and any(out.iterdir()):
        there = read_manifest(out)
        if there == json.loads(json.dumps(whole)):
            return True
        if not replace:
            raise WrongUse(
                f"{out} holds another data set", "add --replace to put this one in its place"
            )
        foreign = _foreign(out, there or {})
        if foreign is not None:
            raise WrongUse(
                f"{foreign} is no part of the data set in {out}, and would be lost",
                "move it elsewhere, or build into another folder",
            )
        old = fresh.parent / "old"
        shutil.rmtree(old, ignore_errors=True)
        out.rename(old)
    elif out.is_dir():
        out.rmdir()
    fresh.rename(out)
    return False


def is_set(place: Path) -> bool:
    """Whether a folder holds a set that was built here."""
    try:
        return (read_manifest(place) or {}).get("schema") == SCHEMA
    except BadData:
        return False


def _foreign(place: Path, manifest: Mapping[str, Any]) -> Path | None:
    """A file or folder in a set's folder that the set did not bring there."""
    listed = [*manifest.get("samples", []), *manifest.get("shards", [])]
    splits = manifest.get("splits", {})
    own = {MANIFEST, SOURCE, CROISSANT, INDEX, *(entry["file"] for entry in listed)}
    for path in sorted(place.iterdir()):
        if path.name in splits:
            found = _foreign(path, read_manifest(path) or {}) if path.is_dir() else path
            if found is not None:
                return found
        elif path.name not in own:
            return path
    return None


def _write_json(path: Path, said: Mapping[str, Any]) -> None:
    atomic_write(path, (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode())

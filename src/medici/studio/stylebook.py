"""The style book: the firm's styles by version, and the style that a version gives a seed.

A version is data with one digest, and names the digest of the one before it, so that a vote on a
style is a vote on exactly these numbers. Records name versions (`GenerationRecord.style_version`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from medici.errors import BadStyle, UnreadableFile, WrongUse
from medici.records import ZERO_DIGEST, Digest, canonical_json
from medici.store import atomic_write
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_DOMAIN = b"medici/stylebook/1\0"
_MOST_WEIGHT = 1_000_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a key may take, and how often."""

    value: Any
    weight: int = 1


@dataclass(frozen=True, slots=True)
class StyleVersion:
    """One version of the firm's style.

    Attributes:
        version: 1, 2, 3 …
        name: for people.
        style: what every work starts from.
        choices: by key, the values that seeds draw from, with weights: palettes, grounds, classes.
        bounds: by key, the least and greatest number a style may name.
        allowed: keys that a style may name at all; None allows every key of the model.
        note: why this version is.
        parent: digest of the version before; zeros for the first.
    """

    version: int = 1
    name: str = "first"
    style: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    allowed: tuple[str, ...] | None = None
    note: str = ""
    parent: Digest = ZERO_DIGEST

    def __post_init__(self) -> None:
        if self.version < 1:
            raise WrongUse("versions of a style count from 1")
        for key, choices in self.choices.items():
            weights = [choice.weight for choice in choices]
            if not choices or any(
                type(w) is not int or not 0 <= w <= _MOST_WEIGHT for w in weights
            ):
                raise WrongUse(f"choices of {key} need whole weights from 0 to {_MOST_WEIGHT}")
            if not sum(weights):
                raise WrongUse(f"no choice of {key} has any weight")
        for key, (low, high) in self.bounds.items():
            if not low <= high:
                raise WrongUse(f"bounds of {key} are the wrong way round: {low} to {high}")
        self.check(self.style)
        for key, choices in self.choices.items():
            for choice in choices:
                self.check({key: choice.value})

    def style_for(self, seed: int, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The style of a seed's work under this version; the same everywhere.

        Each key with choices is drawn by SHAKE-256 over the domain tag, this version's digest, the
        key and the seed: 8 bytes, big-endian, modulo the sum of weights.

        Args:
            seed: the work's.
            more: what the caller wants otherwise; it must keep to the bounds, too.

        Raises:
            BadStyle: `more` leaves the bounds or names a key that is not allowed.
        """
        self.check(more or {})
        drawn = {
            key: _draw(_DOMAIN + self.digest.raw + key.encode() + b"\0" + str(seed).encode(), some)
            for key, some in sorted(self.choices.items())
        }
        return {**self.style, **drawn, **(more or {})}

    def check(self, style: Mapping[str, Any]) -> None:
        """Check a style against bounds and allowed keys.

        Raises:
            BadStyle: it leaves them; the message names the key.
        """
        for key, value in style.items():
            if self.allowed is not None and key not in self.allowed:
                raise BadStyle(
                    f"style version {self.version} does not allow {key}",
                    "allowed: " + (", ".join(self.allowed) or "none"),
                )
            if key in self.bounds and value is not None:
                low, high = self.bounds[key]
                number = isinstance(value, int | float) and not isinstance(value, bool)
                if not number or not low <= value <= high:
                    raise BadStyle(
                        f"style version {self.version}: {key} cannot be {value!r}",
                        f"{low:g} to {high:g}",
                    )

    @property
    def digest(self) -> Digest:
        """SHA-256 of the canonical version; what a vote names."""
        return Digest.of(canonical_json(self.as_json()))

    def as_json(self) -> dict[str, Any]:
        """Schema ``medici/style/1``; plain JSON, read back by `from_json`."""
        return {
            "schema": "medici/style/1",
            "version": self.version,
            "name": self.name,
            "style": dict(self.style),
            "choices": {
                key: [{"value": c.value, "weight": c.weight} for c in some]
                for key, some in self.choices.items()
            },
            "bounds": {key: list(pair) for key, pair in self.bounds.items()},
            "allowed": None if self.allowed is None else list(self.allowed),
            "note": self.note,
            "parent": self.parent,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StyleVersion:
        """Read what `as_json` wrote.

        Raises:
            WrongUse, BadStyle: a field is missing, malformed or out of its own bounds.
        """
        try:
            if data["schema"] != "medici/style/1":
                raise WrongUse(f"unknown style schema {data['schema']!r}")
            return cls(
                version=int(data["version"]),
                name=str(data["name"]),
                style=dict(data["style"]),
                choices={
                    key: tuple(Choice(c["value"], c["weight"]) for c in some)
                    for key, some in data["choices"].items()
                },
                bounds={key: (low, high) for key, (low, high) in data["bounds"].items()},
                allowed=None if data["allowed"] is None else tuple(map(str, data["allowed"])),
                note=str(data["note"]),
                parent=Digest(data["parent"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WrongUse(f"style version is malformed: {error}") from error


@dataclass(frozen=True, slots=True)
class StyleBook:
    """All versions of the firm's style, oldest first; nothing is ever taken out.

    Raises:
        WrongUse: versions do not count from 1 without a gap, or one does not name its parent.
    """

    versions: tuple[StyleVersion, ...] = (StyleVersion(),)

    def __post_init__(self) -> None:
        parent = ZERO_DIGEST
        for number, version in enumerate(self.versions, 1):
            if version.version != number or version.parent != parent:
                raise WrongUse(
                    f"style version {version.version} does not follow the one before it",
                    "versions count from 1, each names its parent's digest",
                )
            parent = version.digest
        if not self.versions:
            raise WrongUse("a style book has at least one version")

    @property
    def latest(self) -> StyleVersion:
        """The newest version."""
        return self.versions[-1]

    def __getitem__(self, version: int) -> StyleVersion:
        """A version by its number.

        Raises:
            WrongUse: there is none.
        """
        if not 1 <= version <= len(self.versions):
            raise WrongUse(f"there is no style version {version}", f"1 to {len(self.versions)}")
        return self.versions[version - 1]

    def draft(self, name: str, note: str = "", **changes: Any) -> StyleVersion:
        """The next version as it would be: the latest with these changes. It is not in the book.

        Raises:
            WrongUse, BadStyle: what the version's own check says.
        """
        last = self.latest
        return replace(
            last, version=last.version + 1, name=name, note=note, parent=last.digest, **changes
        )

    def adopt(self, version: StyleVersion) -> StyleBook:
        """The book with one more version, after whoever decides has decided.

        Raises:
            WrongUse: it does not follow the latest.
        """
        return StyleBook((*self.versions, version))

    def save(self, path: Path) -> None:
        """Write the book as JSON."""
        data = {"schema": "medici/stylebook/1", "versions": [v.as_json() for v in self.versions]}
        atomic_write(path, json.dumps(data, indent=2, ensure_ascii=False).encode() + b"\n")

    @classmethod
    def load(cls, path: Path) -> StyleBook:
        """Read what `save` wrote, and check the chain of digests.

        Raises:
            UnreadableFile: the file is not there or no JSON.
            WrongUse: it is no style book, or one that was changed afterwards.
        """
        try:
            data = read_json(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UnreadableFile(f"{path} is no style book: {error}") from error
        if not isinstance(data, dict) or data.get("schema") != "medici/stylebook/1":
            raise WrongUse(f"{path} is no style book")
        return cls(tuple(StyleVersion.from_json(v) for v in data.get("versions", ())))


def _draw(message: bytes, choices: Sequence[Choice]) -> Any:
    number = int.from_bytes(hashlib.shake_256(message).digest(8), "big")
    mark = number % sum(choice.weight for choice in choices)
    for choice in choices:
        mark -= choice.weight
        if mark < 0:
            return choice.value
    raise AssertionError("weights are positive in sum")

"""Fingerprints of pictures: finding the work that a changed copy comes from.

Two of them, because neither suffices. PDQ (256 bits) is the robust one for photographs and rich
pictures, but calls portraits of one collection alike that are not. The sketch (16×16 mean colours)
tells flat and pixel art apart by looking, and is compared under small crops. A sketch that carries
no information (a texture is one colour from afar) has no say. docs/spec/verification.md has the
measured rates.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.errors import UnreadableFile, WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from medici.records import WorkId

DERIVED_AT_MOST = 31
LOOK_CLOSER_AT_MOST = 64
QUALITY_AT_LEAST = 50
# A cell of two sketches is unlike when a channel differs by more; measured, see the specification.
UNLIKE_LEVELS = 40
UNLIKE_SHARE = 0.02
# Mean absolute deviation, in grey levels, below which a sketch says nothing.
SKETCH_CONTRAST = 12.0
_SIDE = 16
_PROBE = 64
_CANDIDATES = 12
_INSETS = (0.0, 0.025, 0.05, 0.075, 0.1)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of a picture to recognise its copies.

    Attributes:
        pdq: 256-bit perceptual hash. Source: Meta, PDQ.
        quality: PDQ's own figure of how much the picture gives it, 0 to 100.
        sketch: 16×16 RGB mean colours over white, row-major, 768 bytes.
    """

    pdq: int
    quality: int
    sketch: bytes

    def distance(self, other: Fingerprint) -> int:
        """Differing bits of the two PDQ hashes, 0 to 256."""
        return (self.pdq ^ other.pdq).bit_count()

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        return {
            "pdq": f"{self.pdq:064x}",
            "quality": self.quality,
            "sketch": base64.b64encode(self.sketch).decode(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fingerprint:
        """Read what `as_json` wrote.

        Raises:
            UnreadableFile: a field is missing or malformed.
        """
        try:
            sketch = base64.b64decode(data["sketch"], validate=True)
            made = cls(int(data["pdq"], 16), int(data["quality"]), sketch)
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableFile(f"fingerprint is malformed: {error}") from error
        if len(sketch) != _SIDE * _SIDE * 3 or not 0 <= made.pdq < 1 << 256:
            raise UnreadableFile("fingerprint is malformed: wrong length")
        return made


@dataclass(frozen=True, slots=True)
class Query:
    """A picture that is looked for.

    Attributes:
        prints: fingerprints of its eight turned and mirrored views, itself first.
        probe: 64×64 RGB mean colours over white, row-major, 12,288 bytes.
    """

    prints: tuple[Fingerprint, ...]
    probe: bytes

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        return {"prints": [one.as_json() for one in self.prints], "probe": self.probe.hex()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Query:
        """Read what `as_json` wrote.

        Raises:
            UnreadableFile: a fingerprint is malformed.
        """
        prints = tuple(Fingerprint.from_json(one) for one in data["prints"])
        return cls(prints, bytes.fromhex(data["probe"]))


@dataclass(frozen=True, slots=True)
class Match:
    """A work that a picture or a sound may come from.

    Attributes:
        work: its id.
        distance: of 256: bits of PDQ that differ in the best view; of a sound, what its share of
            differing bits comes to.
        derived: certain enough to say so; else only similar.
        turned: the copy is turned or mirrored.
        unlike: share of compared sketch cells, or of a sound's bits, that differ, 0 to 1.
    """

    work: WorkId
    distance: int
    derived: bool
    turned: bool
    unlike: float


def _flat(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB over white."""
    import numpy as np

    if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.size == 0:
        raise WrongUse(f"a picture is (h, w, 4) uint8, not {pixels.shape}")
    if (pixels[..., 3] == 255).all():
        return np.ascontiguousarray(pixels[..., :3])
    alpha = pixels[..., 3:].astype(np.uint16)
    blended = (pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return np.ascontiguousarray(blended, dtype=np.uint8)


def _means(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    small = Image.fromarray(rgb).resize((side, side), Image.Resampling.BOX)
    return np.asarray(small)


def fingerprint(pixels: NDArray[np.uint8]) -> Fingerprint:
    """The fingerprint of a picture.

    Args:
        pixels: (h, w, 4) uint8, sRGB with straight alpha.
    """
    rgb = _flat(pixels)
    return Fingerprint(*_pdq(rgb), _means(rgb, _SIDE).tobytes())


def query(pixels: NDArray[np.uint8]) -> Query:
    """All that is needed to look for the picture's original.

    Args:
        pixels: (h, w, 4) uint8, sRGB with straight alpha.
    """
    rgb = _flat(pixels)
    sketch = _means(rgb, _SIDE)
    first = Fingerprint(*_pdq(rgb), sketch.tobytes())
    # PDQ looks at 64×64 means; from 128×128 the seven other views cost a sixteenth.
    small = _means(rgb, 2 * _PROBE)
    views = zip(_dihedral(small), _dihedral(sketch), strict=True)
    prints = [Fingerprint(*_pdq(view), seen.tobytes()) for view, seen in views]
    return Query((first, *prints[1:]), _means(rgb, _PROBE).tobytes())


def _pdq(rgb: NDArray[np.uint8]) -> tuple[int, int]:
    """PDQ hash as a number, and its quality."""
    import numpy as np
    import pdqhash

    bits, quality = pdqhash.compute(np.ascontiguousarray(rgb))
    return int.from_bytes(np.packbits(bits.astype(np.uint8)).tobytes(), "big"), int(quality)


def _dihedral(image: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The image, its three turns, and the mirror of each."""
    import numpy as np

    for base in (image, image[:, ::-1]):
        for turns in range(4):
            yield np.rot90(base, turns)


class Index:
    """The firm's fingerprints, searched exactly by brute force: no false miss, no tuning.

    Measured: docs/spec/verification.md. For millions of works use multi-index hashing instead.
    """

    def __init__(self, entries: Iterable[tuple[WorkId, Fingerprint]] = ()) -> None:
        self._entries = dict(entries)

    def add(self, work: WorkId, print_: Fingerprint) -> None:
        """Keep or replace the work's fingerprint."""
        self._entries[work] = print_

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[tuple[WorkId, Fingerprint]]:
        return iter(self._entries.items())

    def near(self, print_: Fingerprint, at_most: int = DERIVED_AT_MOST) -> list[WorkId]:
        """Works whose PDQ hash is within the distance, none of them of too low quality."""
        if print_.quality < QUALITY_AT_LEAST:
            return []
        return [
            work
            for work, kept in self._entries.items()
            if (kept.pdq ^ print_.pdq).bit_count() <= at_most and kept.quality >= QUALITY_AT_LEAST
        ]

    def search(self, asked: Query) -> list[Match]:
        """Works the picture may come from, surest first."""
        import numpy as np

        if not self._entries:
            return []
        works = list(self._entries)
        kept = list(self._entries.values())
        table = np.frombuffer(b"".join(k.sketch for k in kept), np.uint8)
        table = table.reshape(len(kept), _SIDE, _SIDE, 3)
        pairs: list[tuple[float, int, int]] = []
        for view, mine in enumerate(asked.prints):
            far = _apart(table, mine.sketch)
            distances = np.array([(k.pdq ^ mine.pdq).bit_count() for k in kept])
            few = min(_CANDIDATES, len(kept))
            pairs += [(float(far[i]), view, int(i)) for i in np.argpartition(far, few - 1)[:few]]
            # A close hash is looked at whatever the sketch says, so it sorts first.
            pairs += [
                (float(distances[i]) - 256, view, int(i))
                for i in np.flatnonzero(distances <= LOOK_CLOSER_AT_MOST)[:few]
            ]
        crops: dict[int, _Crops] = {}
        best: dict[int, Match] = {}
        probe = np.frombuffer(asked.probe, np.uint8).reshape(_PROBE, _PROBE, 3)
        turned = list(_dihedral(probe))
        for _, view, i in sorted(set(pairs))[: 2 * _CANDIDATES]:
            if view not in crops:
                crops[view] = _Crops(turned[view])
            match = _compare(works[i], asked.prints[view], kept[i], crops[view], view > 0)
            if match and (i not in best or _rank(match) < _rank(best[i])):
                best[i] = match
        return sorted(best.values(), key=_rank)


def _rank(match: Match) -> tuple[bool, float, int]:
    return not match.derived, match.unlike, match.distance


def _apart(table: NDArray[np.uint8], sketch: bytes) -> NDArray[np.float64]:
    """Mean absolute difference of a sketch to each of the table, in grey levels."""
    import numpy as np

    mine = np.frombuffer(sketch, np.uint8).reshape(_SIDE, _SIDE, 3).astype(np.int16)
    far = np.empty(len(table))
    for start in range(0, len(table), 4096):
        part = table[start : start + 4096].astype(np.int16)
        far[start : start + 4096] = np.abs(part - mine).mean(axis=(1, 2, 3))
    return far


def _compare(
    work: WorkId, mine: Fingerprint, kept: Fingerprint, crops: _Crops, turned: bool
) -> Match | None:
    import numpy as np

    distance = mine.distance(kept)
    sketch = np.frombuffer(kept.sketch, np.uint8).reshape(_SIDE, _SIDE, 3).astype(np.float32)
    hash_says = (
        distance <= LOOK_CLOSER_AT_MOST and min(mine.quality, kept.quality) >= QUALITY_AT_LEAST
    )
    if np.abs(sketch - sketch.mean(axis=(0, 1))).mean() < SKETCH_CONTRAST:
        if not hash_says:
            return None
        return Match(work, distance, distance <= DERIVED_AT_MOST, turned, 0.0)
    unlike = crops.unlike(sketch)
    derived = unlike <= UNLIKE_SHARE
    if not derived and not hash_says:
        return None
    return Match(work, distance, derived, turned, unlike)


class _Crops:
    """The sketches the whole would have, had the probe been cropped from it by up to a tenth."""

    def __init__(self, probe: NDArray[np.uint8]) -> None:
        import numpy as np

        spans = [_span(low, high) for low in _INSETS for high in _INSETS]
        weights = np.stack([w for w, _ in spans]).reshape(-1, _PROBE)
        shown = np.stack([s for _, s in spans])
        count = len(spans)
        source = probe.astype(np.float32)
        # (spans, 16, 64, 3): averaged down; then (spans, 16, spans, 16, 3): and across.
        tall = (weights @ source.reshape(_PROBE, -1)).reshape(count * _SIDE, _PROBE, 3)
        seen = np.einsum("rxc,kx->rkc", tall, weights, optimize=True)
        seen = seen.reshape(count, _SIDE, count, _SIDE, 3)
        self._seen = [np.ascontiguousarray(seen[..., channel]) for channel in range(3)]
        self._shown = shown[:, :, None, None] & shown[None, None]
        self._cells = self._shown.sum(axis=(1, 3))

    def unlike(self, sketch: NDArray[np.float32]) -> float:
        """The smallest share of unlike cells over the crops."""
        import numpy as np

        apart = np.zeros(self._shown.shape, bool)
        for channel, seen in enumerate(self._seen):
            apart |= np.abs(seen - sketch[None, :, None, :, channel]) > UNLIKE_LEVELS
        apart &= self._shown
        return float((apart.sum(axis=3).sum(axis=1) / self._cells).min())


def _span(low: float, high: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How a copy cropped by these shares at its two ends shows the sketch's cells.

    Returns:
        Weights (16, 64) that average the probe over each cell, and which cells are shown whole.
    """
    import numpy as np

    edges = (np.arange(_SIDE + 1) / _SIDE - low) / (1 - low - high) * _PROBE
    cells = np.arange(_PROBE)
    covered = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    weights = np.clip(covered, 0, None) / np.diff(edges)[:, None]
    shown = (edges[:-1] >= -1e-6) & (edges[1:] <= _PROBE + 1e-6)
    return weights.astype(np.float32), shown

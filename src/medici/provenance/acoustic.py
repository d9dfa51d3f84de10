"""Acoustic fingerprints: finding the work that a changed copy of a sound comes from.

After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002. Every 46 ms a
sub-fingerprint of 32 bits says, for 33 bands between 300 and 2,000 Hz, whether the step of energy
from a band to the next grew or shrank. Volume and encoding leave these signs alone; two sounds are
compared by the share of bits that differ, at the shift where fewest do. What the paper looks up in
a table is correlated here at every shift, and it takes a sub-fingerprint four times as often: we
do that of the sound that is asked about only. docs/spec/verification.md has the measured rates.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from medici.errors import UnreadableFile
from medici.provenance.fingerprint import Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from medici.records import Audio, WorkId

    Floats = NDArray[np.float32]

SCHEMA = "medici/acoustic/1"
DERIVED_AT_MOST = 0.22
"""Share of differing bits of a copy; measured, see the specification."""
LOOK_CLOSER_AT_MOST = 0.3
LEAST_SECONDS, LEAST_SHARE = 8.0, 0.5
"""Two sounds are compared where so much of them, and this share of the shorter, lie side by side:
two works of one model may well have a phrase in common."""
_BITS = 32
_LOWEST, _HIGHEST = 300.0, 2000.0
_WINDOW = 2048 / 5512.5
_HOP = _WINDOW / 8
_PHASES = 4
# Analysed at about this rate: nothing above the highest band is needed.
_RATE = 5512
# Quieter than the louder frames by more than 50 dB: noise of the encoder decides its bits.
_QUIET = 1e-5
_FRAMES_AT_A_TIME = 512
_DECIMATED_AT_A_TIME = 32_768


@dataclass(frozen=True, slots=True)
class AcousticPrint:
    """What is kept of a sound to recognise its copies.

    Attributes:
        bits: 4 bytes a frame of 46 ms, the lowest bands first.
        loud: a bit a frame, packed: whether anything is heard in it; else its bits do not count.
    """

    bits: bytes
    loud: bytes

    def __len__(self) -> int:
        return len(self.bits) // 4

    @property
    def heard(self) -> int:
        """In how many frames anything is heard."""
        return int.from_bytes(self.loud, "big").bit_count()

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        return {
            "schema": SCHEMA,
            "bits": base64.b64encode(self.bits).decode(),
            "loud": base64.b64encode(self.loud).decode(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AcousticPrint:
        """Read what `as_json` wrote.

        Raises:
            UnreadableFile: another schema, or malformed.
        """
        try:
            if data["schema"] != SCHEMA:
                raise UnreadableFile(f"unknown fingerprint schema {data['schema']!r}")
            bits, loud = (base64.b64decode(data[name], validate=True) for name in ("bits", "loud"))
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableFile(f"fingerprint is malformed: {error}") from error
        if len(bits) % 4 or len(loud) != -(-len(bits) // 32):
            raise UnreadableFile("fingerprint is malformed: wrong length")
        return cls(bits, loud)

    def signs(self) -> tuple[Floats, Floats]:
        """(32, frames) of 1 and -1, 0 where nothing is heard; and (frames,) of 1 and 0."""
        import numpy as np

        loud = np.unpackbits(np.frombuffer(self.loud, np.uint8), count=len(self))
        heard = loud.astype(np.float32)
        rows = np.unpackbits(np.frombuffer(self.bits, np.uint8)).reshape(-1, _BITS)
        return (rows.astype(np.float32).T * 2 - 1) * heard, heard


@dataclass(frozen=True, slots=True)
class AcousticQuery:
    """A sound that is looked for: its fingerprint begun at four instants of a frame."""

    prints: tuple[AcousticPrint, ...]

    def __bool__(self) -> bool:
        """Whether enough is heard in it to be compared."""
        return self.prints[0].heard >= LEAST_SECONDS / _HOP

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, read back by `from_json`."""
        return {"schema": SCHEMA, "prints": [one.as_json() for one in self.prints]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AcousticQuery:
        """Read what `as_json` wrote.

        Raises:
            UnreadableFile: malformed.
        """
        return cls(tuple(AcousticPrint.from_json(one) for one in data["prints"]))


def fingerprint(audio: Audio) -> AcousticPrint:
    """The fingerprint of a sound; empty when too little is heard in it to be compared."""
    asked = query(audio)
    return asked.prints[0] if asked else AcousticPrint(b"", b"")


def query(audio: Audio) -> AcousticQuery:
    """All that is needed to look for the sound's original."""
    import numpy as np

    energy, quiet = _energies(audio)
    steps = energy[:, :-1] - energy[:, 1:]
    bits = np.packbits(steps[_PHASES:] > steps[:-_PHASES], axis=1)
    whole = energy.sum(axis=1)[_PHASES:]
    loud = whole > max(quiet, _QUIET * float(np.quantile(whole, 0.9))) if len(whole) else whole > 0
    return AcousticQuery(
        tuple(
            AcousticPrint(bits[at::_PHASES].tobytes(), np.packbits(loud[at::_PHASES]).tobytes())
            for at in range(_PHASES)
        )
    )


def _energies(audio: Audio) -> tuple[NDArray[np.float64], float]:
    """Energy of each band at every quarter of a frame, (n, 33), and what is as good as silence."""
    import numpy as np

    wave, rate = _decimated(audio)
    size = round(_WINDOW * rate)
    hop = _HOP / _PHASES * rate
    count = max(int((len(wave) - size) / hop) + 1, 0) if len(wave) >= size else 0
    bands = np.empty((count, _BITS + 1))
    window = np.hanning(size).astype(np.float32)
    points = 1 << (size - 1).bit_length()
    edges = _LOWEST * (_HIGHEST / _LOWEST) ** (np.arange(_BITS + 2) / (_BITS + 1))
    bins = np.round(edges * points / rate).astype(int)
    starts = np.round(np.arange(count) * hop).astype(int)
    for first in range(0, count, _FRAMES_AT_A_TIME):
        part = starts[first : first + _FRAMES_AT_A_TIME, None] + np.arange(size)
        power = np.abs(np.fft.rfft(wave[part] * window, points)) ** 2
        sums = np.cumsum(power, axis=1, dtype=np.float64)
        sums = np.pad(sums, ((0, 0), (1, 0)))
        upto = sums[:, np.minimum(bins, power.shape[1])]
        bands[first : first + len(part)] = np.diff(upto, axis=1)
    # What a tone of one step of 16 bits would give.
    return bands, (size / 4) ** 2


def _decimated(audio: Audio) -> tuple[Floats, float]:
    """The channels' mean, low-passed and thinned out to about `_RATE`, and its rate."""
    import numpy as np

    wave = audio.samples.mean(axis=1, dtype=np.float32)
    every = max(audio.rate // _RATE, 1)
    if every == 1:
        return wave, float(audio.rate)
    reach = 8 * every
    at = np.arange(-reach, reach + 1)
    low_pass = np.sinc(0.9 * at / every) * np.hanning(len(at))
    low_pass = (low_pass / low_pass.sum()).astype(np.float32)
    spans = np.lib.stride_tricks.sliding_window_view(np.pad(wave, reach), len(at))[::every]
    parts = [
        spans[first : first + _DECIMATED_AT_A_TIME] @ low_pass
        for first in range(0, len(spans), _DECIMATED_AT_A_TIME)
    ]
    return np.concatenate(parts), audio.rate / every


def apart(asked: AcousticQuery, kept: AcousticPrint) -> float:
    """Share of bits that differ where the two are most alike; 1 if they cannot be compared."""
    return _least(_views(asked), kept)


class AcousticIndex:
    """The firm's sounds, compared with what is asked one by one, at every shift."""

    def __init__(self, entries: Iterable[tuple[WorkId, AcousticPrint]] = ()) -> None:
        self._entries = dict(entries)

    def search(self, asked: AcousticQuery) -> list[Match]:
        """Works the sound may come from, surest first."""
        views = _views(asked)
        found = []
        for work, kept in self._entries.items():
            share = _least(views, kept)
            if share <= LOOK_CLOSER_AT_MOST:
                derived = share <= DERIVED_AT_MOST
                found.append(Match(work, round(256 * share), derived, False, share))
        return sorted(found, key=lambda match: match.unlike)


class _Spectra:
    """A fingerprint's spectra along time, by length; those of a query serve for many works."""

    def __init__(self, print_: AcousticPrint) -> None:
        self._print = print_
        self._kept: dict[int, tuple[NDArray[np.complex64], NDArray[np.complex64]]] = {}

    def __len__(self) -> int:
        return len(self._print)

    @cached_property
    def _signs(self) -> tuple[Floats, Floats]:
        return self._print.signs()

    def of(self, length: int) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """(32, length / 2 + 1) of the signs, and (length / 2 + 1,) of where anything is heard."""
        import numpy as np

        if length not in self._kept:
            signs, heard = self._signs
            spectra = (np.fft.rfft(each, length) for each in (signs, heard))
            one, other = (each.astype(np.complex64) for each in spectra)
            self._kept[length] = one, other
        return self._kept[length]


def _views(asked: AcousticQuery) -> list[_Spectra]:
    return [_Spectra(print_) for print_ in asked.prints if len(print_)]


def _least(views: list[_Spectra], kept: AcousticPrint) -> float:
    mine = _Spectra(kept)
    return min((_apart(view, mine) for view in views), default=1.0) if len(kept) else 1.0


def _apart(one: _Spectra, other: _Spectra) -> float:
    """The smallest share of differing bits over all shifts; 1 when they never lie side by side."""
    import numpy as np

    length = 1 << (len(one) + len(other) - 1).bit_length()
    (signs, heard), (its_signs, its_heard) = one.of(length), other.of(length)
    alike = np.fft.irfft((signs * its_signs.conj()).sum(axis=0), length)
    shared = np.fft.irfft(heard * its_heard.conj(), length).round()
    shorter = min(float(heard[0].real), float(its_heard[0].real))
    enough = shared >= max(LEAST_SECONDS / _HOP, LEAST_SHARE * shorter)
    if not enough.any():
        return 1.0
    agreeing = alike[enough] / (_BITS * shared[enough])
    return float((1 - agreeing.max()) / 2)

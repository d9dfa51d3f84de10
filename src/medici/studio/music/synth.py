"""A small synthesiser in integers: the same samples on every machine.

Sines, pitches, envelopes and the hall are all worked out in whole numbers; no library of
mathematics takes part. docs/spec/exact-renderer.md says it in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from medici.records import Audio
from medici.studio.music.score import VOICES, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 44_100
TABLE_BITS = 13
TABLE = 1 << TABLE_BITS
"""Entries of one cycle of a wave."""
PARTIALS = 24
_PHASE_BITS = 32
_SINE_BITS = 15
_HIGHEST_PARTIAL = 9_000
_PEAK = 29_000
_A4 = 440
_FRACTION = 60
# Detune of left, centre and right in 1/65536 of the frequency: about two cents either way.
_DETUNE = (-83, 0, 79)
# Delays of the hall in frames, two for each side, and what comes back of each in 1/256.
_HALL = ((1687, 2251), (1931, 2473))
_RETURN = 190
_TAIL = 70_000
# How much louder a voice is, in 1/16, and how much of it goes left, in 1/16.
_GAINS = (16, 13, 13, 16)
_LEFT = (9, 5, 11, 7)


@dataclass(frozen=True, slots=True)
class Timbre:
    """How a voice sounds.

    Attributes:
        partials: amplitudes of the harmonics, any whole numbers; missing ones fall off.
        formants: (Hz, width, gain in 1/16) of resonances.
        attack: frames until a note is at full strength.
        release: frames that it takes to die away.
        hall: share of the hall in the mix, in 1/256.
    """

    partials: tuple[int, ...]
    formants: tuple[tuple[int, int, int], ...]
    attack: int
    release: int
    hall: int


TIMBRES: dict[str, Timbre] = {
    "organ": Timbre(
        (900, 620, 180, 420, 40, 150, 20, 160, 10, 30, 5, 40, 0, 10, 0, 24),
        (),
        1_400,
        4_200,
        64,
    ),
    "choir": Timbre(
        tuple(16_000 // (h * h + 6) for h in range(1, PARTIALS + 1)),
        ((430, 130, 40), (860, 160, 30), (2_450, 300, 22), (3_100, 350, 14)),
        3_600,
        7_000,
        84,
    ),
    "strings": Timbre(
        tuple(8_000 // (h + 1) for h in range(1, PARTIALS + 1)),
        ((480, 250, 14), (1_150, 400, 8)),
        3_000,
        5_600,
        60,
    ),
    "flutes": Timbre((1_000, 90, 140, 20, 30, 8, 8), (), 2_000, 4_000, 84),
}


def render(score: Score, timbre: str = "choir", tempo: int = 76) -> Audio:
    """What a score sounds like.

    Args:
        score: the music.
        timbre: one of `TIMBRES`.
        tempo: quarters a minute.

    Returns:
        stereo at `RATE`, never clipped: the loudest sample is `_PEAK`.
    """
    told = TIMBRES[timbre]
    begins = timing(score, tempo)
    frames = int(begins[-1]) + told.release + _TAIL
    mix = np.zeros((2, frames), np.int32)
    for voice in range(len(VOICES)):
        _sing(mix, score, voice, timbre, begins)
    _hall(mix, told.hall)
    _fade(mix, int(begins[-1]))
    peak = max(int(np.abs(mix).max()), 1)
    # A division by 2^15 keeps the products in 32 bits' reach of float-free int64 arithmetic.
    scaled = (mix.astype(np.int64) * ((_PEAK << 16) // peak)) >> 16
    return Audio(np.ascontiguousarray(scaled.T.astype(np.int16)), RATE)


def timing(score: Score, tempo: int) -> NDArray[np.int64]:
    """First frame of every step, and the end: (steps + 1,).

    A fermata makes its steps half as long again, the last one twice as long.
    """
    step = RATE * 30 // tempo
    return np.append(0, np.cumsum(hold_halves(score) * step // 2)).astype(np.int64)


def hold_halves(score: Score) -> NDArray[np.int64]:
    """How long each step is, in halves of a step: 2, under a fermata 3, under the last one 4."""
    ends = score.phrases()
    last = ends[-2] if len(ends) > 1 else 0
    closing = score.fermata & (np.arange(len(score)) >= last)
    return np.where(closing, 4, np.where(score.fermata, 3, 2)).astype(np.int64)


def _sing(
    mix: NDArray[np.int32], score: Score, voice: int, timbre: str, begins: NDArray[np.int64]
) -> None:
    told = TIMBRES[timbre]
    notes = score.notes(voice)
    longest: dict[int, int] = {}
    for first, steps, pitch in notes:
        length = int(begins[first + steps] - begins[first])
        longest[pitch] = max(longest.get(pitch, 0), length)
    rise, fall = swell(told.attack), swell(told.release)[::-1]
    waves = {pitch: _wave(timbre, voice, pitch, n + told.release) for pitch, n in longest.items()}
    for first, steps, pitch in notes:
        wave = waves[pitch]
        start, end = int(begins[first]), int(begins[first + steps])
        full = min(start + told.attack, end)
        up, size = full - start, end - start
        mix[:, start:full] += (wave[:, :up] * rise[:up]) >> _SINE_BITS
        mix[:, full:end] += wave[:, up:size]
        # A note too short to rise wholly falls from where it came.
        down = fall if up == told.attack else (fall * rise[up - 1]) >> _SINE_BITS
        tail = wave[:, size : size + told.release]
        mix[:, end : end + told.release] += (tail * down) >> _SINE_BITS


def _wave(timbre: str, voice: int, pitch: int, frames: int) -> NDArray[np.int32]:
    """A held tone, left and right: (2, frames) int32, at most about 2^13."""
    table = wavetable(timbre, pitch)
    increment = phase_step(pitch)
    count = np.arange(frames, dtype=np.uint32)
    heard = []
    for cents in _DETUNE:
        # Unsigned 32-bit products wrap around as a phase does.
        step = np.uint32((increment + increment * cents // 65_536) % (1 << _PHASE_BITS))
        heard.append(table[(count * step) >> np.uint32(_PHASE_BITS - TABLE_BITS)])
    left, centre, right = heard
    out = np.empty((2, frames), np.int32)
    gain, pan = _GAINS[voice], _LEFT[voice]
    np.multiply(left + centre, gain * pan, out=out[0])
    np.multiply(right + centre, gain * (16 - pan), out=out[1])
    out >>= 8
    return out


@cache
def sines() -> NDArray[np.int64]:
    """One cycle of a sine in Q15, (`TABLE`,) int64, by Taylor's series in whole numbers."""
    one = 1 << _FRACTION
    quarter = [_sine(i * _half_turn() // (TABLE // 2), one) for i in range(TABLE // 4 + 1)]
    rising = [(value + (1 << (_FRACTION - _SINE_BITS - 1))) >> (_FRACTION - _SINE_BITS)
              for value in quarter]  # fmt: skip
    half = [*rising, *rising[-2::-1]][:-1]
    return np.array([*half, *(-value for value in half)], np.int64)


def _sine(x: int, one: int) -> int:
    """Sine of x / one, 0 to a quarter turn, in units of 1 / one."""
    total = term = x
    for n in range(2, 40, 2):
        term = -term * x // one * x // one // (n * (n + 1))
        total += term
    return total


@cache
def _half_turn() -> int:
    """π in units of 2^-60, by Machin's formula in whole numbers."""
    one = 1 << (_FRACTION + 16)

    def arctan_of_inverse(n: int) -> int:
        total, term, k = 0, one // n, 1
        while term:
            total += term // k if k % 4 == 1 else -(term // k)
            term //= n * n
            k += 2
        return total

    return (16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239)) >> 16


@cache
def swell(frames: int) -> NDArray[np.int32]:
    """A rise from 0 to 2^15 along a sine squared, (frames,) int32."""
    quarter = np.arange(frames, dtype=np.int64) * (TABLE // 4) // frames
    rise: NDArray[np.int64] = sines()[quarter] ** 2 >> _SINE_BITS
    return rise.astype(np.int32)


@cache
def phase_step(pitch: int) -> int:
    """What a MIDI pitch adds to the 32-bit phase every frame, in equal temperament on A4 = 440 Hz.

    The whole number below 440 · 2^32 / rate · 2^((pitch - 69) / 12), by a twelfth root.
    """
    octaves = pitch - 69
    target = (_A4 << _PHASE_BITS) ** 12
    scale = RATE**12
    target = target << octaves if octaves >= 0 else target >> -octaves
    low, high = 0, 1 << _PHASE_BITS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**12 * scale <= target else (low, middle)
    return low


@cache
def _partials() -> NDArray[np.float64]:
    """Harmonics as rows, (`PARTIALS`, `TABLE`) whole numbers; phases spread to keep peaks low."""
    where = np.arange(TABLE, dtype=np.int64)
    rows = [
        sines()[(h * where + h * (h - 1) * TABLE // (2 * PARTIALS)) % TABLE]
        for h in range(1, PARTIALS + 1)
    ]
    return np.array(rows, np.float64)


@cache
def wavetable(timbre: str, pitch: int) -> NDArray[np.int32]:
    """One cycle of a tone, (`TABLE`,) int32 of at most 2^13 - 1, no partial above 9 kHz."""
    told = TIMBRES[timbre]
    # In 1/16 Hz; the phase step is frequency · 2^32 / rate.
    sixteenths = phase_step(pitch) * RATE * 16 >> _PHASE_BITS
    amplitudes = np.zeros(PARTIALS, np.int64)
    for h, amplitude in enumerate(told.partials[:PARTIALS], 1):
        frequency = h * sixteenths // 16
        if frequency > _HIGHEST_PARTIAL:
            break
        gain = 16
        for centre, width, strength in told.formants:
            off = frequency - centre
            gain += 16 * strength * width * width // (16 * (width * width + off * off) // 4)
        amplitudes[h - 1] = amplitude * gain
    # Products of whole numbers below 2^53: exact, whatever order a BLAS adds them in.
    cycle = (amplitudes.astype(np.float64) @ _partials()).astype(np.int64)
    # Loudness, not the peak, is made equal: two thirds of the root of the sum of squares.
    power = int((amplitudes * amplitudes).sum())
    level = max(_root(power), 1)
    level = max(level * 3 // 2, int(np.abs(cycle).max() >> _SINE_BITS), 1)
    return ((cycle * ((1 << 13) - 1) >> _SINE_BITS) // level).astype(np.int32)


def _root(n: int) -> int:
    low, high = 0, 1 << 32
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle * middle <= n else (low, middle)
    return low


def _hall(mix: NDArray[np.int32], share: int) -> None:
    """Adds what the walls give back: two delays a side that feed themselves."""
    sent = (mix[0] + mix[1]) >> 1
    for side, delays in enumerate(_HALL):
        for delay in delays:
            echo = np.zeros(len(sent), np.int32)
            for at in range(delay, len(sent), delay):
                end = min(at + delay, len(sent))
                before = slice(at - delay, end - delay)
                echo[at:end] = ((sent[before] + echo[before]) * _RETURN) >> 8
            mix[side] += (echo * share) >> 8


def _fade(mix: NDArray[np.int32], end: int) -> None:
    """The last sound goes out to nothing."""
    size = mix.shape[1] - end
    fall = swell(size)[::-1]
    mix[:, end:] = (mix[:, end:].astype(np.int64) * fall) >> _SINE_BITS

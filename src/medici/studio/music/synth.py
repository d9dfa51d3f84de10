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
# Where in its cycle each of them begins, in 1/65536: harmonics must not all swell at once.
_BEGINS = (8_977, 0, 13_831)
# Loudness at the beginning of a phrase, at its height and at its end, in 1/256.
_BREATH = (208, 256, 184)
# Delays of the hall in frames, and what comes back of each in 1/256.
_HALL = (1931, 2473)
_RETURN = 200
# As arrays: numpy turns a Python number into one at each call.
_BACK, _EIGHT = np.array(_RETURN, np.int32), np.array(8, np.int32)
_TAIL = 70_000
# Frames at a time: what is worked on stays in the processor's caches.
_BLOCK = 32_768
# The last notes take so many times as long to die away.
_LAST = 4
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
        72,
    ),
    "choir": Timbre(
        tuple(16_000 // (h * h + 6) for h in range(1, PARTIALS + 1)),
        ((430, 130, 40), (860, 160, 30), (2_450, 300, 22), (3_100, 350, 14)),
        3_600,
        7_000,
        104,
    ),
    "strings": Timbre(
        tuple(8_000 // (h + 1) for h in range(1, PARTIALS + 1)),
        ((480, 250, 14), (1_150, 400, 8)),
        3_000,
        5_600,
        80,
    ),
    "flutes": Timbre((1_000, 90, 140, 20, 30, 8, 8), (), 2_000, 4_000, 96),
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
    frames = int(begins[-1]) + _LAST * told.release + _TAIL
    mix = np.zeros((2, frames), np.int32)
    _sing(mix, score, timbre, begins)
    _breathe(mix, score, begins)
    _hall(mix, told.hall)
    _fade(mix, int(begins[-1]))
    peak = max(int(mix.max()), -int(mix.min()), 1)
    samples = np.empty((frames, 2), np.int16)
    for first in range(0, frames, _BLOCK):
        now = mix[:, first : first + _BLOCK]
        # No product is above _PEAK · 2^16, which 32 bits hold.
        now *= (_PEAK << 16) // peak
        now >>= 16
        samples[first : first + _BLOCK, 0], samples[first : first + _BLOCK, 1] = now
    return Audio(samples, RATE)


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


def _sing(mix: NDArray[np.int32], score: Score, timbre: str, begins: NDArray[np.int64]) -> None:
    """Adds every note of every voice, pitch by pitch: voices share a pitch's tone."""
    told = TIMBRES[timbre]
    pitches: dict[int, dict[int, list[tuple[int, int, int]]]] = {}
    for voice in range(len(VOICES)):
        for first, steps, pitch in score.notes(voice):
            release = told.release * (_LAST if first + steps == len(score) else 1)
            note = int(begins[first]), int(begins[first + steps]), release
            pitches.setdefault(pitch, {}).setdefault(voice, []).append(note)
    longest = {
        (pitch, voice): max(end - start + release for start, end, release in notes)
        for pitch, voices in pitches.items()
        for voice, notes in voices.items()
    }
    most = max(longest.values(), default=0)
    tone, wave = np.empty((2, most), np.int32), np.empty((2, most), np.int32)
    for pitch, voices in pitches.items():
        _tone(tone[:, : max(longest[pitch, voice] for voice in voices)], timbre, pitch)
        for voice, notes in voices.items():
            now = wave[:, : longest[pitch, voice]]
            gain, pan = _GAINS[voice], _LEFT[voice]
            for side, share in enumerate((pan, 16 - pan)):
                np.multiply(tone[side, : now.shape[1]], gain * share, out=now[side])
            now >>= 8
            for start, end, release in notes:
                _note(mix[:, start : end + release], now, end - start, release, told.attack)


def _note(
    mix: NDArray[np.int32], wave: NDArray[np.int32], size: int, release: int, attack: int
) -> None:
    """Adds one note that sounds for `size` frames and then dies away."""
    up = min(attack, size)
    rise, down = swell(attack), fall(release)
    mix[:, :up] += (wave[:, :up] * rise[:up]) >> _SINE_BITS
    mix[:, up:size] += wave[:, up:size]
    # A note too short to rise wholly falls from where it came.
    if up < attack:
        down = (down * rise[up - 1]) >> _SINE_BITS
    mix[:, size:] += (wave[:, size : size + release] * down) >> _SINE_BITS


def _tone(out: NDArray[np.int32], timbre: str, pitch: int) -> None:
    """Fills (2, frames) int32 with a held tone, left and right: at most about 2^14."""
    table, step = wavetable(timbre, pitch), phase_step(pitch)
    counts = np.arange(_BLOCK, dtype=np.uint32)
    phases, indices = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.int64)
    centres = np.empty(_BLOCK, np.int32)
    for first in range(0, out.shape[1], _BLOCK):
        left, right = out[:, first : first + _BLOCK]
        size = len(left)
        centre, phase, index = centres[:size], phases[:size], indices[:size]
        for cents, begin, heard in zip(_DETUNE, _BEGINS, (left, centre, right), strict=True):
            # 32 bits wrap as a phase does; indices of 64 bits numpy takes as they are.
            own = step + step * cents // 65_536
            np.multiply(counts[:size], np.uint32(own), out=phase)
            phase += np.uint32((first * own + (begin << 16)) % (1 << _PHASE_BITS))
            phase >>= np.uint32(_PHASE_BITS - TABLE_BITS)
            index[:] = phase
            table.take(index, mode="wrap", out=heard)
        left += centre
        right += centre


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
def fall(frames: int) -> NDArray[np.int32]:
    """The same backwards, in its own place in memory: numpy is slower on a reversed view."""
    return np.ascontiguousarray(swell(frames)[::-1])


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


def _breathe(mix: NDArray[np.int32], score: Score, begins: NDArray[np.int64]) -> None:
    """Every phrase swells to five eighths of its length and falls to its end."""
    low, high, end = _BREATH
    first = 0
    for step in score.phrases():
        last = int(begins[step])
        top = first + (last - first) * 5 // 8
        _slope(mix[:, first:top], low, high)
        _slope(mix[:, top:last], high, end)
        first = last
    # What still sounds dies away at the loudness of the last phrase's end.
    _slope(mix[:, first:], end, end)


def _slope(part: NDArray[np.int32], a: int, b: int) -> None:
    """Multiplies frame i of n by (a + (b - a) · i // n) / 256: stretch by stretch of one level."""
    frames, levels = part.shape[1], abs(b - a)
    at = 0
    for step in range(levels + 1):
        # A rise reaches a level with its first frame, a fall leaves the one above it.
        to = -(-(step + 1) * frames // levels) if b > a else step * frames // max(levels, 1) + 1
        now = part[:, at : frames if step == levels else min(to, frames)]
        now *= a + step if b > a else a - step
        at = to
    part >>= 8


def _hall(mix: NDArray[np.int32], share: int) -> None:
    """Adds what the walls give back: two delays that feed themselves, their sum and difference.

    Source: Schroeder 1962, natural sounding artificial reverberation.
    """
    past = max(_HALL)
    sent, *echoes = np.zeros((1 + len(_HALL), past + _BLOCK), np.int32)
    given = np.empty(_BLOCK, np.int32)
    for first in range(0, mix.shape[1], _BLOCK):
        now = mix[:, first : first + _BLOCK]
        size = now.shape[1]
        np.add(now[0], now[1], out=sent[past : past + size])
        sent[past : past + size] >>= 1
        for echo, delay, onto in zip(echoes, _HALL, (np.add, np.subtract), strict=True):
            _echo(echo, sent, delay, size)
            back = np.multiply(echo[past : past + size], share, out=given[:size])
            back >>= 8
            now[0] += back
            onto(now[1], back, out=now[1])
        for line in (sent, *echoes):
            line[:past] = line[size : size + past]


def _echo(echo: NDArray[np.int32], sent: NDArray[np.int32], delay: int, size: int) -> None:
    """e[t] = ((x[t - delay] + e[t - delay]) · return) >> 8 for the `size` frames after the past."""
    past = max(_HALL)
    for at in range(past, past + size, delay):
        to = min(at + delay, past + size)
        now = echo[at:to]
        np.add(sent[at - delay : to - delay], echo[at - delay : to - delay], now)
        np.multiply(now, _BACK, now)
        np.right_shift(now, _EIGHT, now)


def _fade(mix: NDArray[np.int32], end: int) -> None:
    """The last sound goes out to nothing."""
    size = mix.shape[1] - end
    mix[:, end:] = (mix[:, end:] * fall(size).astype(np.int64)) >> _SINE_BITS

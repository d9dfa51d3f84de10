"""docs/spec/music.md in plain integers, beside the fast form of it."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np
from tests.studio.music import tiny
from tests.studio.reference import Reference

from medici.studio.music import plan, synth, tokens
from medici.studio.music.score import REST, Score
from medici.studio.music.style import parse_style

if TYPE_CHECKING:
    from medici.studio.music.model import MusicModel


def test_notes_are_drawn_as_the_specification_says(singer: MusicModel) -> None:
    style = {"bars": 2, "psi": 0.8, "key": "D", "mode": "minor", "upbeat": 2}
    found = singer.compose([17], style)[0]
    fermata = [False] * 10 + [True] * 6
    told = []
    for s in range(16):
        rows = [(s - 2) % 8, 15 - s, 16 + min(s, 15), 16 + 2 * fermata[s], 2, 15 - s]
        told += [[32 * k + row for row in rows] for k in range(4)]
    plain = Reference(dict(singer.exact.header), dict(singer.exact.tensors))
    drawn = plain.draw("notes", "notes", 17, 64, 800, told)
    lowest = {0: 54, 1: 34, 2: 48, 3: 44}
    voice = {0: 0, 1: 3, 2: 1, 3: 2}
    for place, token in enumerate(drawn):
        step, turn = divmod(place, 4)
        expected = REST if token == 62 else token // 2 + lowest[turn] + 2
        assert found.pitches[step, voice[turn]] == expected
    assert found.fermata.tolist() == fermata


def test_the_key_and_the_upbeat_come_from_the_stream() -> None:
    levels = np.cumsum(np.arange(24)) * 237
    levels[-1] = 65536
    for seed in range(30):
        b = hashlib.shake_256(b"medici/exact/2/plan\0" + seed.to_bytes(32, "big")).digest(4)
        made = plan.make_plan(seed, parse_style({"mode": "minor"}, 900), levels)
        shares = [int(levels[i]) - (int(levels[i - 1]) if i else 0) for i in range(24)]
        shares[:12] = [0] * 12
        level = (256 * b[0] + b[1]) * sum(shares) // 65536
        key = min(i for i in range(24) if sum(shares[: i + 1]) > level)
        assert (made.tonic, made.mode, made.upbeat) == (key - 12, 1, 2 if b[2] < 186 else 0)


def two_phrases() -> Score:
    """Short notes in two voices, the second of them cut before its attack is over."""
    pitches = np.full((6, 4), REST, np.int16)
    pitches[:, 0] = (72, 74, 74, 76, 76, 77)
    pitches[2:, 3] = 48
    starts = np.zeros((6, 4), bool)
    starts[[0, 1, 3, 5], 0] = starts[2, 3] = True
    return Score(pitches, starts, np.array([False, False, True, False, False, True]), 8, 0)


def test_sound_is_made_as_the_specification_says() -> None:
    score, tempo = two_phrases(), 160
    told = synth.Timbre((900, 500, 300, 100), ((800, 200, 20),), 9_000, 1_500, 90)
    synth.TIMBRES["plain"] = told
    try:
        fast = synth.render(score, "plain", tempo).samples
    finally:
        del synth.TIMBRES["plain"]
    assert fast.tolist() == plain_sound(score, told, tempo)


def plain_sound(score: Score, told: synth.Timbre, tempo: int) -> list[list[int]]:
    sine = [round(32768 * math.sin(2 * math.pi * i / 8192)) for i in range(8192)]

    def swell(n: int) -> list[int]:
        return [sine[2048 * i // n] ** 2 >> 15 for i in range(n)]

    unit = 1323000 // tempo
    begins, ends = [0], score.phrases()
    for s in range(len(score)):
        last = s >= (ends[-2] if len(ends) > 1 else 0)
        length = unit if not score.fermata[s] else 2 * unit if last else 3 * unit // 2
        begins.append(begins[-1] + length)
    total = begins[-1] + 4 * told.release + 70000
    left, right = [0] * total, [0] * total
    for voice, (gain, pan) in enumerate(zip((16, 13, 13, 16), (9, 5, 11, 7), strict=True)):
        for first, steps, pitch in score.notes(voice):
            d, table = tone(pitch, told, sine)
            begin, end = begins[first], begins[first + steps]
            release = told.release * (4 if first + steps == len(score) else 1)
            rise, fall = swell(told.attack), swell(release)[::-1]
            up = min(told.attack, end - begin)
            if up < told.attack:
                fall = [v * rise[up - 1] >> 15 for v in fall]
            for n in range(end - begin + release):
                a, b, c = (
                    table[((n * (d + d * delta // 65536) + 65536 * phi) % 2**32) >> 19]
                    for delta, phi in ((-83, 8977), (0, 0), (79, 13831))
                )
                for side, value in (
                    (left, (a + b) * gain * pan >> 8),
                    (right, (c + b) * gain * (16 - pan) >> 8),
                ):
                    if n < up:
                        value = value * rise[n] >> 15
                    elif n >= end - begin:
                        value = value * fall[n - end + begin] >> 15
                    side[begin + n] += value
    breathe(left, right, [begins[e] for e in ends])
    x = [(a + b) >> 1 for a, b in zip(left, right, strict=True)]
    for sign, delay in ((1, 1931), (-1, 2473)):
        e = [0] * total
        for n in range(delay, total):
            e[n] = (x[n - delay] + e[n - delay]) * 200 >> 8
        for n in range(total):
            left[n] += e[n] * told.hall >> 8
            right[n] += sign * (e[n] * told.hall >> 8)
    out = swell(total - begins[-1])[::-1]
    for side in (left, right):
        for n, v in enumerate(out):
            side[begins[-1] + n] = side[begins[-1] + n] * v >> 15
    q = 29000 * 65536 // max(map(abs, left + right))
    return [[a * q >> 16, b * q >> 16] for a, b in zip(left, right, strict=True)]


def tone(pitch: int, told: synth.Timbre, sine: list[int]) -> tuple[int, list[int]]:
    d = int(440 * 2 ** ((pitch - 69) / 12) * 2**32 / 44100) + 2
    while d**12 * 44100**12 * 2 ** max(69 - pitch, 0) > (440 << 32) ** 12 * 2 ** max(pitch - 69, 0):
        d -= 1
    f = 16 * 44100 * d >> 32
    amplitudes = []
    for h, a in enumerate(told.partials, 1):
        frequency = h * f // 16
        if frequency > 9000:
            break
        gain = 16 + sum(
            16 * g * w * w // (4 * (w * w + (frequency - c) ** 2)) for c, w, g in told.formants
        )
        amplitudes.append(a * gain)
    cycle = [
        sum(
            a * sine[(h * i + h * (h - 1) * 8192 // 48) % 8192] for h, a in enumerate(amplitudes, 1)
        )
        for i in range(8192)
    ]
    root = math.isqrt(sum(a * a for a in amplitudes))
    level = max(3 * root // 2, max(map(abs, cycle)) >> 15, 1)
    return d, [(8191 * c >> 15) // level for c in cycle]


def breathe(left: list[int], right: list[int], ends: list[int]) -> None:
    first = 0
    for end in ends:
        n = end - first
        m = 5 * n // 8
        for i in range(n):
            level = 208 + 48 * i // m if i < m else 256 + -72 * (i - m) // (n - m)
            left[first + i] = left[first + i] * level >> 8
            right[first + i] = right[first + i] * level >> 8
        first = end
    for i in range(first, len(left)):
        left[i], right[i] = left[i] * 184 >> 8, right[i] * 184 >> 8


def test_tables_of_the_specification_are_those_of_the_code() -> None:
    assert (tokens.LOWEST, tokens.VALUES, tokens.CHANNELS) == ((54, 48, 44, 34), 63, 6)
    assert [tokens.shift_to_c(t) for t in (0, 6, 7, 11)] == [0, -6, 5, 1]
    assert tiny.hymn().key == (0, 0)

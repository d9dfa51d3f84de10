"""Copies of music: how many are found, and how alike different works of one model are.

    python benchmarks/sounds.py [--quick] [--json]

The works are those of the shipped model ``chorales``: one voice, one tempo, one form, so that they
are as much alike as works of one firm can be. Every pair of different works is compared; so are
works forced into one key, and (the hardest) works that were all given the same melody.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from _reporting import report, row

if TYPE_CHECKING:
    import argparse

    from medici.records import Audio

# A melody that works are given to harmonise: Bach could not tell them apart by it either.
MELODY = (
    "G4 - A4 - B4 - B4 - A4 - A4 - B4^ -^ -^ -^ B4 - B4 - A4 - G4 - A4 - B4 - G4^ -^ -^ -^ "
    "B4 - C5 - D5 - D5 - C5 - B4 - A4^ -^ -^ -^ A4 - B4 - A4 - G4 - A4 - A4 - G4^ -^ -^ -^"
)
OTHERS: dict[str, dict[str, Any]] = {
    "works as they come": {},
    "works in one key and mode": {"key": "C", "mode": "major", "upbeat": 0},
    "the same, far plainer (psi 0.3)": {"key": "C", "mode": "major", "upbeat": 0, "psi": 0.3},
    "works on one given melody": {"voices": {"soprano": MELODY}},
}


def frame(audio: Audio) -> Any:
    import av
    import numpy as np

    flat = np.ascontiguousarray(audio.samples.reshape(1, -1))
    made = av.AudioFrame.from_ndarray(flat, "s16", "stereo")
    made.sample_rate = audio.rate
    return made


def through(audio: Audio, container: str, codec: str, kilobits: int, rate: int = 0) -> Audio:
    """The sound encoded and decoded again."""
    import av

    from medici.provenance import sounds

    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate or audio.rate, options={"strict": "-2"})
        stream.layout, stream.bit_rate = "stereo", 1000 * kilobits
        fitted = av.AudioResampler(
            stream.format, "stereo", stream.rate, stream.codec_context.frame_size or None
        )
        for part in [*fitted.resample(frame(audio)), *fitted.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return sounds.decode(out.getvalue()).content


def resampled(audio: Audio, *rates: int) -> Audio:
    import av
    import numpy as np

    from medici.records import Audio

    for rate in rates:
        fitted = av.AudioResampler("s16", "stereo", rate)
        parts = [*fitted.resample(frame(audio)), *fitted.resample(None)]
        joined = np.concatenate([part.to_ndarray().reshape(-1, 2) for part in parts])
        audio = Audio(joined, rate)
    return audio


def louder(audio: Audio, factor: float) -> Audio:
    import numpy as np

    from medici.records import Audio

    return Audio(np.clip(audio.samples * factor, -32768, 32767).astype(np.int16), audio.rate)


def cut(audio: Audio, first: float, last: float) -> Audio:
    from medici.records import Audio

    return Audio(audio.samples[int(first * audio.rate) : int(last * audio.rate)], audio.rate)


def noisy(audio: Audio) -> Audio:
    import numpy as np

    from medici.records import Audio

    noise = np.random.default_rng(1).normal(0, audio.samples.std() / 10, audio.samples.shape)
    mixed = np.clip(audio.samples + noise, -32768, 32767)
    return Audio(mixed.astype(np.int16), audio.rate)


def length(audio: Audio) -> float:
    return len(audio.samples) / audio.rate


COPIES = {
    "MP3, 64 kb/s": lambda a: through(a, "mp3", "libmp3lame", 64),
    "MP3, 128 kb/s": lambda a: through(a, "mp3", "libmp3lame", 128),
    "MP3, 192 kb/s": lambda a: through(a, "mp3", "libmp3lame", 192),
    "AAC, 64 kb/s": lambda a: through(a, "mp4", "aac", 64),
    "AAC, 128 kb/s": lambda a: through(a, "mp4", "aac", 128),
    "Vorbis, 96 kb/s": lambda a: through(a, "ogg", "vorbis", 96),
    "Opus, 32 kb/s": lambda a: through(a, "ogg", "libopus", 32, 48_000),
    "48 kHz, then 44.1, then 22.05": lambda a: resampled(a, 48_000, 44_100, 22_050),
    "8 kHz": lambda a: resampled(a, 8_000),
    "6 dB softer": lambda a: louder(a, 0.5),
    "6 dB louder, clipped": lambda a: louder(a, 2),
    "1 s less at both ends": lambda a: cut(a, 1, length(a) - 1),
    "noise at -20 dB": noisy,
    "10 s of it": lambda a: cut(a, 7.3, 17.3),
    "10 s of it, MP3 64": lambda a: through(cut(a, 7.3, 17.3), "mp3", "libmp3lame", 64),
    "22 kHz, 1 s less, 6 dB softer, MP3 64": lambda a: through(
        louder(cut(resampled(a, 22_050), 1, length(a) - 1), 0.5), "mp3", "libmp3lame", 64
    ),
    "half a semitone higher (played faster)": lambda a: faster(a, 1.0293),
    "1 % faster": lambda a: faster(a, 1.01),
}


def faster(audio: Audio, factor: float) -> Audio:
    from medici.records import Audio

    whole = Audio(audio.samples, round(audio.rate * factor))
    return resampled(whole, audio.rate)


def measure(asked: argparse.Namespace) -> list[dict[str, Any]]:
    import numpy as np

    from medici.provenance import acoustic
    from medici.records import WorkId
    from medici.studio.families import load_model

    count, copied = (10, 2) if asked.quick else (60, 12)
    model = load_model("chorales")
    kept: acoustic.AcousticIndex | None = None
    rows = []
    for name, style in OTHERS.items():
        asks = [acoustic.query(model.sample(seed, style).audio) for seed in range(count)]
        first = [one.prints[0] for one in asks]
        if kept is None:
            kept = acoustic.AcousticIndex((WorkId.from_int(i + 1), p) for i, p in enumerate(first))
        apart = np.array(
            [acoustic.apart(one, first[j]) for i, one in enumerate(asks) for j in range(i)]
        )
        wrong = float((apart <= acoustic.DERIVED_AT_MOST).mean())
        told = f"{name}, {len(apart)} pairs"
        usual = name in list(OTHERS)[:2]
        rows.append(row(f"{told}: taken for copies", wrong, "share", bar=0 if usual else None))
        rows += [
            row(f"{told}: {which} distance", float(value), "bits differing", better="higher")
            for which, value in (
                ("least", apart.min()),
                ("1st percentile", np.quantile(apart, 0.01)),
                ("median", np.median(apart)),
            )
        ]
    assert kept is not None
    works = model.sample_many(range(copied))
    for name, change in COPIES.items():
        found, most = 0, 0.0
        for number, work in enumerate(works, 1):
            question = acoustic.query(change(work.audio))
            best = next(iter(kept.search(question)), None)
            found += bool(best and best.derived and best.work == WorkId.from_int(number))
            own = acoustic.fingerprint(work.audio)
            most = max(most, acoustic.apart(question, own))
        rows.append(row(f"found: {name}", found / copied, "share", better="higher"))
        rows.append(row(f"greatest distance: {name}", most, "bits differing"))
    return rows


if __name__ == "__main__":
    report("sounds", __doc__, measure)

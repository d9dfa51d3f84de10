"""Sounds as other programs would write them."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import av
import numpy as np
from tests.provenance.world import riff_of

if TYPE_CHECKING:
    from medici.records import Audio

# Container, codec, bits a second.
FORMS = {
    "mp3": ("mp3", "libmp3lame", 64_000),
    "aac": ("mp4", "aac", 96_000),
    "vorbis": ("ogg", "vorbis", 96_000),
    "opus": ("ogg", "libopus", 48_000),
    "flac": ("flac", "flac", None),
    "alac": ("mp4", "alac", None),
    "aiff": ("aiff", "pcm_s16be", None),
}


def played(audio: Audio, form: str) -> bytes:
    """The sound encoded by FFmpeg in one of `FORMS`."""
    container, codec, bits = FORMS[form]
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        rate = 48_000 if form == "opus" else audio.rate
        stream = file.add_stream(codec, rate=rate, options={"strict": "-2"})
        stream.layout = "stereo" if audio.samples.shape[1] == 2 else "mono"
        if bits:
            stream.bit_rate = bits
        if form == "flac":
            stream.format = "s16"
        flat = np.ascontiguousarray(audio.samples.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(flat, "s16", stream.layout.name)
        frame.sample_rate = audio.rate
        fitted = av.AudioResampler(
            stream.format, stream.layout.name, rate, stream.codec_context.frame_size or None
        )
        for part in [*fitted.resample(frame), *fitted.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return out.getvalue()


def wav(numbers: np.ndarray, rate: int, *, kind: int = 1, bits: int | None = None) -> bytes:
    """A WAV file of (frames, channels) numbers as they are; 24 bits of int32 when asked."""
    width = bits or 8 * numbers.dtype.itemsize
    channels = numbers.shape[1]
    body = np.ascontiguousarray(numbers).tobytes()
    if width == 24:
        body = np.frombuffer(body, np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    align = channels * width // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * align, align, width)
    return riff_of([(b"fmt ", form), (b"data", body)])

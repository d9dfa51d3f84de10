"""Decoding sounds of strangers: WAV by our own reader, all else by FFmpeg through PyAV.

What counts is what a player would play. Samples finer than the 16 bits of a work are rounded; if
that changes anything, or the file says two things about itself, it is told.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

from medici.errors import UnreadableFile
from medici.provenance.media import SOUND, Decoded
from medici.records import Audio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_SAMPLES = 64 << 20
"""Of all channels together: twelve minutes of stereo."""
MAX_SECONDS = 15 * 60
"""Of few frames a second more would fit; but they have to be compared, too."""
MOST_CHANNELS = 8
RATES = range(1_000, 768_001)
# What FFmpeg calls each format, and what a credentials reader does. Nothing that names other files.
FORMATS = {
    "WAV": ("wav", "audio/wav"),
    "FLAC": ("flac", "audio/flac"),
    "MP3": ("mp3", "audio/mpeg"),
    "MP4": ("mov", "audio/mp4"),
    "Ogg": ("ogg", ""),
    "AAC": ("aac", ""),
    "AIFF": ("aiff", ""),
}
# AVIF and HEIC begin like MP4 and are pictures.
_MP4_BRANDS = (b"M4A", b"M4B", b"M4V", b"mp4", b"iso", b"qt ", b"3gp", b"das")
_ATTACHED_PICTURE = 0x400
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_OPEN_END = (0, 0xFFFFFFFF)
_FINER = "it holds finer samples than the work's 16 bits"


def known(data: bytes) -> str:
    """The sound format that a file begins like, a key of `FORMATS`; else empty."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "WAV"
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return "AIFF"
    if data[4:8] == b"ftyp" and data[8:11] in _MP4_BRANDS:
        return "MP4"
    for magic, name in ((b"fLaC", "FLAC"), (b"OggS", "Ogg"), (b"ID3", "MP3")):
        if data.startswith(magic):
            return name
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        return "AAC" if data[1] & 0xF6 == 0xF0 else "MP3" if data[1] & 0x06 else ""
    return ""


def decode(data: bytes) -> Decoded:
    """The samples of a file of one of `FORMATS`.

    Raises:
        UnreadableFile: damaged, too long, or PyAV is needed and missing.
    """
    name = known(data)
    demuxer, mime = FORMATS[name]
    found = _wav(data) if name == "WAV" else None
    audio, display = found or _played(data, name, demuxer)
    return Decoded(SOUND, audio, mime, tuple(display))


def _wav(data: bytes) -> tuple[Audio, list[str]] | None:
    """A WAV file of plain numbers; None when it is compressed."""
    (promised,) = struct.unpack_from("<I", data, 4)
    display = []
    if promised not in _OPEN_END and promised + 8 not in (len(data), len(data) - 1):
        display.append("its header gives another length than the file has")
    form: bytes | None = None
    body: bytes | None = None
    at = 12
    while at + 8 <= len(data):
        name = data[at : at + 4]
        (size,) = struct.unpack_from("<I", data, at + 4)
        chunk = data[at + 8 : at + 8 + size]
        if name == b"fmt " and form is None:
            form = chunk
        elif name == b"data" and body is None:
            if len(chunk) < size and size not in _OPEN_END:
                display.append("its header promises more samples than there are")
            body = chunk
        elif name in (b"fmt ", b"data", b"plst", b"wavl"):
            display.append("it holds more than one sound")
        at += 8 + size + size % 2
    if form is None or len(form) < 16 or body is None:
        raise UnreadableFile("the sound is damaged: its WAV header is broken", "get it again")
    kind, channels, rate, _, align, width = struct.unpack_from("<HHIIHH", form)
    if kind == _EXTENSIBLE and len(form) >= 26:
        (kind,) = struct.unpack_from("<H", form, 24)
    if kind not in (_PCM, _FLOAT, _EXTENSIBLE):
        return None
    _check(rate, channels)
    if (kind, width) not in _NUMBERS or align * 8 != width * channels:
        raise UnreadableFile("the sound is damaged: its WAV header is broken", "get it again")
    frames = len(body) // align
    _check_length(frames, channels, rate)
    import numpy as np

    numbers = np.frombuffer(body[: frames * align], _NUMBERS[kind, width])
    if width == 24:
        padded = np.zeros((frames * channels, 4), np.uint8)
        padded[:, 1:] = numbers.reshape(-1, 3)
        numbers = padded.view("<i4").reshape(-1)
    samples, exact = _sixteen(numbers)
    if not exact:
        display.append(_FINER)
    return Audio(samples.reshape(frames, channels), rate), display


_NUMBERS = {
    (_PCM, 8): "u1",
    (_PCM, 16): "<i2",
    (_PCM, 24): "u1",
    (_PCM, 32): "<i4",
    (_FLOAT, 32): "<f4",
    (_FLOAT, 64): "<f8",
}


def _sixteen(numbers: NDArray[Any]) -> tuple[NDArray[np.int16], bool]:
    """Numbers as a file holds them in 16 bits, and whether nothing was lost."""
    import numpy as np

    if numbers.dtype == np.int16:
        return numbers.astype(np.int16), True
    if numbers.dtype == np.uint8:
        return (numbers.astype(np.int16) - 128) << 8, True
    if numbers.dtype == np.int32:
        rounded = np.clip((numbers.astype(np.int64) + (1 << 15)) >> 16, -32768, 32767)
        return rounded.astype(np.int16), bool(not (numbers & 0xFFFF).any())
    if numbers.dtype.kind != "f":
        raise UnreadableFile(f"the sound is of {numbers.dtype} samples", "16 bits are enough")
    scaled = np.nan_to_num(numbers * numbers.dtype.type(32768), posinf=32767, neginf=-32768)
    rounded = np.clip(np.rint(scaled), -32768, 32767)
    return rounded.astype(np.int16), bool((rounded == numbers * 32768).all())


def _check(rate: int, channels: int) -> None:
    if rate not in RATES:
        raise UnreadableFile(
            f"the sound has {rate} frames a second", f"{RATES.start} to {RATES.stop - 1} are usual"
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise UnreadableFile(f"the sound has {channels} channels", f"1 to {MOST_CHANNELS} are read")


def _check_length(frames: int, channels: int, rate: int) -> None:
    if not frames:
        raise UnreadableFile("the sound has no samples", "get it again")
    if frames * channels > MAX_SAMPLES or frames > MAX_SECONDS * rate:
        raise UnreadableFile(
            f"the sound is longer than {MAX_SAMPLES >> 20} million samples or "
            f"{MAX_SECONDS // 60} minutes",
            "a part of it may be enough",
        )


def _played(data: bytes, name: str, demuxer: str) -> tuple[Audio, list[str]]:
    """What FFmpeg hears in the file, in the format it begins like and no other."""
    try:
        import av
    except ImportError:
        raise UnreadableFile(
            f"a sound in {name}: only plain WAV is read without PyAV", "pip install 'medici[music]'"
        ) from None
    import numpy as np

    parts: list[NDArray[np.int16]] = []
    display: list[str] = []
    shape: tuple[int, int] | None = None
    length, whole = 0, True
    try:
        with av.open(io.BytesIO(data), format=demuxer, metadata_errors="replace") as file:
            if not file.streams.audio:
                raise UnreadableFile(f"there is no sound in this {name}")
            if len(file.streams.audio) > 1:
                display.append("it holds more than one sound")
            if any(not stream.disposition & _ATTACHED_PICTURE for stream in file.streams.video):
                display.append("it is a film")
            stream = file.streams.audio[0]
            if stream.codec_context is None:
                raise UnreadableFile(f"the sound is encoded in a way that is not known in {name}")
            stream.codec_context.thread_count = 1
            for frame in file.decode(stream):
                channels = frame.layout.nb_channels
                if shape is None:
                    shape = frame.sample_rate, channels
                    _check(*shape)
                if shape != (frame.sample_rate, channels):
                    raise UnreadableFile("the sound changes its rate or channels")
                length += frame.samples
                _check_length(length, *reversed(shape))
                numbers = frame.to_ndarray()
                numbers = numbers.T if frame.format.is_planar else numbers.reshape(-1, channels)
                samples, exact = _sixteen(numbers)
                parts.append(samples)
                whole = whole and exact
    except (av.FFmpegError, ValueError, OverflowError) as error:
        raise UnreadableFile(f"the sound is damaged: {error}", "get it again") from None
    if shape is None:
        raise UnreadableFile("the sound has no samples", "get it again")
    if not whole:
        display.append(_FINER)
    return Audio(np.ascontiguousarray(np.concatenate(parts)), shape[0]), display

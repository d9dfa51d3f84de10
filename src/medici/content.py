"""Content digests: what a work *is*, whatever file it travels in.

The digest is over decoded content in canonical form, so it survives metadata stripping and lossless
re-encoding, and it is the work's token id.
"""

from __future__ import annotations

import hashlib
import io
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import WrongUse
from medici.records import Audio, WorkId

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medici.records import Rendering

    Content = NDArray[np.uint8] | Audio | str
    """A picture's pixels, a sound, or words."""


def picture_digest(pixels: NDArray[np.uint8]) -> WorkId:
    """SHA-256 of ``"RGBA8" ‖ width ‖ height ‖ pixels``, both sizes unsigned 32-bit big-endian.

    Args:
        pixels: (h, w, 4) uint8, sRGB with straight alpha.

    Raises:
        WrongUse: another shape or type, or an empty picture.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise WrongUse(f"a picture is (h, w, 4) uint8, not {pixels.shape} {pixels.dtype}")
    height, width = pixels.shape[:2]
    state = hashlib.sha256(b"RGBA8")
    state.update(width.to_bytes(4, "big") + height.to_bytes(4, "big"))
    state.update(np.ascontiguousarray(pixels).data)
    return WorkId(state.hexdigest())


def audio_digest(audio: Audio) -> WorkId:
    """SHA-256 of ``"PCM16" ‖ rate ‖ channels ‖ frames ‖ samples``.

    Sizes are unsigned 32-bit big-endian; samples are little-endian, frame by frame, as in a WAV
    file, whose other chunks do not count.

    Raises:
        WrongUse: another shape or type, or no sound.
    """
    samples = audio.samples
    if samples.ndim != 2 or samples.dtype != np.int16 or samples.size == 0:
        raise WrongUse(f"sound is (frames, channels) int16, not {samples.shape} {samples.dtype}")
    state = hashlib.sha256(b"PCM16")
    for size in (audio.rate, samples.shape[1], samples.shape[0]):
        state.update(size.to_bytes(4, "big"))
    state.update(np.ascontiguousarray(samples, "<i2").data)
    return WorkId(state.hexdigest())


def text_digest(text: str) -> WorkId:
    """SHA-256 of ``"TEXT" ‖`` the words as UTF-8, in Unicode form NFC, lines ended by one byte."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return WorkId(hashlib.sha256(b"TEXT" + plain.encode()).hexdigest())


def content_of(work: Rendering) -> Content:
    """What a work is made of: its sound or its words where it has them, else its pixels."""
    if work.audio is not None:
        return work.audio
    return work.pixels if work.text is None else work.text


def digest(content: Content) -> WorkId:
    """The digest of a picture, a sound or words.

    Raises:
        WrongUse: as `picture_digest` and `audio_digest`.
    """
    if isinstance(content, Audio):
        return audio_digest(content)
    return text_digest(content) if isinstance(content, str) else picture_digest(content)


def content_digest(work: Rendering) -> WorkId:
    """What a work is: over its sound or its words where it has them, else over its pixels."""
    return digest(content_of(work))


def media_type(file: bytes) -> str:
    """MIME type of a file that `encode` wrote, by its first bytes; credentials change neither."""
    if file.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if file[:4] == b"RIFF" and file[8:12] == b"WAVE":
        return "audio/wav"
    raise WrongUse("neither a PNG nor a WAV file", "pictures are written as PNG, sounds as WAV")


def encode(work: Rendering) -> tuple[str, bytes]:
    """The bare work as a file: suffix and bytes of its WAV, plain text or PNG."""
    if work.audio is not None:
        return "wav", encode_wav(work.audio)
    if work.text is not None:
        return "txt", work.text.encode()
    return "png", encode_png(work.pixels)


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """The picture as a PNG whose bytes depend on the pixels alone: no time, no software name.

    Args:
        pixels: (h, w, 4) uint8, sRGB with straight alpha.
    """
    import zlib

    from PIL import Image, PngImagePlugin

    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"sRGB", b"\0")
    out = io.BytesIO()
    # Run lengths suit enlarged pixel art: smaller than the default strategy, and quicker.
    Image.fromarray(pixels).save(
        out, "PNG", compress_level=6, compress_type=zlib.Z_RLE, pnginfo=chunks
    )
    return out.getvalue()


def encode_wav(audio: Audio) -> bytes:
    """A WAV file with the sound and nothing else: its bytes depend on the sound alone."""
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(audio.samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(audio.rate)
        file.writeframes(np.ascontiguousarray(audio.samples, "<i2").tobytes())
    return out.getvalue()

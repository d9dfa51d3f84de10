"""TensorBoard's event files, written without TensorBoard: scalars and pictures.

The format is TFRecord frames (length, masked CRC-32C, data, masked CRC-32C) of Event messages, of
which we write five fields. Source: tensorflow/core/util/event.proto, tensorflow/core/lib/io.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def _table() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """CRC-32 with the Castagnoli polynomial. Source: RFC 3720, appendix B.4."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


class EventFile:
    """Appends to one event file of a folder.

    Args:
        folder: TensorBoard's log folder; a new file is made in it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time_ns():020d}.{socket.gethostname()}.{os.getpid()}"
        self.path = folder / name
        self._file = self.path.open("ab")
        self._write(_bytes(3, b"brain.Event:2"))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers by name."""
        if values:
            rows = [
                _bytes(1, _bytes(1, name.encode()) + b"\x15" + struct.pack("<f", value))
                for name, value in values.items()
            ]
            self._write(_number(2, step) + _bytes(5, b"".join(rows)))

    def picture(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """(h, w, 3 or 4) uint8."""
        from PIL import Image

        data = io.BytesIO()
        Image.fromarray(pixels).save(data, "PNG")
        height, width, planes = pixels.shape
        image = _number(1, height) + _number(2, width) + _number(3, planes)
        image += _bytes(4, data.getvalue())
        value = _bytes(1, name.encode()) + _bytes(4, image)
        self._write(_number(2, step) + _bytes(5, _bytes(1, value)))

    def close(self) -> None:
        """Write what is buffered."""
        self._file.close()

    def _write(self, rest: bytes) -> None:
        event = b"\x09" + struct.pack("<d", time.time()) + rest
        length = struct.pack("<Q", len(event))
        self._file.write(length + _masked(length) + event + _masked(event))
        self._file.flush()

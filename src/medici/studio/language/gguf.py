"""GGUF files, looked over before any library opens them: header, settings, where tensors end.

Source: the GGUF specification, version 3 (ggml-org/ggml, docs/gguf.md).
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.errors import BadWeights, MissingPart, NoWeights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_ALIGNMENT = 32
_MOST = 1 << 20  # settings, tensors
_LONGEST_LIST = 1 << 24
_DIMENSIONS = 4
# Type number → struct code; 8 is a string, 9 a list.
_NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _LIST = 8, 9


@dataclass(frozen=True, slots=True)
class About:
    """What a GGUF file says of itself.

    Attributes:
        settings: its key-value pairs; lists are told by their length alone.
        tensors: tensor name → (shape, ggml type number).
    """

    settings: Mapping[str, Any]
    tensors: Mapping[str, tuple[tuple[int, ...], int]]


class _CutShortError(Exception):
    """The file ends before what it announces."""


def read_about(path: Path) -> About:
    """Read a GGUF file's header and see that every tensor lies within the file.

    Raises:
        NoWeights: there is no such file.
        BadWeights: not GGUF, damaged, or cut short; the message names the file.
        MissingPart: the library that knows the tensor types is not installed.
    """
    if not path.is_file():
        raise NoWeights(f"no weights at {path}", "give a .gguf file")
    hint = "get the file again and compare its SHA-256 with the publisher's"
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(data, path, hint)
    except _CutShortError as error:
        raise BadWeights(f"{path} is cut short: {error}", hint) from None
    except (ValueError, UnicodeDecodeError) as error:
        raise BadWeights(f"{path} is not a GGUF file: {error}", hint) from error


def _read(data: mmap.mmap, path: Path, hint: str) -> About:
    reader = _Reader(data)
    if data[:4] != _MAGIC:
        raise ValueError("it does not begin with GGUF")
    reader.at = 4
    version = reader.number("I")
    if version not in _VERSIONS:
        raise ValueError(f"version {version} is not known")
    count, pairs = reader.number("Q"), reader.number("Q")
    if count > _MOST or pairs > _MOST:
        raise ValueError(f"it announces {count} tensors and {pairs} settings")
    settings = {reader.text(): reader.value() for _ in range(pairs)}
    tensors: dict[str, tuple[tuple[int, ...], int]] = {}
    offsets: dict[str, int] = {}
    for _ in range(count):
        name = reader.text()
        rank = reader.number("I")
        if rank > _DIMENSIONS:
            raise ValueError(f"tensor {name} has {rank} dimensions")
        shape = tuple(reader.number("Q") for _ in range(rank))
        tensors[name] = shape, reader.number("I")
        offsets[name] = reader.number("Q")
    alignment = settings.get("general.alignment", _ALIGNMENT)
    if not isinstance(alignment, int) or alignment < 1:
        raise ValueError(f"its alignment is {alignment}")
    start = -(-reader.at // alignment) * alignment
    for name, (shape, kind) in tensors.items():
        end = start + offsets[name] + _bytes(name, shape, kind)
        if end > len(data):
            raise _CutShortError(f"tensor {name} ends at byte {end}, the file at {len(data)}")
    if not tensors:
        raise BadWeights(f"{path} holds no tensors", hint)
    return About(settings, tensors)


def _bytes(name: str, shape: tuple[int, ...], kind: int) -> int:
    try:
        from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
    except ImportError as error:
        raise MissingPart(
            "GGUF files need the library gguf", "pip install 'medici[llm]'"
        ) from error
    try:
        block, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    except (ValueError, KeyError):
        raise ValueError(f"tensor {name} is of unknown type {kind}") from None
    count = 1
    for side in shape:
        count *= side
    if count % block:
        raise ValueError(f"tensor {name} is not a whole number of blocks")
    return int(count // block * size)


class _Reader:
    """Little-endian values one after the other, never beyond the end."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise _CutShortError(f"its header ends at byte {len(self.data)}")
        found = self.data[self.at : end]
        self.at = end
        return found

    def number(self, code: str) -> Any:
        (value,) = struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))
        return value

    def text(self) -> str:
        return self.take(self.number("Q")).decode("utf-8", errors="replace")

    def value(self, *, inside: bool = False) -> Any:
        kind = self.number("I")
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        if kind == _STRING:
            return self.text()
        if kind == _LIST and not inside:
            return self.skip_list()
        raise ValueError(f"a setting is of unknown type {kind}")

    def skip_list(self) -> int:
        kind, length = self.number("I"), self.number("Q")
        if length > _LONGEST_LIST:
            raise ValueError(f"a list announces {length} values")
        if kind in _NUMBERS:
            self.take(length * struct.calcsize("<" + _NUMBERS[kind]))
        elif kind == _STRING:
            for _ in range(length):
                self.take(self.number("Q"))
        else:
            raise ValueError(f"a list is of unknown type {kind}")
        return int(length)

"""The content-addressed store: bytes go in, a CIDv1 comes out, and the same CID brings them back.

Local folder by default; the name of a file is its content, so links in tokens never rot silently.
CIDs follow the ``unixfs-v1-2025`` profile: raw leaves of 1 MiB, 1,024 links a node, SHA-256. A file
of up to one leaf has the CID of its raw bytes, which is ``sha256sum`` with a prefix.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medici.errors import MissingPart, UnreadableFile
from medici.records import Cid

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAF_BYTES = 1 << 20
LINKS_PER_NODE = 1024
_RAW = b"\x01\x55\x12\x20"
_DAG_PB = b"\x01\x70\x12\x20"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def atomic_write(path: Path, data: bytes, mode: int = 0o644, *, durable: bool = True) -> None:
    """Write so that a reader, or a crash at any instant, sees the old file or the new one.

    Args:
        path: its folder is made if needed.
        data: the whole file.
        mode: permissions.
        durable: on the disk when this returns; not needed for what can be made again.

    Raises:
        OSError: it cannot be written; `path` is its file name, whatever went wrong.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of writing inside name the file that is meant: a full disk names none by itself."""
    try:
        yield
    except OSError as error:
        named = error.filename
        if named is None or Path(os.fsdecode(named)).name.startswith(f".{path.name}."):
            error.filename, error.filename2 = str(path), None
        raise


def did_not_fit(error: OSError) -> str | None:
    """The file that a full disk had no room for, as far as known; None of any other error."""
    if error.errno not in _FULL:
        return None
    # Of a copy that does not fit, the first file is the one that is read.
    named = error.filename if error.filename2 is None else error.filename2
    return "the disk" if named is None else str(named)


@contextmanager
def staging(out: Path, last: str, part: str = ".writing") -> Iterator[Path]:
    """A folder inside `out` whose files take their places in `out` when all of them are written.

    What was there before stays as it was when writing ends early, and nothing of the new is left.

    Args:
        out: made if needed.
        last: name of the file that is moved after all others, since it vouches for them.
        part: name of the folder that is written into.
    """
    fresh, stage = [p for p in (out, *out.parents) if not p.exists()], out / part
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    try:
        yield stage
        written = [path for path in stage.rglob("*") if path.is_file()]
        for path in sorted(written, key=lambda p: (p == stage / last, p)):
            place = out / path.relative_to(stage)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        with suppress(OSError):  # the first one that holds something
            for folder in fresh:
                folder.rmdir()


@dataclass(frozen=True, slots=True)
class _Node:
    """A node of the file's tree: its binary CID, the file bytes below it, the blocks' total."""

    cid: bytes
    file_bytes: int
    dag_bytes: int


def cid_of(data: bytes) -> Cid:
    """The CIDv1 of a file with these bytes.

    Source: UnixFS specification and IPIP-0499 (CID profile unixfs-v1-2025).
    """
    nodes = []
    for start in range(0, max(len(data), 1), LEAF_BYTES):
        leaf = data[start : start + LEAF_BYTES]
        nodes.append(_Node(_RAW + hashlib.sha256(leaf).digest(), len(leaf), len(leaf)))
    while len(nodes) > 1:
        groups = (nodes[i : i + LINKS_PER_NODE] for i in range(0, len(nodes), LINKS_PER_NODE))
        nodes = [_parent(group) for group in groups]
    return Cid._encode(nodes[0].cid)


def _parent(children: list[_Node]) -> _Node:
    size = sum(child.file_bytes for child in children)
    unixfs = b"\x08\x02\x18" + _varint(size)
    unixfs += b"".join(b"\x20" + _varint(child.file_bytes) for child in children)
    block = b"".join(
        _field(2, _field(1, child.cid) + _field(2, b"") + b"\x18" + _varint(child.dag_bytes))
        for child in children
    ) + _field(1, unixfs)
    below = sum(child.dag_bytes for child in children)
    return _Node(_DAG_PB + hashlib.sha256(block).digest(), size, len(block) + below)


def _field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class Store:
    """A folder of files named by their content.

    Args:
        folder: made on the first `put`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes) -> Cid:
        """Keep the bytes; the same bytes are kept once."""
        cid = cid_of(data)
        path = self.path(cid)
        if not path.exists():
            atomic_write(path, data)
        return cid

    def get(self, cid: Cid) -> bytes:
        """The bytes, checked against their name.

        Raises:
            MissingPart: they are not in this store.
            UnreadableFile: what is stored under the name has been changed.
        """
        try:
            data = self.path(cid).read_bytes()
        except FileNotFoundError:
            raise MissingPart(f"{cid} is not in the store {self.folder}") from None
        if cid_of(data) != cid:
            raise UnreadableFile(
                f"the stored copy of {cid} is damaged", f"delete {self.path(cid)} and put it again"
            )
        return data

    def path(self, cid: Cid) -> Path:
        """Where the bytes are, or would be."""
        return self.folder / cid[-2:] / cid

    def __contains__(self, cid: object) -> bool:
        return isinstance(cid, str) and self.path(Cid(cid)).exists()

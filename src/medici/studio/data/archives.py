"""Pictures in zip and tar archives, read in place: nothing is ever unpacked onto the disk."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, TYPE_CHECKING

from medici.errors import BadData
from medici.studio.data.picture import LARGEST_FILE, Unusable, printable
from medici.studio.data.shards import ShardSet
from medici.studio.data.sidecars import LARGEST_OF_ONE, Sidecars
from medici.studio.data.sidecars import NAMES as SIDECARS
from medici.studio.data.sources import Item, Source, gather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_BOMB_RATIO = 200
_BOMB_FROM = 64 << 20
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, tarfile.TarError, zipfile.BadZipFile)


def is_archive(path: Path) -> bool:
    """Whether its name is that of an archive we read."""
    return path.name.lower().endswith((".zip", *_TARS))


def archive(path: Path, name: str | None = None, below: str = "") -> Source:
    """The pictures of an archive.

    Args:
        path: the file.
        name: what the set's source will call it; the file's own name by default.
        below: only members under this path are taken.

    Raises:
        BadData: damaged, a decompression bomb, or holding paths that lead out of it.
    """
    members = _zip if path.name.lower().endswith(".zip") else _tar
    beside = Sidecars()
    try:
        total = 0
        for member, size, read in members(path):
            _check_name(path, member)
            total += size
            if total > max(_BOMB_FROM, _BOMB_RATIO * path.stat().st_size):
                raise BadData(
                    f"{path} is a decompression bomb: {path.stat().st_size:,} bytes "
                    f"unpack to more than {_BOMB_RATIO} times as much",
                    "unpack it yourself if you trust it, and give the folder",
                )
            if PurePosixPath(member).name in SIDECARS:
                beside.add(member, read(), f"{path}:{member}")
            elif member.endswith(".json") and size <= LARGEST_OF_ONE:
                beside.speaks_for_one(member, read())
    except _DAMAGE as error:
        raise BadData(f"{path} cannot be read: {error}", "get or pack it again") from error
    except Unusable as error:
        raise BadData(f"{path} {error.words}", error.hint) from error
    entries = (
        (member, read)
        for member, _, read in members(path)
        if not below or member.startswith(below.rstrip("/") + "/")
    )
    return gather(name or printable(path.name), f"{printable(str(path))}:", entries, beside)


def shards(place: Path) -> Source:
    """The pictures of a set in tar shards, as one source.

    Raises:
        BadData: a shard is missing or cut, or see `archive`.
    """
    ShardSet(place).close()
    source = Source(printable(place.resolve().name), iter(()))

    def items() -> Iterator[Item]:
        for path in sorted(place.glob("*.tar")):
            one = archive(path)
            yield from one.items
            source.passed_over.update(one.passed_over)

    source.items = items()
    return source


def _check_name(path: Path, member: str) -> None:
    parts = PurePosixPath(member.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or PureWindowsPath(member).drive:
        raise BadData(
            f"{path} holds {member!r}, a path that leads out of the archive",
            "nothing was unpacked; do not trust this archive",
        )


def _zip(path: Path) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
    with zipfile.ZipFile(path) as opened:
        for info in opened.infolist():
            if not info.is_dir():
                yield (
                    info.filename,
                    info.file_size,
                    lambda info=info: _bounded(lambda: opened.open(info)),  # type: ignore[misc]
                )


def _tar(path: Path) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
    with tarfile.open(path, "r:*") as opened:
        for info in opened:
            if info.isreg():
                yield (
                    printable(info.name),
                    info.size,
                    lambda info=info: _bounded(lambda: opened.extractfile(info)),  # type: ignore[misc]
                )
            # Only the newest header is needed: a list of them would grow with the archive.
            opened.members = []  # type: ignore[attr-defined]
        # tarfile takes the first header that it cannot read for the end.
        assert opened.fileobj is not None
        opened.fileobj.seek(opened.offset)
        if opened.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise BadData(
                f"{path} is cut or damaged: it does not end as an archive does, "
                f"at byte {opened.offset:,} of what it unpacks to",
                "get or pack it again",
            )


def _bounded(opening: Callable[[], IO[bytes] | None]) -> bytes:
    """A member's bytes, never more than a picture may have, whatever its header promised."""
    try:
        file = opening()
        assert file is not None
        with file:
            data = file.read(LARGEST_FILE + 1)
    except RuntimeError as error:  # zipfile's word for a password
        raise Unusable(
            "encrypted", f"cannot be read: {error}", "pack it without a password"
        ) from error
    except (*_DAMAGE, NotImplementedError) as error:
        raise Unusable("unreadable", f"cannot be unpacked: {error}") from error
    if len(data) > LARGEST_FILE:
        raise Unusable("too-large", f"is larger than {LARGEST_FILE >> 20} MiB")
    return data

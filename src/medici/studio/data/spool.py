"""What a build has read so far, on disk: resumable, free of copies, and never in memory at once."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import shutil
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medici.content import picture_digest
from medici.errors import MissingPart, WrongUse
from medici.records import Digest
from medici.studio.data.picture import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

_COMMIT_EVERY = 256
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_TABLES = """
CREATE TABLE IF NOT EXISTS settings (said TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS originals (
    sha256 BLOB PRIMARY KEY, digest BLOB, reason TEXT, words TEXT, hint TEXT, converted TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pixels (digest BLOB PRIMARY KEY, png BLOB NOT NULL, clear INTEGER);
DROP TABLE IF EXISTS samples;
CREATE TABLE samples (
    digest BLOB PRIMARY KEY, original TEXT, sha256 BLOB, about TEXT, split TEXT DEFAULT ''
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of the set to be.

    Attributes:
        digest: content digest of its pixels.
        png: its file.
        about: what is said of it: original, sha256, licence, attributes, …
    """

    digest: Digest
    png: bytes
    about: Mapping[str, Any]

    @property
    def stem(self) -> str:
        """Its name in the set; the same wherever its original came from."""
        return self.digest[:16]


class Spool:
    """A database in the folder where a set is being built.

    Args:
        folder: made if needed; removed by `discard`.
        settings: how files are read; what was read otherwise is forgotten.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        self._pending = 0
        folder.mkdir(parents=True, exist_ok=True)
        said = json.dumps(settings, sort_keys=True)
        try:
            self._open(said)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise WrongUse(
                    f"another build is writing to {folder}", "wait until it has ended"
                ) from error
            raise
        except sqlite3.DatabaseError:  # torn by a power cut: everything in it can be read again
            self.discard()
            folder.mkdir(parents=True)
            self._open(said)

    def _open(self, said: str) -> None:
        path = self.folder / "spool.sqlite"
        self._db = sqlite3.connect(path, timeout=0.2, isolation_level=None)
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript("BEGIN IMMEDIATE;" + _TABLES)
        row = self._db.execute("SELECT said FROM settings").fetchone()
        if row is None or row[0] != said:
            self._db.execute("DELETE FROM originals")
            self._db.execute("DELETE FROM pixels")
            self._db.execute("DELETE FROM settings")
            self._db.execute("INSERT INTO settings VALUES (?)", (said,))
        self._db.execute("COMMIT")
        self._db.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Keep what was read; a build that goes on finds it."""
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("COMMIT")
        self._db.close()

    def discard(self) -> None:
        """Remove the folder with everything in it."""
        with contextlib.suppress(sqlite3.Error):
            self._db.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def known(self, sha256: bytes) -> tuple[bytes, tuple[str, ...]] | None:
        """Digest and conversions of an original that was read before; None if it was not.

        Raises:
            Unusable: it was read, and could not be used.
        """
        row = self._db.execute(
            "SELECT digest, reason, words, hint, converted FROM originals WHERE sha256 = ?",
            (sha256,),
        ).fetchone()
        if row is None:
            return None
        if row[0] is None:
            raise Unusable(row[1], row[2], row[3])
        return row[0], tuple(json.loads(row[4]))

    @property
    def used(self) -> bool:
        """Whether anything in it is worth keeping for another go."""
        return self._db.execute("SELECT 1 FROM pixels LIMIT 1").fetchone() is not None

    def refuse(self, sha256: bytes, error: Unusable) -> None:
        """Remember that an original cannot be used."""
        self._db.execute(
            "INSERT OR REPLACE INTO originals VALUES (?, NULL, ?, ?, ?, '[]')",
            (sha256, error.reason, error.words, error.hint),
        )
        self._step()

    def put(self, sha256: bytes, pixels: NDArray[np.uint8], converted: tuple[str, ...]) -> bytes:
        """Keep the pixels of an original; gives their digest."""
        digest = Digest(picture_digest(pixels)).raw
        clear = bool((pixels[..., 3] == 0).any())
        self._db.execute(
            "INSERT OR IGNORE INTO pixels VALUES (?, ?, ?)", (digest, as_png(pixels), clear)
        )
        self._db.execute(
            "INSERT OR REPLACE INTO originals VALUES (?, ?, '', '', '', ?)",
            (sha256, digest, json.dumps(converted)),
        )
        self._step()
        return digest

    def add(
        self, digest: bytes, original: str, sha256: bytes, about: Mapping[str, Any]
    ) -> str | None:
        """Take a sample into the set; if a copy is in already, answers with that one's original."""
        row = self._db.execute(
            "SELECT original FROM samples WHERE digest = ?", (digest,)
        ).fetchone()
        if row is not None:
            return str(row[0])
        said = json.dumps(about, sort_keys=True, ensure_ascii=False)
        self._db.execute(
            "INSERT INTO samples (digest, original, sha256, about) VALUES (?, ?, ?, ?)",
            (digest, original, sha256, said),
        )
        self._step()
        return None

    def _step(self) -> None:
        self._pending += 1
        if self._pending >= _COMMIT_EVERY:
            self._pending = 0
            self._db.execute("COMMIT")
            self._db.execute("BEGIN")

    def count(self, split: str | None = None) -> int:
        """Samples in the set, or in one split."""
        row = self._db.execute(
            "SELECT count(*) FROM samples WHERE split = coalesce(?, split)", (split,)
        ).fetchone()
        return int(row[0])

    def digests(self, split: str | None = None) -> Iterator[Digest]:
        """Content digests of the samples, ascending, which is the order of their names."""
        rows = self._db.execute(
            "SELECT digest FROM samples WHERE split = coalesce(?, split) ORDER BY digest", (split,)
        )
        return (Digest(row[0].hex()) for row in rows)

    def assign(self, split: str, digests: list[Digest]) -> None:
        """Put samples into a split."""
        self._db.executemany(
            "UPDATE samples SET split = ? WHERE digest = ?", [(split, d.raw) for d in digests]
        )

    def splits(self) -> list[str]:
        """Names of the splits; one empty name when there are none."""
        rows = self._db.execute("SELECT DISTINCT split FROM samples ORDER BY split")
        return [str(row[0]) for row in rows]

    def transparent(self, split: str) -> bool:
        """Whether any sample of a split shows its ground through."""
        row = self._db.execute(
            "SELECT max(clear) FROM samples JOIN pixels USING (digest) WHERE split = ?", (split,)
        ).fetchone()
        return bool(row[0])

    def samples(self, split: str) -> Iterator[Sample]:
        """The samples of a split in the order of their names."""
        rows = self._db.execute(
            "SELECT digest, png, original, sha256, about FROM samples JOIN pixels USING (digest) "
            "WHERE split = ? ORDER BY digest",
            (split,),
        )
        for digest, png, original, sha256, about in rows:
            said = {"original": original, "sha256": sha256.hex(), **json.loads(about)}
            yield Sample(Digest(digest.hex()), png, said)

    def said(self, key: str) -> Iterator[str | None]:
        """What is said under one key, a row a different value; None where nothing is."""
        rows = self._db.execute(
            "SELECT DISTINCT json_extract(about, ?) AS v FROM samples ORDER BY v", (f'$."{key}"',)
        )
        return (row[0] for row in rows)


def as_png(pixels: NDArray[np.uint8]) -> bytes:
    """A sample's file: nothing but pixels, so that no position, name or prompt leaks from it."""
    from PIL import Image

    opaque = bool((pixels[..., 3] == 255).all())
    file = io.BytesIO()
    Image.fromarray(pixels[..., :3] if opaque else pixels).save(file, "PNG")
    return file.getvalue()


@contextmanager
def room(place: Path) -> Iterator[None]:
    """Say it plainly when the disk is full.

    Raises:
        MissingPart: no room; the same command goes on once there is.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        number = getattr(error, "errno", None)
        sqlite = isinstance(error, sqlite3.Error)
        if number in _FULL or (sqlite and ("full" in str(error) or "disk I/O" in str(error))):
            raise MissingPart(
                f"no room to write {place}: {error}",
                "make room on that disk; the same command then goes on where this one stopped",
                code="disk-full",
            ) from error
        raise

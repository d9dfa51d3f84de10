"""A stranger's file: kept under a name of our own for as long as it is looked at, no longer."""

from __future__ import annotations

import shutil
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from medici.errors import MissingPart, UnreadableFile
from medici.web.guard import MAX_FILE, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.datastructures import UploadFile

    from medici.firm.house import Firm

AT_ONCE = 2
"""Files verified at the same time: each costs a process and up to a second."""
WAITING = 8
"""Files that may wait for their turn; more are sent away, so that pages stay quick."""
PATIENCE = 20.0
"""Seconds that a file waits for its turn."""

_turns = threading.BoundedSemaphore(AT_ONCE)
_seats = threading.BoundedSemaphore(AT_ONCE + WAITING)
_PICTURES = {".avif", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"}
_SOUNDS = {".aac", ".aiff", ".flac", ".m4a", ".mp3", ".mp4", ".ogg", ".opus", ".wav"}
_ENDINGS = _PICTURES | _SOUNDS


@contextmanager
def kept(upload: UploadFile) -> Iterator[Path]:
    """The upload as a file on disk, removed afterwards.

    Of the name it was sent under only a known ending is taken over, never a path.

    Raises:
        UnreadableFile: it is empty.
        TooLarge: it is over `MAX_FILE`.
    """
    size = upload.size or 0
    if not size:
        raise UnreadableFile("the file is empty", "choose a picture or a sound")
    if size > MAX_FILE:
        raise TooLarge
    ending = Path(upload.filename or "").suffix.lower()
    with tempfile.TemporaryDirectory(prefix="medici-verify-") as folder:
        path = Path(folder) / f"file{ending if ending in _ENDINGS else ''}"
        with path.open("wb") as file:
            shutil.copyfileobj(upload.file, file)
        yield path


def verify(firm: Firm, path: Path, *, rerun: bool = False) -> dict[str, Any]:
    """The answer about a file, as ``medici verify FILE --json`` gives it.

    Args:
        firm: which it is checked against.
        path: of the file.
        rerun: make the work again and compare, if its model is here.

    Raises:
        UnreadableFile: it is no file that can be verified.
        HTTPException: 503, too many files are being looked at.
    """
    from medici.firm import verifying

    with _turn():
        try:
            if rerun:
                with suppress(MissingPart):  # most likely the model is not here: judge without it
                    return verifying.verify_file(firm, path, rerun=True)
            return verifying.verify_file(firm, path)
        except UnreadableFile as error:
            # Where we kept it is nobody's business.
            message = error.message.replace(str(path), "the file")
            raise UnreadableFile(message, error.hint) from None


@contextmanager
def _turn() -> Iterator[None]:
    busy = HTTPException(503, "too many files at once", {"Retry-After": "10"})
    if not _seats.acquire(blocking=False):
        raise busy
    try:
        if not _turns.acquire(timeout=PATIENCE):
            raise busy
        try:
            yield
        finally:
            _turns.release()
    finally:
        _seats.release()

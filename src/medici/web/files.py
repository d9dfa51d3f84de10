"""Delivered files, and the metadata of tokens.

An address that names its content may be kept for ever, any other is asked again: the file of a work
changes once, when its anchor is written into it.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from medici.errors import MissingPart, UnreadableFile
from medici.records import Cid
from medici.web.desk import NoSuchWork

if TYPE_CHECKING:
    from pathlib import Path

    from medici.firm.catalogue import Entry
    from medici.web.desk import Desk

FOREVER = "public, max-age=31536000, immutable"
# What a browser may show or play. Anything else (SVG can carry scripts) is only ever downloaded.
_SHOWN = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".wav": "audio/wav",
    ".webp": "image/webp",
}


def router(desk: Desk) -> APIRouter:
    """``/files/{id}``, ``/covers/{id}`` and ``/works/{id}/metadata.json``."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/files/{work}")
    def file(work: str, request: Request, v: str = "", download: bool = False) -> Response:
        entry = desk.entry(work)
        path = located(desk, entry)
        tag = version(path)
        headers = {
            "Cache-Control": FOREVER if v == tag else "no-cache",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "ETag": f'"{tag}"',
        }
        if f'"{tag}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        kind = _SHOWN.get(path.suffix.lower(), "application/octet-stream")
        shown = kind != "application/octet-stream" and not download
        return FileResponse(
            path,
            headers=headers,
            media_type=kind,
            filename=filename(entry),
            content_disposition_type="inline" if shown else "attachment",
        )

    @routes.get("/covers/{work}")
    def cover(work: str) -> Response:
        """The picture that stands for a sound; it is named by its content and never changes."""
        entry = desk.entry(work)
        try:
            data = desk.house.store.get(Cid(entry.cover)) if entry.cover else b""
        except (MissingPart, UnreadableFile):
            data = b""
        if not data:
            raise NoSuchWork(f"{entry.title} has no cover here", "its own file shows it")
        headers = {"Cache-Control": FOREVER, "Content-Security-Policy": "default-src 'none'"}
        return Response(data, media_type="image/png", headers=headers)

    @routes.get("/works/{work}/metadata.json")
    def metadata(work: str) -> Response:
        # Its own digest stands in the contract: these bytes never change.
        data = desk.metadata(work)
        return Response(data, media_type="application/json", headers={"Cache-Control": FOREVER})

    return routes


def located(desk: Desk, entry: Entry) -> Path:
    """Where the file is.

    Raises:
        NoSuchWork: it is not there, or not inside the firm's folder.
    """
    folder = desk.house.folder.resolve()
    path = (folder / entry.file).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise NoSuchWork(
            f"the file of {entry.title} is not in the firm's folder", f"expected: {entry.file}"
        )
    return path


def version(path: Path) -> str:
    """Names the bytes of the file as they are now."""
    stat = path.stat()
    return _digest(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4096)
def _digest(path: Path, changed: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def filename(entry: Entry) -> str:
    """A plain name to save the file under, from its title."""
    words = re.sub(r"[^a-z0-9]+", "-", entry.title.lower()).strip("-")[:60]
    ending = entry.file.rpartition(".")[2]
    return f"{words or 'work'}-{entry.id[:8]}.{ending if ending.isalnum() else 'bin'}"

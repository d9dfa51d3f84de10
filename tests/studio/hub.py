"""A simulated hub on loopback: serves a folder as the repository ``artist/tiny``."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMIT = "c0ffee" + "0" * 34


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The hub's address, and the paths of the files that were taken from it."""
    taken: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            path = unquote(self.path.partition("?")[0])
            if path.startswith("/api/models/artist/tiny"):
                files = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*"))}
                sizes = {n: p.stat().st_size for n, p in files.items() if p.is_file()}
                siblings = [{"rfilename": name} for name in sizes]
                told: object = {"id": "artist/tiny", "sha": COMMIT, "siblings": siblings}
                if "/tree/" in path:
                    told = [
                        {"type": "file", "path": name, "size": size, "oid": COMMIT}
                        for name, size in sizes.items()
                    ]
                return self._send(json.dumps(told).encode(), body=body)
            wanted = path.partition(f"/artist/tiny/resolve/{COMMIT}/")[2]
            if wanted and (folder / wanted).is_file():
                if body:
                    taken.append(wanted)
                return self._send((folder / wanted).read_bytes(), body=body)
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None

        def _send(self, data: bytes, *, body: bool) -> None:
            self.send_response(200)
            self.send_header("ETag", hashlib.sha256(data).hexdigest())
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if body:
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

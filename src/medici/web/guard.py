"""What stands between the network and the pages: security headers, and a limit to what is sent.

Plain ASGI, so that files and errors pass through it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_FILE = 32 * 1024 * 1024
"""Largest file that may be dropped, in bytes."""
_ENVELOPE = 64 * 1024  # what a form adds around the file

HEADERS = {
    # Nothing is ever loaded from elsewhere: no fonts, no scripts, no frames.
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class TooLarge(HTTPException):
    """More was sent than may be."""

    def __init__(self) -> None:
        super().__init__(413, f"the file is larger than {MAX_FILE >> 20} MiB")


class Guard:
    """Adds the headers to every answer, answers HEAD as GET, stops reading a body too large.

    Args:
        app: what is guarded.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"")
        too_much = announced.isdigit() and int(announced) > MAX_FILE + _ENVELOPE
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            if too_much:
                raise TooLarge
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_FILE + _ENVELOPE:
                raise TooLarge
            return message

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] == "HEAD":  # the server below leaves the body out
            scope = {**scope, "method": "GET"}
        await self.app(scope, limited, headed)

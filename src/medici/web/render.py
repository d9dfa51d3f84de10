"""Turns answers into pages: Jinja with escaping always on and undefined names an error."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from medici import __version__
from medici.web.people import short

if TYPE_CHECKING:
    from collections.abc import Mapping

STATIC = Path(__file__).parent / "static"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("medici.web", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"short": short, "when": when, "amount": amount, "percent": percent}
    environment.globals |= {"static": static, "version": __version__}
    return environment


@cache
def static(name: str) -> str:
    """Address of a file in ``static``, changing with its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


def when(time: str) -> str:
    """``2026-11-22T10:00:00Z`` as people write it: ``2026-11-22 10:00 UTC``."""
    return f"{time[:10]} {time[11:16]} UTC" if len(time) >= 16 else time


def amount(text: str) -> str:
    """``1234567.50`` with thin spaces between thousands."""
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}".replace(",", "\u202f") + point + rest


def percent(part: float) -> str:
    """0.6 as ``60 %``; at most two decimals."""
    return f"{part * 100:.2f}".rstrip("0").rstrip(".") + "\u202f%"


def page(
    template: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A rendered page. It is asked for anew each time: the chain moves on."""
    text = _environment().get_template(template).render(values)
    return HTMLResponse(text, status, {"Cache-Control": "no-cache", **(headers or {})})

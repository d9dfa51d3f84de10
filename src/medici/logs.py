"""Structured logs: one event and its facts a line, on stderr, never on stdout."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


_chosen: dict[str, int | bool] = {"level": logging.WARNING, "json": False, "ready": False}


def configure(
    level: Literal["debug", "info", "warning"] = "warning", *, as_json: bool = False
) -> None:
    """Say where logs go and what they look like, once, at the start of a process.

    Args:
        level: the least important level that is written.
        as_json: one JSON object a line (for machines) rather than coloured text.
    """
    _chosen.update(level=LEVELS[level], json=as_json, ready=False)


def logger(room: str) -> structlog.stdlib.BoundLogger:
    """A logger that names its room in every event; the logging library is loaded only now."""
    import structlog

    if not _chosen["ready"]:
        renderer: structlog.typing.Processor = (
            structlog.processors.JSONRenderer()
            if _chosen["json"]
            else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        )
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                renderer,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(int(_chosen["level"])),
            # Asked for anew each time: whoever redirects stderr, as tests do, closes it afterwards.
            logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
            cache_logger_on_first_use=False,
        )
        _chosen["ready"] = True
    return structlog.get_logger(room=room)  # type: ignore[no-any-return]

"""Structured logs: one event and its facts a line, on stderr, never on stdout."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


def configure(
    level: Literal["debug", "info", "warning"] = "warning", *, as_json: bool = False
) -> None:
    """Set where logs go and what they look like, once, at the start of a process.

    Args:
        level: the least important level that is written.
        as_json: one JSON object a line (for machines) rather than coloured text.
    """
    import structlog

    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
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
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def logger(room: str) -> structlog.stdlib.BoundLogger:
    """A logger that names its room in every event."""
    import structlog

    return structlog.get_logger(room=room)  # type: ignore[no-any-return]

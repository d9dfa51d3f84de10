"""Logs go to stderr as it is when something is logged."""

from __future__ import annotations

import contextlib
import io

from medici.logs import logger


def test_logs_follow_stderr_when_it_is_redirected():
    for _ in range(2):
        heard = io.StringIO()
        with contextlib.redirect_stderr(heard):
            logger("studio").warning("a word", number=7)
        assert "a word" in heard.getvalue()
        heard.close()

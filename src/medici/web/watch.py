"""A view of the chain that never holds up a page: read in the background, kept for a moment.

A page waits for a fresh reading only so long; then it shows the last one, or says that there is
none. A chain that went down is told, with what was known before.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from medici.errors import MediciError
from medici.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """What is known now.

    Attributes:
        state: ``live``; ``stale`` (from before, the chain does not answer now); ``reading`` (the
            first answer is still awaited); ``down`` (nothing was ever read).
        value: the last reading, if any.
        at: when it was taken, Unix seconds; 0 without one.
        error: why the last attempt failed, if it did.
    """

    state: Literal["live", "stale", "reading", "down"]
    value: T | None
    at: float
    error: MediciError | None


class Watch(Generic[T]):
    """Keeps one reading fresh enough.

    Args:
        read: takes a reading; runs in a thread of its own, one at a time.
        fresh: seconds that a reading counts as live.
        patience: seconds that a page waits for a reading, counted from when it began.
    """

    def __init__(self, read: Callable[[], T], fresh: float = 5.0, patience: float = 1.0) -> None:
        self._read = read
        self._fresh = fresh
        self._patience = patience
        self._condition = threading.Condition()
        self._value: T | None = None
        self._taken = 0.0  # wall clock of the last good reading
        self._tried = float("-inf")  # monotonic clock of the end of the last attempt
        self._started: float | None = None  # monotonic clock of the attempt under way
        self._error: MediciError | None = None

    def begin(self) -> None:
        """Start a reading, unless one is under way or fresh, and do not wait for it."""
        with self._condition:
            clock = time.monotonic()
            if self._started is None and clock - self._tried > self._fresh:
                self._started = clock
                threading.Thread(target=self._attempt, name="chain-watch", daemon=True).start()

    def now(self) -> Seen[T]:
        """What is known, after waiting a little if that may bring something fresher."""
        self.begin()
        with self._condition:
            clock = time.monotonic()
            if self._started is not None:
                left = self._started + self._patience - clock
                self._condition.wait_for(lambda: self._started is None, max(0.0, left))
            return self._seen()

    def _seen(self) -> Seen[T]:
        if self._value is None:
            waiting = self._started is not None and self._error is None
            return Seen("reading" if waiting else "down", None, 0.0, self._error)
        late = self._started is not None and time.time() - self._taken > 6 * self._fresh
        state: Literal["live", "stale"] = "stale" if self._error or late else "live"
        return Seen(state, self._value, self._taken, self._error)

    def _attempt(self) -> None:
        value, error = None, None
        try:
            value = self._read()
        except MediciError as known:
            error = known
        except Exception as unknown:
            logger("web").exception("chain reading failed")
            error = MediciError(f"the chain could not be read: {type(unknown).__name__}")
        with self._condition:
            self._error = error
            if value is not None:
                self._value, self._taken = value, time.time()
            self._started, self._tried = None, time.monotonic()
            self._condition.notify_all()

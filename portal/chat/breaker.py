"""A switch that spares everybody the wait for what does not answer."""

import time
from collections.abc import Callable
from threading import Lock

FAILURES = 3
OPEN_SECONDS = 5.0


class Breaker:
    """Opens after some failures in a row; then one call in a while is let through, to find out.

    One for each process and each other side; safe to share between threads.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        seconds: float = OPEN_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._seconds, self._now = failures, seconds, now
        self._lock = Lock()
        self._failures = 0
        self._shut_until = 0.0

    def allows(self) -> bool:
        """Whether to call. While it is open, the first to ask after the pause is the probe."""
        with self._lock:
            if self._failures < self._most:
                return True
            if self._now() < self._shut_until:
                return False
            self._shut_until = self._now() + self._seconds
            return True

    def worked(self) -> None:
        """The other side answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """It did not."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._most:
                self._shut_until = self._now() + self._seconds

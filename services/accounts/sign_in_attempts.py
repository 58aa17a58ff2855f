"""Limits sign-in attempts per key, so that secrets cannot be guessed quickly."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

from services.errors import RateLimited

KEYS_KEPT = 10_000
"""Keys kept before the least recently used one is dropped, so that an attacker cannot fill the
memory with keys.
"""


class AttemptLimiter:
    """Allows ``limit`` attempts per key within a sliding window."""

    def __init__(self, *, what: str, limit: int, window_s: float) -> None:
        """``what`` names the attempts in the error's text, e.g. ``sign-in attempts``."""
        self._what, self._limit = what, limit
        self._window = timedelta(seconds=window_s)
        self._attempts: OrderedDict[str, deque[datetime]] = OrderedDict()

    def attempt(self, key: str, *, at: datetime) -> None:
        """Count one attempt.

        Raises:
            RateLimited: The window is full; the refused attempt is not counted.
        """
        times = self._attempts.setdefault(key, deque())
        self._attempts.move_to_end(key)
        while times and times[0] <= at - self._window:
            times.popleft()
        if len(times) >= self._limit:
            wait = times[0] + self._window - at
            raise RateLimited(what=self._what, retry_after_s=wait.total_seconds())
        times.append(at)
        while len(self._attempts) > KEYS_KEPT:
            self._attempts.popitem(last=False)

    def forget(self, key: str) -> None:
        """Clear a key after a success."""
        self._attempts.pop(key, None)

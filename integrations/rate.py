"""A rolling window of requests, as vendors limit them."""

from __future__ import annotations

import time
from collections.abc import Callable


class RateWindow:
    """``capacity`` requests at once; each slot is freed ``refill_s`` wall seconds after the last.

    Counts this process only: with several processes the vendor may still answer 429.
    """

    def __init__(
        self,
        *,
        capacity: int,
        refill_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with the whole window free."""
        self._capacity, self._refill_s, self._monotonic = capacity, refill_s, monotonic
        self._free_at = monotonic()

    def take(self) -> float:
        """Take a slot; the wall seconds to wait before it may be used (0 while slots are free)."""
        now = self._monotonic()
        self._free_at = max(self._free_at, now) + self._refill_s
        return max(0.0, self._free_at - now - self._capacity * self._refill_s)

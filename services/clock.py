"""The site's clock; everything below the composition root gets one passed in."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The site's time. A simulated site's clock may run faster than the wall's."""

    @property
    def speed(self) -> float:
        """Site seconds per wall second."""
        ...

    def now(self) -> datetime:
        """The aware UTC instant."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep for site seconds."""
        ...

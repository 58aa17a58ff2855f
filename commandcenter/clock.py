"""The clocks: the wall's, and a simulated site's that may run faster.

The only place that reads the time.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypedDict


class AnchorFile(TypedDict):
    """An anchor as JSON; times as ISO 8601 with offset."""

    wall_at: str
    site_at: str
    speed: float


class WallClock:
    """The machine's own time."""

    @property
    def speed(self) -> float:
        """Always 1."""
        return 1.0

    def now(self) -> datetime:
        """The aware UTC instant."""
        return datetime.now(UTC)  # noqa: TID251 - the one clock

    async def sleep(self, seconds: float) -> None:
        """Sleep for wall seconds."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Where a simulated clock started: site time ``site_at`` at wall time ``wall_at``."""

    wall_at: datetime
    site_at: datetime
    speed: float

    def to_json(self) -> AnchorFile:
        """For the anchor's file and the simulator's ``/sim/clock``."""
        return {
            "wall_at": self.wall_at.isoformat(),
            "site_at": self.site_at.isoformat(),
            "speed": self.speed,
        }

    @classmethod
    def from_json(cls, data: AnchorFile) -> Anchor:
        """The anchor of ``to_json``'s document."""
        return cls(
            wall_at=datetime.fromisoformat(data["wall_at"]),
            site_at=datetime.fromisoformat(data["site_at"]),
            speed=float(data["speed"]),
        )


class SimulatedClock:
    """Site time that runs ``speed`` times as fast as the wall's, from an anchor.

    Within a process it follows the monotonic clock, so that a jump of the machine's time does not
    become a jump of the site's.
    """

    def __init__(self, anchor: Anchor) -> None:
        """Start at the site time that the anchor gives for now."""
        wall = datetime.now(UTC)  # noqa: TID251 - the one clock
        self._speed = anchor.speed
        self._start = anchor.site_at + (wall - anchor.wall_at) * anchor.speed
        self._monotonic_start = time.monotonic()

    @property
    def speed(self) -> float:
        """Site seconds per wall second."""
        return self._speed

    def now(self) -> datetime:
        """The site's aware UTC instant."""
        elapsed_s = (time.monotonic() - self._monotonic_start) * self._speed
        return self._start + timedelta(seconds=elapsed_s)

    async def sleep(self, seconds: float) -> None:
        """Sleep for site seconds."""
        await asyncio.sleep(seconds / self._speed)

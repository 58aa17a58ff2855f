"""Until when a vendor wants no further request (``Retry-After``), for polls and for commands."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from services.clock import Clock
from services.errors import CommandCenterError, VendorError
from services.sites.ports import PauseStore
from services.sites.records import VendorPause

LONGEST_PAUSE_S = 3_600.0
"""Longest pause that a vendor can ask for, wall seconds."""


class VendorPauses:
    """Pauses by adapter, stored, because polls and commands run in different processes."""

    def __init__(self, *, store: PauseStore, clock: Clock) -> None:
        """``clock`` is the site's: pauses are asked for in wall seconds and kept in site time."""
        self._store, self._clock = store, clock

    async def note(self, adapter_id: UUID, error: CommandCenterError) -> None:
        """Remember the pause that ``error`` asks for, if any. It never shortens an earlier one."""
        asked_s = asked_pause_s(error)
        if asked_s is None:
            return
        now = self._clock.now()
        until = now + timedelta(seconds=min(asked_s, LONGEST_PAUSE_S) * self._clock.speed)
        earlier = await self.until(adapter_id)
        if earlier is None or until > earlier:
            await self._store.keep(adapter_id, VendorPause(asked_at=now, until=until))

    async def until(self, adapter_id: UUID) -> datetime | None:
        """When the pause of an adapter ends; None where there is none, or it is over.

        One that was asked for in the future was stored before the host's clock was set back: it
        counts as over, because the vendor says again what it wants.
        """
        pause, now = await self._store.pause(adapter_id), self._clock.now()
        if pause is None or not pause.asked_at <= now < pause.until:
            return None
        return pause.until


def asked_pause_s(error: CommandCenterError) -> float | None:
    """Wall seconds that a vendor has asked for; None for other errors and for no time at all."""
    asked_s = error.retry_after_s if isinstance(error, VendorError) else None
    return None if asked_s is None or asked_s <= 0.0 else asked_s

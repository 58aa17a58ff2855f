"""Gap filling: after an outage the vendor's own record of it is stored, so that energies are
complete.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from energy.energy_balance.rollup import MAXIMUM_GAP_S
from services.errors import VendorError
from services.sites.records import AdapterConfig
from services.telemetry.ports import TelemetryReader, TelemetryStore, TellsPast
from services.telemetry.records import Sample
from services.telemetry.suspicion import Suspicions

MOST_S = 24 * 3_600.0
"""Of a longer gap only the end is filled, s, because rollups are recomputed for the last day
only.
"""

ANSWER_WALL_S = 20.0
"""A query of the past that takes longer is repeated at the next poll, wall s."""

_JUST_BEFORE = timedelta(microseconds=1)

log = structlog.get_logger(__name__)


class GapFilling:
    """Compares the time of each reading with the one before. A gap that could not be filled is
    tried again at the next reading.
    """

    def __init__(self, *, telemetry: TelemetryStore, answer_wall_s: float = ANSWER_WALL_S) -> None:
        """``telemetry`` has the earlier samples."""
        self._telemetry, self._answer_wall_s = telemetry, answer_wall_s
        self._suspicions = Suspicions(telemetry=telemetry)
        self._heard_at: dict[UUID, datetime] = {}

    async def fill(
        self, adapter: AdapterConfig, reader: TelemetryReader, samples: Sequence[Sample]
    ) -> int:
        """Store samples from between these and the ones before; returns how many were new."""
        if not samples or not isinstance(reader, TellsPast):
            return 0
        first, last = min(s.at for s in samples), max(s.at for s in samples)
        before = self._heard_at.get(adapter.id)
        if before is None:
            before = await self._stored_before(adapter, samples, first)
        if (first - before).total_seconds() <= MAXIMUM_GAP_S:
            self._heard_at[adapter.id] = last
            return 0
        past = await self._past(adapter, reader, max(before, first - _seconds(MOST_S)), first)
        if past is None:
            self._heard_at[adapter.id] = before
            return 0
        self._heard_at[adapter.id] = last
        return await self._telemetry.append(await self._suspicions.cleared(adapter.system_id, past))

    async def _stored_before(
        self, adapter: AdapterConfig, samples: Sequence[Sample], first: datetime
    ) -> datetime:
        """Time of the devices' newest stored sample before ``first``; a day before it without
        any.
        """
        devices = {sample.device_id for sample in samples}
        stored = await self._telemetry.latest(adapter.system_id, until=first - _JUST_BEFORE)
        heard = [value.measured_at for value in stored if value.device_id in devices]
        return max(heard, default=first - _seconds(MOST_S))

    async def _past(
        self, adapter: AdapterConfig, reader: TellsPast, start: datetime, end: datetime
    ) -> Sequence[Sample] | None:
        """The vendor's record of the gap; None where it fails, which must not fail the poll."""
        try:
            async with asyncio.timeout(self._answer_wall_s):
                return await reader.between(start, end)
        except (VendorError, TimeoutError) as error:
            log.warning("gap_not_filled", adapter=adapter.name, error=str(error) or "too slow")
            return None


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)

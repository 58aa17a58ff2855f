"""Polls one adapter: reads, stores the samples, records the outcome, publishes an event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from energy.site.snapshot import Link
from services.clock import Clock
from services.errors import NotFound, Postponed, VendorError
from services.events import EventBus
from services.sites.ports import SiteStore
from services.sites.records import AdapterConfig, ControlledLoad
from services.sites.vendor_pauses import VendorPauses
from services.telemetry.gap_filling import GapFilling
from services.telemetry.ports import TelemetryReader, TelemetryStore, TellsCautions, TellsIdentity
from services.telemetry.suspicion import Suspicions

ReaderOf = Callable[[AdapterConfig, Sequence[ControlledLoad]], TelemetryReader]
"""Makes the reader of an adapter; the site's loads say which load is on which channel."""


class Polling:
    """Polls adapters. The scheduler makes sure that an adapter has one poll at a time."""

    def __init__(
        self,
        *,
        sites: SiteStore,
        telemetry: TelemetryStore,
        reader_of: ReaderOf,
        clock: Clock,
        events: EventBus,
        pauses: VendorPauses,
        stopwatch: Callable[[], float],
    ) -> None:
        """``stopwatch`` gives monotonic seconds, for the duration of a poll."""
        self._sites, self._telemetry, self._reader_of = sites, telemetry, reader_of
        self._clock, self._events, self._stopwatch = clock, events, stopwatch
        self._pauses = pauses
        self._suspicions = Suspicions(telemetry=telemetry)
        self._gaps = GapFilling(telemetry=telemetry)

    async def poll(self, adapter_id: UUID, system_id: UUID | None = None) -> int:
        """Read an adapter once; returns how many samples were new.

        ``system_id`` is optional and saves searching all systems for the adapter.

        Raises:
            NotFound: No such adapter.
            Postponed: The vendor has asked for time; it is not asked and nothing is recorded.
            VendorError: The vendor failed; the failure has been recorded.
        """
        adapter = await self._placed(await self._adapter(adapter_id, system_id))
        until = await self._pauses.until(adapter.id)
        if until is not None:
            raise Postponed(what=adapter.name, until=until)
        reader = self._reader_of(adapter, await self._sites.loads(adapter.system_id))
        started_s = self._stopwatch()
        try:
            samples = await reader.read()
        except VendorError as error:
            await self._pauses.note(adapter.id, error)
            await self._note(adapter, started_s, error=str(error))
            raise
        new = await self._telemetry.append(
            await self._suspicions.cleared(adapter.system_id, samples)
        )
        new += await self._gaps.fill(adapter, reader, samples)
        await self._remember(adapter, reader)
        cautions = reader.cautions() if isinstance(reader, TellsCautions) else ()
        telling = [self._note(adapter, started_s, caution="; ".join(cautions) or None)]
        if new > 0:
            # The event carries no adapter, so that events of several polls are equal and merged.
            news = {"system_id": str(adapter.system_id)}
            telling.append(self._events.publish("telemetry", news))
        await asyncio.gather(*telling)
        return new

    async def _remember(self, adapter: AdapterConfig, reader: TelemetryReader) -> None:
        """Store the device's identity when it first reports one."""
        if adapter.identity is None and isinstance(reader, TellsIdentity):
            identity = reader.identity()
            if identity is not None:
                await self._sites.remember_identity(adapter, identity)

    async def _note(
        self,
        adapter: AdapterConfig,
        started_s: float,
        *,
        error: str | None = None,
        caution: str | None = None,
    ) -> None:
        ms = (self._stopwatch() - started_s) * 1000.0
        await self._telemetry.record_poll(
            adapter.id, at=self._clock.now(), error=error, ms=ms, caution=caution
        )

    async def _adapter(self, adapter_id: UUID, system_id: UUID | None) -> AdapterConfig:
        searched = [system_id] if system_id is not None else await self._systems()
        for system in searched:
            for adapter in await self._sites.adapters(system):
                if adapter.id == adapter_id:
                    return adapter
        raise NotFound(kind="adapter", key=str(adapter_id))

    async def _placed(self, adapter: AdapterConfig) -> AdapterConfig:
        """The adapter with the site's time zone, because some clouds give local times without
        one.
        """
        if adapter.link is not Link.CLOUD or "timezone" in adapter.settings:
            return adapter
        system = await self._sites.system(adapter.system_id)
        if system is None:
            raise NotFound(kind="system", key=str(adapter.system_id))
        return replace(adapter, settings={**adapter.settings, "timezone": system.timezone})

    async def _systems(self) -> list[UUID]:
        return [system.id for system in await self._sites.systems()]

"""All storage ports on PostgreSQL, wired together."""

from __future__ import annotations

from storage.connection.listening import Listener
from storage.connection.pool import Pool
from storage.connection.secrets import Secrets
from storage.connection.together import NotesTogether, ReadsTogether
from storage.stores.accounts import PostgresAccountStore
from storage.stores.actions import PostgresActionStore, PostgresTimerFaultStore
from storage.stores.alerts import PostgresAlertStore, PostgresOutboxStore
from storage.stores.chat import PostgresConversationStore
from storage.stores.control import (
    PostgresEmergencyStopStore,
    PostgresJobStore,
    PostgresMemoryStore,
)
from storage.stores.decisions import PostgresCycleStore, PostgresDecisionStore
from storage.stores.kept import CHANNEL as SETTINGS
from storage.stores.kept import Kept, KeptSettings, KeptSites
from storage.stores.live_events import CHANNEL as EVENTS
from storage.stores.live_events import PostgresEventBus, PostgresStoreHealth
from storage.stores.locks import PostgresDeviceLocks
from storage.stores.site_settings import PostgresSettingsStore
from storage.stores.sites import PostgresPauseStore, PostgresSiteStore
from storage.telemetry.store import PostgresTelemetryStore


class PostgresStores:
    """One database's worth of stores."""

    def __init__(self, *, pool: Pool, dsn: str, key: bytes, kept: Kept | None = None) -> None:
        """``key`` encrypts vendors' credentials; ``dsn`` is for listening and for locks.

        ``kept`` may be shared with other ``PostgresStores`` of this process; start one of them
        only.
        """
        secrets = Secrets(key=key)
        self._kept = Kept() if kept is None else kept
        self.site = KeptSites(store=PostgresSiteStore(pool=pool, secrets=secrets), kept=self._kept)
        self.settings = KeptSettings(
            store=PostgresSettingsStore(pool=pool, secrets=secrets), kept=self._kept
        )
        reads, notes = ReadsTogether(pool=pool), NotesTogether(pool=pool)
        self.pauses = PostgresPauseStore(pool=pool, reads=reads)
        self.telemetry = PostgresTelemetryStore(pool=pool, reads=reads, notes=notes)
        self.memory = PostgresMemoryStore(pool=pool, reads=reads)
        self.decisions = PostgresDecisionStore(pool=pool)
        self.cycles = PostgresCycleStore(pool=pool)
        self.actions = PostgresActionStore(pool=pool, reads=reads)
        self.timer_faults = PostgresTimerFaultStore(pool=pool, reads=reads)
        self.locks = PostgresDeviceLocks(dsn=dsn)
        self.emergency_stops = PostgresEmergencyStopStore(pool=pool, reads=reads)
        self.outbox = PostgresOutboxStore(pool=pool, secrets=secrets)
        self.alerts = PostgresAlertStore(pool=pool, secrets=secrets)
        self.accounts = PostgresAccountStore(pool=pool)
        self.conversations = PostgresConversationStore(pool=pool)
        self.events = PostgresEventBus(notes=notes)
        self.jobs = PostgresJobStore(pool=pool, notes=notes)
        self.health = PostgresStoreHealth(pool=pool)
        self._listener = Listener(
            dsn=dsn,
            handlers={EVENTS: self.events.receive, SETTINGS: self._kept.on_change},
            connected=self._kept.begin,
            lost=self._kept.end,
        )

    async def start(self) -> None:
        """Listen for live events and for changes of settings."""
        await self._listener.start()

    async def stop(self) -> None:
        """Stop listening, end subscriptions and release locks."""
        await self._listener.stop()
        await self.events.stop()
        await self.locks.close()

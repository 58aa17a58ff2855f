"""All storage ports on PostgreSQL, wired together."""

from __future__ import annotations

from storage.connection.pool import Pool
from storage.connection.secrets import Secrets
from storage.stores.accounts import PostgresAccountStore
from storage.stores.actions import PostgresActionStore
from storage.stores.alerts import PostgresAlertStore, PostgresOutboxStore
from storage.stores.chat import PostgresConversationStore
from storage.stores.control import (
    PostgresDeviceLocks,
    PostgresEmergencyStopStore,
    PostgresJobStore,
    PostgresMemoryStore,
)
from storage.stores.decisions import PostgresDecisionStore
from storage.stores.live_events import PostgresEventBus, PostgresStoreHealth
from storage.stores.site_settings import PostgresSettingsStore
from storage.stores.sites import PostgresSiteStore
from storage.telemetry.store import PostgresTelemetryStore


class PostgresStores:
    """One database's worth of stores."""

    def __init__(self, *, pool: Pool, dsn: str, key: bytes) -> None:
        """``key`` encrypts vendors' credentials; ``dsn`` is for listening and for locks."""
        secrets = Secrets(key=key)
        self.site = PostgresSiteStore(pool=pool, secrets=secrets)
        self.settings = PostgresSettingsStore(pool=pool, secrets=secrets)
        self.telemetry = PostgresTelemetryStore(pool=pool)
        self.memory = PostgresMemoryStore(pool=pool)
        self.decisions = PostgresDecisionStore(pool=pool)
        self.actions = PostgresActionStore(pool=pool)
        self.locks = PostgresDeviceLocks(dsn=dsn)
        self.emergency_stops = PostgresEmergencyStopStore(pool=pool)
        self.outbox = PostgresOutboxStore(pool=pool, secrets=secrets)
        self.alerts = PostgresAlertStore(pool=pool, secrets=secrets)
        self.accounts = PostgresAccountStore(pool=pool)
        self.conversations = PostgresConversationStore(pool=pool)
        self.events = PostgresEventBus(pool=pool, dsn=dsn)
        self.jobs = PostgresJobStore(pool=pool)
        self.health = PostgresStoreHealth(pool=pool)

    async def start(self) -> None:
        """Listen for live events."""
        await self.events.start()

    async def stop(self) -> None:
        """Stop listening, give locks back."""
        await self.events.stop()
        await self.locks.close()

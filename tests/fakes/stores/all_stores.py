"""All storage ports in memory, wired together."""

from __future__ import annotations

from services.clock import Clock
from tests.fakes.clock import FrozenClock
from tests.fakes.site import InMemoryPauseStore, InMemorySiteStore
from tests.fakes.stores.accounts import InMemoryAccountStore
from tests.fakes.stores.alerts import InMemoryAlertStore, InMemoryOutboxStore
from tests.fakes.stores.chat import InMemoryConversationStore
from tests.fakes.stores.control import (
    InMemoryActionStore,
    InMemoryCycleStore,
    InMemoryDecisionStore,
    InMemoryDeviceLocks,
    InMemoryEmergencyStopStore,
    InMemoryMemoryStore,
    InMemoryTimerFaultStore,
)
from tests.fakes.stores.live import InMemoryEventBus, InMemoryJobStore, InMemoryStoreHealth
from tests.fakes.stores.settings import InMemorySettingsStore
from tests.fakes.stores.telemetry import InMemoryTelemetryStore


class InMemoryStores:
    """One site's worth of stores that know each other."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        """``clock`` stamps the versions of settings; a frozen one by default."""
        self.clock: Clock = clock if clock is not None else FrozenClock()
        self.site = InMemorySiteStore()
        self.pauses = InMemoryPauseStore(site=self.site)
        self.settings = InMemorySettingsStore(clock=self.clock, site=self.site)
        self.telemetry = InMemoryTelemetryStore(site=self.site, settings=self.settings)
        self.memory = InMemoryMemoryStore()
        self.decisions = InMemoryDecisionStore()
        self.actions = InMemoryActionStore()
        self.timer_faults = InMemoryTimerFaultStore(site=self.site)
        self.locks = InMemoryDeviceLocks()
        self.emergency_stops = InMemoryEmergencyStopStore()
        self.outbox = InMemoryOutboxStore()
        self.alerts = InMemoryAlertStore(outbox=self.outbox)
        self.accounts = InMemoryAccountStore()
        self.conversations = InMemoryConversationStore()
        self.events = InMemoryEventBus()
        self.health = InMemoryStoreHealth()
        self.jobs = InMemoryJobStore()

    @property
    def cycles(self) -> InMemoryCycleStore:
        """On the stores of decisions and of memory that are in place now."""
        return InMemoryCycleStore(decisions=self.decisions, memory=self.memory, events=self.events)

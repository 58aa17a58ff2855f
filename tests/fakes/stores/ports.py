"""The stores by name, as tests of the in-memory and of the PostgreSQL ones ask for them."""

from __future__ import annotations

from typing import Protocol

from services.actions.ports import ActionStore, DeviceLocks, EmergencyStopStore, TimerFaultStore
from services.alerting.ports import AlertStore
from services.control.ports import CycleStore, DecisionStore
from services.events import EventBus
from services.memory.ports import MemoryStore
from services.settings.ports import SettingsStore
from services.sites.ports import PauseStore, SiteStore
from services.telemetry.ports import TelemetryStore


class ControlStores(Protocol):
    """What the control loop reads and writes."""

    @property
    def site(self) -> SiteStore: ...
    @property
    def timer_faults(self) -> TimerFaultStore: ...
    @property
    def pauses(self) -> PauseStore: ...
    @property
    def settings(self) -> SettingsStore: ...
    @property
    def telemetry(self) -> TelemetryStore: ...
    @property
    def memory(self) -> MemoryStore: ...
    @property
    def decisions(self) -> DecisionStore: ...
    @property
    def cycles(self) -> CycleStore: ...
    @property
    def actions(self) -> ActionStore: ...
    @property
    def locks(self) -> DeviceLocks: ...
    @property
    def emergency_stops(self) -> EmergencyStopStore: ...
    @property
    def alerts(self) -> AlertStore: ...
    @property
    def events(self) -> EventBus: ...

"""What the server needs of the rest, by name. ``commandcenter.wiring`` fills it; tests fill it with
fakes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from energy.site.loads import Actor, Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from services.accounts.accounts import Accounts
from services.accounts.records import Scope, User
from services.actions.ports import ActionStore
from services.actions.records import Action, EmergencyStop
from services.alerting.ports import AlertStore
from services.alerting.records import Alert
from services.chat.ports import ConversationStore
from services.chat.records import Run, RunEvent
from services.clock import Clock
from services.control.ports import DecisionStore
from services.events import EventBus
from services.sites.ports import SiteStore
from services.stored import Json, Stored


class LiveView(Protocol):
    """What is true now, for people and tools."""

    async def now(self, system_id: UUID) -> Json: ...


class History(Protocol):
    """What was."""

    async def statistics(self, system_id: UUID, hours: float) -> Json: ...
    async def series(
        self, system_id: UUID, metric: str, start: datetime, end: datetime, step_s: float | None
    ) -> Json: ...
    async def hourly(self, system_id: UUID, start: datetime, end: datetime) -> Sequence[Json]: ...
    async def daily(self, system_id: UUID, start: datetime, end: datetime) -> Sequence[Json]: ...


class Settings(Protocol):
    """Preferences, miners and zones, checked before they are saved."""

    async def preferences(self, system_id: UUID) -> Stored[Preferences]: ...
    async def save_preferences(
        self, system_id: UUID, value: Preferences, *, expected_version: int | None, actor: str
    ) -> Stored[Preferences]: ...
    async def reset_preferences(self, system_id: UUID, *, actor: str) -> Stored[Preferences]: ...
    async def miners(self, system_id: UUID) -> Sequence[Stored[MinerProfile]]: ...
    async def save_miner(
        self, system_id: UUID, value: MinerProfile, *, expected_version: int | None, actor: str
    ) -> Stored[MinerProfile]: ...
    async def delete_miner(self, system_id: UUID, miner_id: str, *, actor: str) -> object: ...
    async def zones(self, system_id: UUID) -> Sequence[Stored[Zone]]: ...
    async def save_zone(
        self, system_id: UUID, value: Zone, *, expected_version: int | None, actor: str
    ) -> Stored[Zone]: ...
    async def delete_zone(self, system_id: UUID, zone_id: str, *, actor: str) -> object: ...


class WhatIf(Protocol):
    """Decisions without side effects."""

    async def allocate(self, system_id: UUID, document: Json) -> Json: ...
    async def replay(self, decision_id: UUID) -> Json: ...


class Actions(Protocol):
    """The life of actions."""

    async def propose(
        self,
        system_id: UUID,
        load_id: UUID,
        *,
        target_on: bool,
        actor: Actor,
        requested_by: str,
        reason: str,
        explanation: str,
    ) -> Action: ...
    async def approve(self, action_id: UUID, *, by: str) -> Action: ...
    async def reject(self, action_id: UUID, *, by: str) -> Action: ...


class Emergency(Protocol):
    """The latch."""

    async def state(self, system_id: UUID) -> EmergencyStop: ...
    async def latch(self, system_id: UUID, *, by: str, reason: str) -> EmergencyStop: ...
    async def release(self, system_id: UUID, *, by: str, reason: str) -> EmergencyStop: ...


class Alerts(Protocol):
    """What people do with alerts."""

    async def acknowledge(self, alert_id: UUID, *, by: str) -> Alert: ...
    async def snooze(self, alert_id: UUID, *, until: datetime, by: str) -> Alert: ...


class Notifications(Protocol):
    """Sends a test message to every target that the owner has set."""

    async def test(self, system_id: UUID, *, by: str) -> Json:
        """``{"targets": [{"target", "ok", "detail"}]}``, secrets in targets hidden."""
        ...


class Metrics(Protocol):
    """Figures for a monitoring system."""

    async def text(self) -> str:
        """In Prometheus' text format."""
        ...


class Health(Protocol):
    """How every component does."""

    async def report(self) -> Json: ...


class Runs(Protocol):
    """Questions that are answered on the server."""

    async def start(
        self,
        *,
        user: User,
        system_id: UUID,
        question: str,
        conversation_id: UUID | None,
        agent: str | None,
        scope: Scope,
    ) -> Run: ...
    async def run(self, run_id: UUID) -> Run: ...
    def events(self, run_id: UUID, *, after: int) -> AsyncIterator[RunEvent]: ...
    async def stop(self, run_id: UUID, *, by: str) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Small settings of the server.

    Attributes:
        version: Shown to people; pages reload themselves when it changes.
        public_base_url: How people reach the site from outside, without a trailing slash; None when
            only this machine does.
        allowed_hosts: Host names answered to beside localhost; ``*`` allows any.
        secure_cookies: Whether cookies are ``Secure`` (TLS in front of the site).
        max_body_bytes: Larger requests are refused with 413.
        heartbeat_s: Wall seconds between heartbeat comments of an event stream.
        refresh_s: Longest wall time between two pictures of the site on the live stream.
    """

    version: str = "unknown"
    public_base_url: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    secure_cookies: bool = False
    max_body_bytes: int = 262_144
    heartbeat_s: float = 15.0
    refresh_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the server calls."""

    accounts: Accounts
    sites: SiteStore
    live: LiveView
    history: History
    settings: Settings
    what_if: WhatIf
    actions: Actions
    action_store: ActionStore
    decisions: DecisionStore
    emergency: Emergency
    alerts: Alerts
    alert_store: AlertStore
    notifications: Notifications
    health: Health
    metrics: Metrics
    runs: Runs
    conversations: ConversationStore
    events: EventBus
    clock: Clock
    config: ServerConfig = field(default_factory=ServerConfig)

"""The services that the tools need, as protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from energy.allocation.decision import Decision
from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from services.accounts.records import Scope
from services.actions.ports import ActionStore
from services.actions.records import Action, SwitchProposal
from services.alerting.ports import AlertStore
from services.clock import Clock
from services.control.ports import DecisionStore
from services.sites.ports import SiteStore
from services.stored import Stored
from services.views.health import PartsReport
from services.views.history_shapes import MetricSeries, SpanStatistics
from services.views.site_picture import SitePicture


class NowView(Protocol):
    """The site as it is now."""

    async def now(self, system_id: UUID) -> SitePicture:
        """What the home page shows: every value with unit, age and source."""
        ...


class PastView(Protocol):
    """The site's history."""

    async def statistics(self, system_id: UUID, hours: float) -> SpanStatistics:
        """Energies, means and extremes of the last ``hours``."""
        ...

    async def series(
        self, system_id: UUID, metric: str, *, start: datetime, end: datetime, step_s: float
    ) -> MetricSeries:
        """One metric in buckets of ``step_s``."""
        ...


class SettingsView(Protocol):
    """The owner's settings."""

    async def preferences(self, system_id: UUID) -> Stored[Preferences]:
        """The site's preferences."""
        ...

    async def miners(self, system_id: UUID) -> Sequence[Stored[MinerProfile]]:
        """Profiles of the site's miners."""
        ...

    async def zones(self, system_id: UUID) -> Sequence[Stored[Zone]]:
        """The site's HVAC zones."""
        ...


class WhatIfView(Protocol):
    """The allocator, asked without side effects."""

    async def allocate(self, system_id: UUID, document: Mapping[str, object]) -> Decision:
        """The decision for the site with the document's fields overridden."""
        ...


class SwitchProposer(Protocol):
    """Makes pending actions."""

    async def propose(self, system_id: UUID, proposal: SwitchProposal) -> Action:
        """Validate and store; an agent's proposal waits for the owner."""
        ...

    async def confirmed(self, action: Action, *, by: str) -> Action:
        """Approve it at once where the owner's settings require no further confirmation."""
        ...


class HealthView(Protocol):
    """The health report."""

    async def report(self) -> PartsReport:
        """``{status, at, components: [{name, kind, status, detail, age_s, advice, polls}]}``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolServices:
    """Everything that tools may reach."""

    live: NowView
    history: PastView
    settings: SettingsView
    what_if: WhatIfView
    decisions: DecisionStore
    actions: ActionStore
    proposals: SwitchProposer
    alerts: AlertStore
    health: HealthView
    site: SiteStore
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolScope:
    """Site, person and rights of one run's tools; set when they are built, never by a model.

    Attributes:
        system_id: The site.
        user_id: The person who asks.
        requested_by: That person's name in the action log, e.g. an e-mail address.
        scope: Their rights by role and token; proposing needs ``control``.
        timezone: The site's timezone name, in which times are answered.
        words: The owner's own message. What it doesn't ask for can't be proposed.
        most_proposals: Switches that may be proposed for this message.
    """

    system_id: UUID
    user_id: UUID
    requested_by: str
    scope: Scope
    timezone: str
    words: str
    most_proposals: int = 1

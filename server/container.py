"""The services that the server calls; ``commandcenter.wiring`` creates them."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.accounts.accounts import Accounts
from services.actions.ports import ActionStore
from services.actions.proposals import Proposals
from services.alerting.alerts import Alerts
from services.alerting.notifications import Notifications
from services.alerting.ports import AlertStore
from services.chat.ports import ConversationStore
from services.chat.runs import Runs
from services.clock import Clock
from services.control.emergency_stop import Emergency
from services.control.ports import DecisionStore
from services.control.what_if import WhatIf
from services.events import EventBus
from services.settings.site_settings import SiteSettings
from services.sites.ports import SiteStore
from services.views.health import Health
from services.views.history import History
from services.views.live import LiveView
from services.views.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Small settings of the server.

    Attributes:
        version: Shown to people; open pages reload when it changes.
        public_base_url: How people reach the site from outside, without a trailing slash; None when
            only this machine does.
        allowed_hosts: Accepted host names beside localhost; ``*`` allows any.
        secure_cookies: Whether cookies are ``Secure`` (TLS in front of the site).
        max_body_bytes: Larger requests are refused with 413.
        heartbeat_s: Wall seconds between heartbeat comments of an event stream.
        refresh_s: Longest wall time between two live views on the live stream.
        picture_s: A live view that takes longer is given up and the database reported as away, wall
            s. ``refresh_s`` + ``picture_s`` is how long a page needs to notice an outage.
        access_checked_s: Wall seconds between two checks of a stream reader's access.
    """

    version: str = "unknown"
    public_base_url: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    secure_cookies: bool = False
    max_body_bytes: int = 262_144
    heartbeat_s: float = 15.0
    refresh_s: float = 6.0
    picture_s: float = 3.0
    access_checked_s: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the server calls."""

    accounts: Accounts
    sites: SiteStore
    live: LiveView
    history: History
    settings: SiteSettings
    what_if: WhatIf
    proposals: Proposals
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

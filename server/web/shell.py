"""What every signed-in page shows around its content."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from energy.site.display import Display, display_of
from server.auth import visible_systems
from server.container import Services
from server.web.attention import Attention, attention_of
from server.web.links import HOME
from services.accounts.accounts import Identity
from services.accounts.records import Role
from services.actions.records import EmergencyStop
from services.sites.records import System

PATHS = {"home": HOME, "chat": "/chat", "health": "/health"}
"""The pages of the navigation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The frame of a page: active page, site, user, what needs the owner, the emergency stop.

    Attributes:
        path: The page's own address, without its site.
        sites: All sites that may be seen, by name.
        at: The site's time as ISO 8601, for scripts; ``clock`` the same for people.
        speed: Site seconds per second of the wall; not 1 on a simulated site.
    """

    active: str
    path: str
    site: System
    sites: tuple[System, ...]
    user: str
    is_admin: bool
    may_control: bool
    stop: EmergencyStop
    version: str
    timezone: str
    at: str
    clock: str
    speed: float
    attention: Attention
    display: Display


async def shell_of(services: Services, who: Identity, site: System, *, active: str) -> Shell:
    """The frame for one request."""
    preferences = (await services.settings.preferences(site.id)).value
    timezone, display = preferences.timezone, display_of(preferences)
    at = services.clock.now()
    return Shell(
        active=active,
        path=PATHS[active],
        site=site,
        sites=tuple(await visible_systems(services, who)),
        user=who.name,
        is_admin=who.user.role is Role.ADMIN,
        may_control=who.user.role is not Role.VIEWER,
        stop=await services.emergency.state(site.id),
        version=services.config.version,
        timezone=timezone,
        at=at.isoformat(),
        clock=f"{at.astimezone(ZoneInfo(timezone)):%a %-d %b, %H:%M}",
        speed=services.clock.speed,
        attention=await attention_of(services, site.id, display),
        display=display,
    )

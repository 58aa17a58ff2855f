"""What every signed-in page shows around its content."""

from __future__ import annotations

from dataclasses import dataclass

from server.container import Services
from services.accounts.accounts import Identity
from services.accounts.records import Role
from services.actions.records import EmergencyStop
from services.sites.records import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The frame of a page: where we are, who looks, and whether everything is stopped."""

    active: str
    site: System
    user: str
    is_admin: bool
    may_control: bool
    stop: EmergencyStop
    version: str
    timezone: str


async def shell_of(services: Services, who: Identity, site: System, *, active: str) -> Shell:
    """The frame for one request."""
    return Shell(
        active=active,
        site=site,
        user=who.name,
        is_admin=who.user.role is Role.ADMIN,
        may_control=who.user.role is not Role.VIEWER,
        stop=await services.emergency.state(site.id),
        version=services.config.version,
        timezone=(await services.settings.preferences(site.id)).value.timezone,
    )

"""The emergency stop."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query

from server.auth import Admin, ChosenSite, Container, PersonOrController, Reader
from server.described import DescribedRoute
from server.schemas.control import (
    DEFAULT_REASON,
    REASON_LENGTH,
    EmergencyStopView,
    ReleaseRequest,
    StopRequest,
)
from services.errors import Invalid

router = APIRouter(prefix="/emergency-stop", tags=["control"], route_class=DescribedRoute)


@router.get("")
async def read_stop(services: Container, site: ChosenSite, _: Reader) -> EmergencyStopView:
    """Whether it is latched, by whom and why."""
    return EmergencyStopView.of(await services.emergency.state(site.id))


@router.post("")
async def press_stop(
    services: Container, site: ChosenSite, who: PersonOrController, body: StopRequest | None = None
) -> EmergencyStopView:
    """Stop every controlled load at once and suspend all automation. Pressing twice is fine.

    Every person who sees the site may, a viewer too; a token needs the scope ``control``.
    """
    reason = "" if body is None else body.reason.strip()
    state = await services.emergency.latch(site.id, by=who.name, reason=reason or DEFAULT_REASON)
    return EmergencyStopView.of(state)


@router.delete("")
async def release_stop(
    services: Container,
    site: ChosenSite,
    who: Admin,
    body: Annotated[ReleaseRequest | None, Body()] = None,
    reason: Annotated[str | None, Query(min_length=3, max_length=REASON_LENGTH)] = None,
) -> EmergencyStopView:
    """Let automation go on: admins only, with a reason, in the body or as ``?reason=``."""
    given = (body.reason if body is not None else reason or "").strip()
    if not given or "\x00" in given:
        raise Invalid([("reason", "say why it is safe to go on")])
    return EmergencyStopView.of(
        await services.emergency.release(site.id, by=who.name, reason=given)
    )

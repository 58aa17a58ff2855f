"""Alerts and test messages."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter

from server.auth import ChosenSite, Container, Operator, Reader, ensure_visible
from server.container import Services
from server.described import DescribedRoute
from server.paging import Page, Paged, page_by_time
from server.schemas.control import AlertView, Snooze
from server.schemas.messages import TestMessages
from server.schemas.problems import refused
from services.accounts.accounts import Identity
from services.errors import Invalid, NotFound

router = APIRouter(tags=["alerts"], route_class=DescribedRoute)
LONGEST_SNOOZE = timedelta(days=30)


@router.get("/alerts")
async def list_alerts(
    services: Container, site: ChosenSite, _: Reader, paging: Paged
) -> Page[AlertView]:
    """Alerts, newest first; ``cleared_at`` is null while the condition lasts."""
    return await page_by_time(
        paging,
        lambda before, limit: services.alert_store.page(site.id, before=before, limit=limit),
        time_of=lambda alert: alert.opened_at,
        show=AlertView.of,
        total=await services.alert_store.count(site.id),
    )


@router.post("/alerts/{alert_id}/ack", responses=refused(409))
async def acknowledge(services: Container, who: Operator, alert_id: UUID) -> AlertView:
    """Acknowledge an alert: it is not escalated any more."""
    await _ensure_visible(services, who, alert_id)
    return AlertView.of(await services.alerts.acknowledge(alert_id, by=who.name))


@router.post("/alerts/{alert_id}/snooze", responses=refused(409))
async def snooze(services: Container, who: Operator, alert_id: UUID, body: Snooze) -> AlertView:
    """Send no messages about an alert until then, at most for 30 days."""
    await _ensure_visible(services, who, alert_id)
    until = _until(body, services.clock.now())
    return AlertView.of(await services.alerts.snooze(alert_id, until=until, by=who.name))


@router.post("/notifications/test")
async def test_notifications(services: Container, site: ChosenSite, who: Operator) -> TestMessages:
    """Send a test message to every target and say how each went."""
    return TestMessages(**await services.notifications.test(site.id, by=who.name))


def _until(body: Snooze, now: datetime) -> datetime:
    if (body.until is None) == (body.minutes is None):
        raise Invalid([("", "give either until or minutes")])
    until = body.until
    if until is None:
        until = now + timedelta(minutes=0.0 if body.minutes is None else body.minutes)
    if not now < until <= now + LONGEST_SNOOZE:
        raise Invalid([("until", "must lie within the next 30 days")])
    return until


async def _ensure_visible(services: Services, who: Identity, alert_id: UUID) -> None:
    alert = await services.alert_store.get(alert_id)
    if alert is None:
        raise NotFound(kind="alert", key=str(alert_id))
    await ensure_visible(services, who, alert.system_id, kind="alert", key=alert_id)

"""The live stream of a page: the live view and the events of the site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from server.auth import ChosenSite, Container, Reader, access_ended
from server.container import Services
from server.described import DescribedRoute
from server.schemas.streams import SITE_EVENTS, streamed
from server.sse import event, merged, stream, until
from services.errors import CommandCenterError
from services.sites.records import System
from services.stored import Json
from services.time_limit import within

router = APIRouter(tags=["live"], route_class=DescribedRoute)
TOPICS = ("telemetry", "decision", "action", "alert", "estop")
PAUSE_S = 0.5
"""Wall seconds between two live views, because switches and polls come in bursts."""


@router.get("/stream", response_class=EventSourceResponse, responses=streamed(SITE_EVENTS))
async def live(
    services: Container, request: Request, site: ChosenSite, _: Reader
) -> EventSourceResponse:
    """``now`` at once and after each change, and the changes themselves by name; ends with the
    reader's access.
    """
    events = until(_events(services, site), access_ended(request))
    return stream(events, heartbeat_s=services.config.heartbeat_s)


async def _events(services: Services, site: System) -> AsyncIterator[ServerSentEvent]:
    """Events as they come, and live views from a task of their own, so that a slow one delays no
    event.
    """
    changes, changed = services.events.subscribe(*TOPICS), asyncio.Event()
    changed.set()
    yield event("version", {"version": services.config.version})
    both = (_changes(changes, site, changed), _pictures(services, site, changed))
    async for sent in merged(both):
        yield sent


async def _changes(
    changes: AsyncIterator[tuple[str, Json]], site: System, changed: asyncio.Event
) -> AsyncIterator[ServerSentEvent]:
    async for topic, payload in changes:
        if _concerns(payload, site):
            yield event(topic, payload)
            changed.set()


async def _pictures(
    services: Services, site: System, changed: asyncio.Event
) -> AsyncIterator[ServerSentEvent]:
    """A live view after each event or burst of events, and after ``refresh_s`` without one."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(services.config.refresh_s):
                await changed.wait()
        changed.clear()
        yield await _now(services, site)
        await asyncio.sleep(PAUSE_S)


async def _now(services: Services, site: System) -> ServerSentEvent:
    """A live view, or ``away``: a frozen database gives no error, so the wait is limited."""
    picture = services.live.now(site.id)
    try:
        now = await within(services.config.picture_s, picture, what="The database")
        return event("now", now)
    except CommandCenterError as error:
        return event("away", {"message": str(error)})


def _concerns(payload: Mapping[str, object], site: System) -> bool:
    named = payload.get("system_id")
    return named is None or named == str(site.id)

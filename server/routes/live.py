"""The one live stream of a page: the site's picture and everything that happens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent

from server.auth import Container, Reader, Site
from server.container import Services
from server.described import DescribedRoute
from server.schemas.streams import SITE_EVENTS, streamed
from server.sse import Tick, event, merged, stream
from services.errors import CommandCenterError
from services.sites.records import System

router = APIRouter(tags=["live"], route_class=DescribedRoute)
TOPICS = ("telemetry", "decision", "action", "alert", "estop")


@router.get("/stream", response_class=EventSourceResponse, responses=streamed(SITE_EVENTS))
async def live(services: Container, site: Site, _: Reader) -> EventSourceResponse:
    """``now`` at once and after each change, and the changes themselves by name."""
    return stream(_events(services, site), heartbeat_s=services.config.heartbeat_s)


async def _events(services: Services, site: System) -> AsyncIterator[ServerSentEvent]:
    yield event("version", {"version": services.config.version})
    yield await _now(services, site)
    source = services.events.subscribe(*TOPICS)
    async for item in merged([source], tick_s=services.config.refresh_s):
        if isinstance(item, Tick):
            yield await _now(services, site)
            continue
        topic, payload = item
        if not _concerns(payload, site):
            continue
        yield event(topic, payload)
        yield await _now(services, site)


async def _now(services: Services, site: System) -> ServerSentEvent:
    try:
        return event("now", await services.live.now(site.id))
    except CommandCenterError as error:
        return event("away", {"message": str(error)})


def _concerns(payload: Mapping[str, object], site: System) -> bool:
    named = payload.get("system_id")
    return named is None or named == str(site.id)

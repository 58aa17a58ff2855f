"""Live events over LISTEN/NOTIFY, and the health of the database."""

from __future__ import annotations

import json
import time
from typing import Any
from weakref import WeakSet

import structlog

from services.chat.subscription import Subscription
from services.errors import CommandCenterError
from services.stored import Json
from services.views.records import StoreAnswer
from storage.connection.pool import Pool, row
from storage.connection.queries import queries
from storage.connection.together import NotesTogether

CHANNEL = "commandcenter"
MAX_BYTES = 7_000
SQL = queries("server")
NOTIFY = SQL["notify"]

log = structlog.get_logger(__name__)


class PostgresEventBus:
    """``EventBus``: reaches every process on the database; losing an event is allowed."""

    def __init__(self, *, notes: NotesTogether) -> None:
        """Events, also of other processes, come in through ``receive``."""
        self._notes = notes
        self._subscriptions: WeakSet[Subscription] = WeakSet()

    async def stop(self) -> None:
        """End every subscription."""
        for subscription in list(self._subscriptions):
            await subscription.aclose()

    async def publish(self, topic: str, payload: Json) -> None:
        """Publish; an event that can't be published is lost, the caller goes on."""
        try:
            await self._notes.rows(NOTIFY, notification(topic, payload))
        except CommandCenterError as error:
            log.warning("event_lost", topic=topic, detail=str(error))

    def subscribe(self, *topics: str) -> Subscription:
        """Events of these topics from now on; all topics when none is named."""
        subscription = Subscription(frozenset(topics))
        self._subscriptions.add(subscription)
        return subscription

    def receive(self, text: str) -> None:
        """Give a received event to the subscriptions."""
        event = json.loads(text)
        for subscription in list(self._subscriptions):
            subscription.offer(event["topic"], event["payload"])


def notification(topic: str, payload: Json) -> dict[str, Any]:
    """The parameters of ``NOTIFY``: the event, with only its id where it is too long."""
    text = json.dumps({"topic": topic, "payload": payload}, default=str)
    if len(text.encode()) > MAX_BYTES:
        text = json.dumps({"topic": topic, "payload": {"id": payload.get("id")}}, default=str)
    return {"channel": CHANNEL, "text": text}


class PostgresStoreHealth:
    """``StoreHealth`` on PostgreSQL."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def check(self) -> StoreAnswer:
        """``{ok, ms, size_bytes, detail}``."""
        started_s = time.monotonic()
        try:
            health_row = await row(self._pool, SQL["health"])
        except CommandCenterError as error:
            ms = (time.monotonic() - started_s) * 1000.0
            return {"ok": False, "ms": ms, "size_bytes": None, "detail": str(error)}
        ms = (time.monotonic() - started_s) * 1000.0
        known = {} if health_row is None else health_row
        return {
            "ok": True,
            "ms": ms,
            "size_bytes": known.get("size"),
            "detail": f"PostgreSQL {known.get('version', '')}",
        }

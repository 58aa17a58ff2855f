"""Alerts and the outbox in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.alerting.records import Alert, OutboxMessage
from services.errors import Conflict

CLAIM_S = 60.0


class InMemoryOutboxStore:
    """``OutboxStore`` in a dictionary. ``wall_s`` is the monotonic time by which claims expire."""

    def __init__(self, *, wall_s: Callable[[], float] = time.monotonic) -> None:
        self._wall_s = wall_s
        self._claimed_until: dict[UUID, float] = {}
        self.messages: dict[UUID, OutboxMessage] = {}

    async def put(self, messages: Sequence[OutboxMessage]) -> None:
        known = {message.dedupe_key for message in self.messages.values()}
        for message in messages:
            if message.dedupe_key not in known:
                known.add(message.dedupe_key)
                self.messages[message.id] = message

    async def claim(self, *, now: datetime, limit: int) -> Sequence[OutboxMessage]:
        due = [m for m in self.messages.values() if self._is_due(m, now)]
        due.sort(key=lambda m: (m.next_try_at, m.created_at, m.id))
        for message in due[:limit]:
            self._claimed_until[message.id] = self._wall_s() + CLAIM_S
        return due[:limit]

    async def sent(self, message_id: UUID, *, at: datetime) -> None:
        self._end_try(message_id, sent_at=at)

    async def retry(self, message_id: UUID, *, error: str, next_try_at: datetime) -> None:
        self._end_try(message_id, last_error=error, next_try_at=next_try_at)

    async def give_up(self, message_id: UUID, *, at: datetime, error: str) -> None:
        self._end_try(message_id, failed_at=at, last_error=error)

    async def pending(self, system_id: UUID) -> int:
        return sum(m.system_id == system_id and _is_open(m) for m in self.messages.values())

    def _is_due(self, message: OutboxMessage, now: datetime) -> bool:
        claimed = self._claimed_until.get(message.id, float("-inf")) > self._wall_s()
        ahead = message.next_try_at > now + timedelta(hours=7)
        return _is_open(message) and (message.next_try_at <= now or ahead) and not claimed

    def _end_try(self, message_id: UUID, **changes: object) -> None:
        message = self.messages.get(message_id)
        if message is None or not _is_open(message):
            return
        self._claimed_until.pop(message_id, None)
        self.messages[message_id] = replace(message, tries=message.tries + 1, **changes)  # type: ignore[arg-type]  # three call sites, each with the fields' own types


class InMemoryAlertStore:
    """``AlertStore`` in a dictionary; announcing messages go to ``outbox``."""

    def __init__(self, *, outbox: InMemoryOutboxStore | None = None) -> None:
        self.outbox = outbox if outbox is not None else InMemoryOutboxStore()
        self._alerts: dict[UUID, Alert] = {}

    async def open(self, system_id: UUID) -> Sequence[Alert]:
        return [alert for alert in self._of(system_id) if alert.cleared_at is None]

    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[Alert]:
        older = [a for a in self._of(system_id) if before is None or a.opened_at < before]
        return older[:limit]

    async def count(self, system_id: UUID) -> int:
        return len(self._of(system_id))

    async def get(self, alert_id: UUID) -> Alert | None:
        return self._alerts.get(alert_id)

    async def save(self, alert: Alert, *, messages: Sequence[OutboxMessage] = ()) -> None:
        twin = next((a for a in await self.open(alert.system_id) if a.key == alert.key), None)
        if alert.cleared_at is None and twin is not None and twin.id != alert.id:
            raise Conflict(f"an alert {alert.key!r} is open already")
        self._alerts[alert.id] = alert
        await self.outbox.put(messages)

    def _of(self, system_id: UUID) -> list[Alert]:
        mine = [alert for alert in self._alerts.values() if alert.system_id == system_id]
        return sorted(mine, key=lambda alert: (alert.opened_at, alert.id), reverse=True)


def _is_open(message: OutboxMessage) -> bool:
    return message.sent_at is None and message.failed_at is None

"""Alerts and the outbox on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from services.alerting.records import Alert, OutboxMessage
from services.errors import Invalid
from storage.connection.mapping import record
from storage.connection.pool import Connection, Pool, connected, row, rows
from storage.connection.queries import queries
from storage.connection.secrets import Secrets

SQL = queries("alerts")


class PostgresAlertStore:
    """``AlertStore``: at most one open alert per site and key."""

    def __init__(self, *, pool: Pool, secrets: Secrets) -> None:
        """``secrets`` seals targets, which may hold passwords."""
        self._pool, self._secrets = pool, secrets

    async def open(self, system_id: UUID) -> Sequence[Alert]:
        """Open alerts, newest first."""
        stored_rows = await rows(self._pool, SQL["open"], {"system_id": system_id})
        return [record(Alert, stored_row) for stored_row in stored_rows]

    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[Alert]:
        """Newest first."""
        values = {"system_id": system_id, "before": before, "limit": limit}
        return [
            record(Alert, stored_row) for stored_row in await rows(self._pool, SQL["page"], values)
        ]

    async def count(self, system_id: UUID) -> int:
        """How many are stored."""
        stored_row = await row(self._pool, SQL["count"], {"system_id": system_id})
        return 0 if stored_row is None else int(stored_row["total"])

    async def get(self, alert_id: UUID) -> Alert | None:
        """One by id."""
        stored_row = await row(self._pool, SQL["get"], {"id": alert_id})
        return None if stored_row is None else record(Alert, stored_row)

    async def save(self, alert: Alert, *, messages: Sequence[OutboxMessage] = ()) -> None:
        """Insert or update, in one transaction with its messages."""
        values = {field.name: getattr(alert, field.name) for field in fields(Alert)}
        async with connected(self._pool) as connection:
            await connection.execute(SQL["save"], values)
            await _put(connection, self._secrets, messages)


class PostgresOutboxStore:
    """``OutboxStore``: claimed with SKIP LOCKED, so that no two processes send one message."""

    def __init__(self, *, pool: Pool, secrets: Secrets) -> None:
        """``secrets`` seals targets, which may hold passwords."""
        self._pool, self._secrets = pool, secrets

    async def put(self, messages: Sequence[OutboxMessage]) -> None:
        """Insert; a known dedupe key is ignored."""
        async with connected(self._pool) as connection:
            await _put(connection, self._secrets, messages)

    async def claim(self, *, now: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Due messages, claimed for a minute."""
        stored_rows = await rows(self._pool, SQL["claim"], {"now": now, "limit": limit})
        messages = [
            record(
                OutboxMessage,
                {**stored_row, "target": _opened(self._secrets, stored_row["target"])},
            )
            for stored_row in stored_rows
        ]
        return sorted(messages, key=lambda m: (m.next_try_at, m.created_at, m.id))

    async def sent(self, message_id: UUID, *, at: datetime) -> None:
        """Record a message as sent."""
        await self._end_try(message_id, sent_at=at)

    async def retry(self, message_id: UUID, *, error: str, next_try_at: datetime) -> None:
        """Try again later."""
        await self._end_try(message_id, error=error, next_try_at=next_try_at)

    async def give_up(self, message_id: UUID, *, at: datetime, error: str) -> None:
        """Record a message as given up."""
        await self._end_try(message_id, failed_at=at, error=error)

    async def pending(self, system_id: UUID) -> int:
        """How many messages wait to be sent."""
        stored_row = await row(self._pool, SQL["pending"], {"system_id": system_id})
        return 0 if stored_row is None else int(stored_row["total"])

    async def _end_try(self, message_id: UUID, **changes: object) -> None:
        values = {"sent_at": None, "failed_at": None, "error": None, "next_try_at": None}
        await rows(self._pool, SQL["end_try"], {**values, **changes, "id": message_id})


async def _put(connection: Connection, secrets: Secrets, messages: Sequence[OutboxMessage]) -> None:
    for message in messages:
        values = {field.name: getattr(message, field.name) for field in fields(OutboxMessage)}
        values["target"] = secrets.encrypt({"target": message.target})
        await connection.execute(SQL["put"], values)


def _opened(secrets: Secrets, sealed: str) -> str:
    """The target in plain; for one encrypted with a lost key a text that no messenger accepts."""
    try:
        return str(secrets.decrypt(sealed)["target"])
    except Invalid:
        return "sealed-with-another-key:"

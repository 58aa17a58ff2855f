"""Conversations, messages, runs and their events on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.chat.records import Conversation, Message, Run, RunEvent, RunStatus
from storage.connection.mapping import record
from storage.connection.pool import Pool, connected, row, rows
from storage.connection.queries import queries

SQL = queries("chat")


class PostgresConversationStore:
    """``ConversationStore``."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def conversations(self, user_id: UUID, *, limit: int) -> Sequence[Conversation]:
        """A user's, newest first."""
        values = {"user_id": user_id, "limit": limit}
        stored_rows = await rows(self._pool, SQL["conversations"], values)
        return [record(Conversation, stored_row) for stored_row in stored_rows]

    async def conversation(self, conversation_id: UUID) -> Conversation | None:
        """One by id."""
        stored_row = await row(self._pool, SQL["conversation"], {"id": conversation_id})
        return None if stored_row is None else record(Conversation, stored_row)

    async def save_conversation(self, conversation: Conversation) -> None:
        """Insert or update."""
        await rows(self._pool, SQL["save_conversation"], _values(conversation))

    async def delete_conversation(self, conversation_id: UUID) -> bool:
        """Delete with everything in it; whether there was one."""
        return (
            await row(self._pool, SQL["delete_conversation"], {"id": conversation_id}) is not None
        )

    async def messages(self, conversation_id: UUID) -> Sequence[Message]:
        """Oldest first."""
        values = {"conversation_id": conversation_id}
        return [
            record(Message, stored_row)
            for stored_row in await rows(self._pool, SQL["messages"], values)
        ]

    async def save_message(self, message: Message) -> None:
        """Insert or update."""
        await rows(self._pool, SQL["save_message"], _values(message))

    async def save_run(self, run: Run) -> None:
        """Insert or update."""
        await rows(self._pool, SQL["save_run"], _values(run))

    async def run(self, run_id: UUID) -> Run | None:
        """One by id."""
        stored_row = await row(self._pool, SQL["run"], {"id": run_id})
        return None if stored_row is None else record(Run, stored_row)

    async def runs_with_status(self, status: RunStatus) -> Sequence[Run]:
        """Oldest first."""
        stored_rows = await rows(self._pool, SQL["runs_with_status"], {"status": status})
        return [record(Run, stored_row) for stored_row in stored_rows]

    async def append_events(self, events: Sequence[RunEvent]) -> None:
        """Append; a known number is ignored."""
        if not events:
            return
        async with connected(self._pool) as connection, connection.cursor() as cursor:
            await cursor.executemany(SQL["append_event"], [_values(event) for event in events])

    async def events(self, run_id: UUID, *, after: int) -> Sequence[RunEvent]:
        """Those numbered above ``after``, in order."""
        stored_rows = await rows(self._pool, SQL["events"], {"run_id": run_id, "after": after})
        return [record(RunEvent, stored_row) for stored_row in stored_rows]


def _values(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any of this file's records
    values = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: Jsonb(item) if isinstance(item, dict) else item for name, item in values.items()}

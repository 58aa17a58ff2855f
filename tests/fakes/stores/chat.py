"""Conversations, messages, runs and their events in memory."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.chat.records import Conversation, Message, Run, RunEvent, RunStatus


class InMemoryConversationStore:
    """``ConversationStore`` in dictionaries."""

    def __init__(self) -> None:
        self._conversations: dict[UUID, Conversation] = {}
        self._messages: dict[UUID, Message] = {}
        self._runs: dict[UUID, Run] = {}
        self._events: dict[UUID, dict[int, RunEvent]] = {}

    async def conversations(self, user_id: UUID, *, limit: int) -> Sequence[Conversation]:
        mine = [c for c in self._conversations.values() if c.user_id == user_id]
        mine.sort(key=lambda c: (c.updated_at, c.id), reverse=True)
        return mine[:limit]

    async def conversation(self, conversation_id: UUID) -> Conversation | None:
        return self._conversations.get(conversation_id)

    async def save_conversation(self, conversation: Conversation) -> None:
        self._conversations[conversation.id] = conversation

    async def delete_conversation(self, conversation_id: UUID) -> bool:
        gone = self._conversations.pop(conversation_id, None)
        for message_id in [m.id for m in await self.messages(conversation_id)]:
            del self._messages[message_id]
        for run_id in [r.id for r in self._runs.values() if r.conversation_id == conversation_id]:
            del self._runs[run_id]
            self._events.pop(run_id, None)
        return gone is not None

    async def messages(self, conversation_id: UUID) -> Sequence[Message]:
        return [m for m in self._messages.values() if m.conversation_id == conversation_id]

    async def save_message(self, message: Message) -> None:
        self._messages[message.id] = message

    async def save_run(self, run: Run) -> None:
        self._runs[run.id] = run

    async def run(self, run_id: UUID) -> Run | None:
        return self._runs.get(run_id)

    async def runs_with_status(self, status: RunStatus) -> Sequence[Run]:
        return sorted(
            (run for run in self._runs.values() if run.status is status),
            key=lambda run: (run.created_at, run.id),
        )

    async def append_events(self, events: Sequence[RunEvent]) -> None:
        for event in events:
            self._events.setdefault(event.run_id, {}).setdefault(event.seq, event)

    async def events(self, run_id: UUID, *, after: int) -> Sequence[RunEvent]:
        mine = self._events.get(run_id, {})
        return [mine[seq] for seq in sorted(mine) if seq > after]

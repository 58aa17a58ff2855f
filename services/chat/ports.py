"""Store of conversations, and the assistant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from services.chat.pieces import EventData
from services.chat.records import Conversation, Message, Run, RunEvent, RunStatus


class ConversationStore(Protocol):
    """Conversations, messages, and the resumable event log of runs."""

    async def conversations(self, user_id: UUID, *, limit: int) -> Sequence[Conversation]: ...
    async def conversation(self, conversation_id: UUID) -> Conversation | None: ...
    async def save_conversation(self, conversation: Conversation) -> None: ...
    async def delete_conversation(self, conversation_id: UUID) -> bool: ...
    async def messages(self, conversation_id: UUID) -> Sequence[Message]:
        """In the order in which they were first saved, whatever the clock said."""
        ...

    async def save_message(self, message: Message) -> None: ...
    async def save_run(self, run: Run) -> None: ...
    async def run(self, run_id: UUID) -> Run | None: ...
    async def runs_with_status(self, status: RunStatus) -> Sequence[Run]: ...
    async def append_events(self, events: Sequence[RunEvent]) -> None: ...
    async def events(self, run_id: UUID, *, after: int) -> Sequence[RunEvent]: ...


class Assistant(Protocol):
    """Answers one question with the crew. Runs until done, stopped or failed, and emits stream
    events meanwhile.
    """

    async def answer(
        self,
        run: Run,
        history: Sequence[Message],
        *,
        emit: Callable[[str, EventData], None],
        stop_reason: Callable[[], str | None],
    ) -> Message:
        """The answer (role ``assistant``, meta filled).

        Args:
            run: The question, and the rights of the person or token that asked.
            history: The conversation before it, oldest first.
            emit: ``emit(event, data)`` from any thread; event names are those of ``RunEvent``.
            stop_reason: None while the answer may go on, then a sentence for the owner. The text
                written so far with that sentence is then the answer, with the status ``stopped``.
        """
        ...

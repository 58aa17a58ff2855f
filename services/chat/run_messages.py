"""Messages and events of a run: its question, its answer or failure, its first and last event."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from services.chat.records import Conversation, Message, Run, RunStatus
from services.errors import CommandCenterError

TITLE_LENGTH = 60
RESTARTED = "The program was restarted while this was being answered. Please ask again."
CLOSED = "The program was stopped while this was being answered. Please ask again."

STATUS = {"done": RunStatus.DONE, "stopped": RunStatus.STOPPED, "failed": RunStatus.FAILED}


NOT_STORED = (
    "The answer is complete but could not be stored yet: the database does not answer. It appears"
    " in the conversation when the database is back."
)


def sentence(error: Exception) -> str:
    """The error as a sentence for the owner: our own errors by their text, others without
    details.
    """
    if isinstance(error, CommandCenterError):
        return str(error)
    return "Something unexpected went wrong; it has been logged. Please ask again."


def asked(run: Run) -> Message:
    """The question as a message."""
    return Message(
        id=uuid4(),
        conversation_id=run.conversation_id,
        role="user",
        content=run.question,
        created_at=run.created_at,
        run_id=run.id,
    )


def failed(run: Run, text: str) -> Message:
    """The message of a run without an answer; ``text`` says why."""
    return Message(
        id=run.message_id,
        conversation_id=run.conversation_id,
        role="assistant",
        content=text,
        created_at=run.created_at,
        run_id=run.id,
        status="failed",
    )


def left_behind(run: Run, text: str, reason: str) -> Message:
    """The message of an answer that was abandoned because it did not end when told to."""
    if not text.strip():
        return failed(run, reason)
    return replace(failed(run, f"{text.strip()}\n\n_{reason}_"), status="stopped")


def just_after(run: Run) -> datetime:
    """One millisecond after the question, so that the answer is sorted below it."""
    return run.created_at + timedelta(milliseconds=1)


def title(question: str) -> str:
    """A conversation's title: its first question, shortened."""
    line = " ".join(question.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1].rstrip()}…"


def start_data(run: Run, conversation: Conversation) -> dict[str, object]:
    """Body of the first event."""
    return {
        "run_id": str(run.id),
        "conversation_id": str(run.conversation_id),
        "message_id": str(run.message_id),
        "title": conversation.title,
        "question": run.question,
    }


def last_data(message: Message, status: RunStatus) -> dict[str, object]:
    """Body of the last event, ``done`` or ``error``."""
    data: dict[str, object] = {
        "message_id": str(message.id),
        "status": status.value,
        "agent": message.agent,
        "meta": message.meta,
    }
    key = "message" if status is RunStatus.FAILED else "content"
    return {**data, key: message.content}

"""Conversations, messages, runs and their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.accounts.records import Scope
from services.stored import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One thread of questions and answers."""

    id: UUID
    system_id: UUID
    user_id: UUID
    title: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One question or answer with everything that produced it.

    ``meta`` of an answer: agents, tools (name, arguments, result, ms), usage (calls, prompt and
    completion tokens, cost),
    ms to the first token and in all, model, context bundle per part.
    """

    id: UUID
    conversation_id: UUID
    role: str
    content: str
    created_at: datetime
    agent: str | None = None
    run_id: UUID | None = None
    status: str = "done"
    meta: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One numbered event of a run's stream: ``start progress token citation action usage done
    error``.
    """

    run_id: UUID
    seq: int
    event: str
    data: Json
    at: datetime


class RunStatus(StrEnum):
    """Life of one question."""

    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One question on the server.

    Attributes:
        message_id: Id of the answer's message.
        scope: Rights of the caller when the question was asked; the answer's tools can do no more.
    """

    id: UUID
    conversation_id: UUID
    message_id: UUID
    user_id: UUID
    system_id: UUID
    question: str
    agent: str | None
    scope: Scope
    status: RunStatus
    created_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """Limits of one question; the first one that is reached ends the answer with a sentence.

    Attributes:
        seconds: Wall time.
        calls: Model calls.
        tokens: Prompt and completion tokens of all its calls.
        answer_chars: Characters that one model call may write.
        proposals: Switching actions that may be proposed.
    """

    seconds: float = 180.0
    calls: int = 20
    tokens: int = 100_000
    answer_chars: int = 40_000
    proposals: int = 1

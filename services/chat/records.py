"""Conversations, messages, runs and their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

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
    """One question on the server; ``message_id`` is its answer's."""

    id: UUID
    conversation_id: UUID
    message_id: UUID
    user_id: UUID
    system_id: UUID
    question: str
    agent: str | None
    status: RunStatus
    created_at: datetime
    finished_at: datetime | None = None

"""Questions, answers, conversations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agents.roles.roster import SPECIALISTS
from services.chat.records import Conversation, Message, Run, RunStatus
from services.stored import Json

STRICT = ConfigDict(extra="forbid")
QUESTION_LENGTH = 8_000
AGENTS = SPECIALISTS
"""Agents that a person may pick; picking one skips the routing."""


class Question(BaseModel):
    """A question to the assistant."""

    model_config = STRICT | ConfigDict(
        json_schema_extra={
            "examples": [{"question": "What is my battery voltage and why is the dump load off?"}]
        }
    )

    question: str = Field(max_length=QUESTION_LENGTH)
    conversation_id: UUID | None = None
    agent: str | None = Field(default=None, max_length=40)

    @field_validator("question")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            message = "must not be empty"
            raise ValueError(message)
        return value.strip()


class RunView(BaseModel):
    """A question on the server and how far it is."""

    id: UUID
    conversation_id: UUID
    message_id: UUID
    question: str
    agent: str | None
    status: RunStatus
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> RunView:
        """From the record."""
        return cls(**{name: getattr(run, name) for name in cls.model_fields})


class Answer(BaseModel):
    """A whole answer."""

    answer: str
    run_id: UUID
    conversation_id: UUID
    agent: str | None
    status: str
    meta: Json


class ConversationView(BaseModel):
    """A conversation as listed."""

    id: UUID
    system_id: UUID
    title: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, conversation: Conversation) -> ConversationView:
        """From the record."""
        names = ConversationView.model_fields
        return cls(**{name: getattr(conversation, name) for name in names})


class MessageView(BaseModel):
    """One question or answer with what produced it."""

    id: UUID
    role: str
    content: str
    created_at: datetime
    agent: str | None
    run_id: UUID | None
    status: str
    meta: Json

    @classmethod
    def of(cls, message: Message) -> MessageView:
        """From the record."""
        return cls(**{name: getattr(message, name) for name in cls.model_fields})


class WholeConversation(ConversationView):
    """A conversation with its messages; ``running`` is the run that still answers the last one."""

    messages: list[MessageView]
    running: UUID | None = None

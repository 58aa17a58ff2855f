"""The threads of questions and answers: list, read, rename, delete, export."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from services.accounts.records import User
from services.chat.ports import ConversationStore
from services.chat.records import Conversation, Message
from services.clock import Clock
from services.errors import Invalid, NotFound
from services.stored import Json

LONGEST_TITLE = 120


class ExportFormat(StrEnum):
    """How a conversation is exported."""

    MARKDOWN = "md"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A conversation as a file."""

    name: str
    media_type: str
    text: str


class Conversations:
    """A user's own conversations; those of others don't exist for them."""

    def __init__(self, *, conversations: ConversationStore, clock: Clock) -> None:
        self._store, self._clock = conversations, clock

    async def page(self, user: User, *, limit: int = 50) -> Sequence[Conversation]:
        """The user's conversations, the latest first."""
        return await self._store.conversations(user.id, limit=limit)

    async def get(self, user: User, conversation_id: UUID) -> Conversation:
        """One conversation.

        Raises:
            NotFound: There is none, or it is another user's.
        """
        found = await self._store.conversation(conversation_id)
        if found is None or found.user_id != user.id:
            raise NotFound(kind="conversation", key=str(conversation_id))
        return found

    async def messages(self, user: User, conversation_id: UUID) -> Sequence[Message]:
        """Its messages, oldest first."""
        return await self._store.messages((await self.get(user, conversation_id)).id)

    async def rename(self, user: User, conversation_id: UUID, title: str) -> Conversation:
        """Give it another title.

        Raises:
            Invalid: The title is empty or too long.
        """
        text = " ".join(title.split())
        if not text or len(text) > LONGEST_TITLE:
            raise Invalid([("title", f"1 to {LONGEST_TITLE} characters, not {len(text)}")])
        found = await self.get(user, conversation_id)
        renamed = replace(found, title=text, updated_at=self._clock.now())
        await self._store.save_conversation(renamed)
        return renamed

    async def delete(self, user: User, conversation_id: UUID) -> None:
        """Delete it with its messages, runs and events."""
        await self._store.delete_conversation((await self.get(user, conversation_id)).id)

    async def export(
        self, user: User, conversation_id: UUID, form: ExportFormat, *, timezone: str = "UTC"
    ) -> Export:
        """The whole conversation as Markdown (times in ``timezone``) or JSON."""
        found = await self.get(user, conversation_id)
        messages = await self._store.messages(found.id)
        if form is ExportFormat.JSON:
            text = json.dumps(_as_json(found, messages), ensure_ascii=False, indent=2)
            return Export(
                name=f"conversation-{found.id}.json", media_type="application/json", text=text
            )
        return Export(
            name=f"conversation-{found.id}.md",
            media_type="text/markdown",
            text=_as_markdown(found, messages, ZoneInfo(timezone)),
        )


def _as_json(conversation: Conversation, messages: Sequence[Message]) -> Json:
    return {
        "id": str(conversation.id),
        "title": conversation.title,
        "created_at": conversation.created_at.isoformat(),
        "updated_at": conversation.updated_at.isoformat(),
        "messages": [
            {
                "id": str(each.id),
                "role": each.role,
                "content": each.content,
                "created_at": each.created_at.isoformat(),
                "agent": each.agent,
                "status": each.status,
                "meta": each.meta,
            }
            for each in messages
        ],
    }


def _as_markdown(conversation: Conversation, messages: Sequence[Message], zone: ZoneInfo) -> str:
    parts = [f"# {conversation.title}"]
    for each in messages:
        at = f"{each.created_at.astimezone(zone):%Y-%m-%d %H:%M}"
        who = "Owner" if each.role == "user" else f"Assistant ({each.agent or 'crew'})"
        parts.append(f"## {who}, {at}\n\n{each.content}")
        tools = [str(call.get("name")) for call in each.meta.get("tools", [])]
        if tools:
            parts.append(f"_Tools: {', '.join(tools)}_")
    return "\n\n".join(parts) + "\n"

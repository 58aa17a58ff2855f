"""A user's own conversations: renamed, deleted, exported; those of others don't exist."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import pytest

from services.accounts.records import Role, User
from services.chat.conversations import Conversations, ExportFormat
from services.chat.records import Conversation, Message
from services.errors import Invalid, NotFound
from tests.fakes.clock import EPOCH
from tests.fakes.stores import InMemoryStores

OWNER = User(id=UUID(int=1), email="owner@example.com", role=Role.USER, created_at=EPOCH)
STRANGER = replace(OWNER, id=UUID(int=2))
TALK = Conversation(
    id=UUID(int=7),
    system_id=UUID(int=10),
    user_id=OWNER.id,
    title="How much?",
    created_at=EPOCH,
    updated_at=EPOCH,
)


@pytest.fixture
async def desk() -> Conversations:
    stores = InMemoryStores()
    await stores.conversations.save_conversation(TALK)
    question = Message(
        id=UUID(int=20),
        conversation_id=TALK.id,
        role="user",
        content="How much?",
        created_at=EPOCH,
    )
    answer = replace(
        question,
        id=UUID(int=21),
        role="assistant",
        content="52.31 V",
        agent="victron",
        meta={"tools": [{"name": "battery_status"}]},
    )
    for message in (question, answer):
        await stores.conversations.save_message(message)
    return Conversations(conversations=stores.conversations, clock=stores.clock)


async def test_the_owner_lists_and_reads(desk: Conversations) -> None:
    assert await desk.page(OWNER) == [TALK]
    assert [each.content for each in await desk.messages(OWNER, TALK.id)] == [
        "How much?",
        "52.31 V",
    ]
    assert await desk.page(STRANGER) == []


async def test_a_title_is_changed_within_bounds(desk: Conversations) -> None:
    assert (await desk.rename(OWNER, TALK.id, "  Battery   talk ")).title == "Battery talk"
    for title in ("", "x" * 121):
        with pytest.raises(Invalid):
            await desk.rename(OWNER, TALK.id, title)
    assert (await desk.get(OWNER, TALK.id)).title == "Battery talk"


async def test_a_strangers_or_deleted_conversation_is_not_found(desk: Conversations) -> None:
    with pytest.raises(NotFound):
        await desk.delete(STRANGER, TALK.id)
    await desk.delete(OWNER, TALK.id)
    with pytest.raises(NotFound):
        await desk.get(OWNER, TALK.id)


async def test_export_as_markdown_and_json(desk: Conversations) -> None:
    written = await desk.export(
        OWNER, TALK.id, ExportFormat.MARKDOWN, timezone="America/Los_Angeles"
    )
    assert written.text == (
        "# How much?\n\n## Owner, 2026-06-21 12:00\n\nHow much?\n\n"
        "## Assistant (victron), 2026-06-21 12:00\n\n52.31 V\n\n_Tools: battery_status_\n"
    )
    data = json.loads((await desk.export(OWNER, TALK.id, ExportFormat.JSON)).text)
    assert [each["content"] for each in data["messages"]] == ["How much?", "52.31 V"]
    assert data["messages"][1]["meta"] == {"tools": [{"name": "battery_status"}]}

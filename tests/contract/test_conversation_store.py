"""Conversations, messages, runs, events."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.accounts.records import Scope
from services.chat.records import Conversation, Message, Run, RunEvent, RunStatus
from services.errors import Invalid
from tests.contract.conftest import NOON, Site


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def conversation(site: Site, number: int = 1) -> Conversation:
    return Conversation(
        id=UUID(int=number),
        system_id=site.system_id,
        user_id=site.owner_id,
        title=f"Why is it off? {number}",
        created_at=at(0),
        updated_at=at(number),
    )


def run(site: Site, number: int = 1) -> Run:
    return Run(
        id=UUID(int=10 + number),
        conversation_id=UUID(int=1),
        message_id=UUID(int=20 + number),
        user_id=site.owner_id,
        system_id=site.system_id,
        question="Why?",
        agent=None,
        scope=Scope.CONTROL,
        status=RunStatus.RUNNING,
        created_at=at(number),
    )


def message(number: int = 1) -> Message:
    return Message(
        id=UUID(int=20 + number),
        conversation_id=UUID(int=1),
        role="assistant",
        content="52.3 V \u2014 because …",
        created_at=at(number),
        agent="victron",
        run_id=UUID(int=11),
        status="streaming",
        meta={"usage": {"cost": 0.0, "calls": 2}, "tools": [], "ms": 12.5},
    )


def event(seq: int) -> RunEvent:
    return RunEvent(
        run_id=UUID(int=11), seq=seq, event="token", data={"text": f"t{seq}"}, at=at(seq)
    )


async def test_conversations_come_newest_first(site: Site) -> None:
    store = site.stores.conversations
    for number in (1, 3, 2):
        await store.save_conversation(conversation(site, number))
    found = await store.conversations(site.owner_id, limit=2)
    assert list(found) == [conversation(site, 3), conversation(site, 2)]
    assert list(await store.conversations(UUID(int=99), limit=2)) == []
    renamed = replace(conversation(site, 1), title="Renamed", updated_at=at(9))
    await store.save_conversation(renamed)
    assert await store.conversation(UUID(int=1)) == renamed
    assert await store.conversation(UUID(int=99)) is None


async def test_messages_and_runs_are_saved_and_updated(site: Site) -> None:
    store = site.stores.conversations
    await store.save_conversation(conversation(site))
    await store.save_run(run(site))
    question = replace(message(0), role="user", agent=None, run_id=None, status="done", meta={})
    await store.save_message(question)
    await store.save_message(message())
    done = replace(message(), content="done", status="done", meta={"a": [1, 2.5, None]})
    await store.save_message(done)
    assert list(await store.messages(UUID(int=1))) == [question, done]
    ended = replace(run(site), status=RunStatus.DONE, finished_at=at(9), agent="victron")
    await store.save_run(run(site, 2))
    await store.save_run(ended)
    assert await store.run(ended.id) == ended
    assert await store.run(UUID(int=99)) is None
    assert list(await store.runs_with_status(RunStatus.RUNNING)) == [run(site, 2)]


async def test_messages_stay_in_their_order_when_the_clock_is_set_back(site: Site) -> None:
    store = site.stores.conversations
    await store.save_conversation(conversation(site))
    await store.save_run(run(site))
    first = replace(message(), created_at=at(3_600))
    second = replace(message(), id=UUID(int=77), created_at=at(0))
    for each in (first, second, first):
        await store.save_message(each)
    assert list(await store.messages(UUID(int=1))) == [first, second]


async def test_a_runs_events_resume_after_any_number(site: Site) -> None:
    store = site.stores.conversations
    await store.save_conversation(conversation(site))
    await store.save_run(run(site))
    await store.append_events([event(2), event(1)])
    await store.append_events([replace(event(2), data={"text": "twice"}), event(3)])
    await store.append_events([])
    assert list(await store.events(UUID(int=11), after=0)) == [event(1), event(2), event(3)]
    assert list(await store.events(UUID(int=11), after=2)) == [event(3)]
    assert list(await store.events(UUID(int=99), after=0)) == []


async def test_a_deleted_conversation_takes_everything_with_it(site: Site) -> None:
    store = site.stores.conversations
    await store.save_conversation(conversation(site))
    await store.save_run(run(site))
    await store.save_message(message())
    await store.append_events([event(1)])
    assert await store.delete_conversation(UUID(int=1)) is True
    assert await store.delete_conversation(UUID(int=1)) is False
    assert list(await store.messages(UUID(int=1))) == []
    assert await store.run(UUID(int=11)) is None
    assert list(await store.events(UUID(int=11), after=0)) == []


@pytest.mark.parametrize("text", ["a\x00b", "\x00"])
async def test_a_text_that_cannot_be_stored_is_refused_not_broken(site: Site, text: str) -> None:
    store = site.stores.conversations
    try:
        await store.save_conversation(replace(conversation(site), title=text))
    except Invalid:
        assert await store.conversation(UUID(int=1)) is None

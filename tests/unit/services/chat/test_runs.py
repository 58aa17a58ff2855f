"""A question is a run: numbered events, resumable, stoppable, recovered after a crash."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.accounts.records import Role, User
from services.chat.records import Run, RunEvent, RunStatus
from services.chat.runs import Runs
from services.errors import Conflict, Invalid, NotFound, Unavailable
from tests.fakes.clock import EPOCH, FrozenClock
from tests.fakes.run_assistant import ScriptedAssistant
from tests.fakes.stores import InMemoryStores

SYSTEM = UUID(int=10)
OWNER = User(id=UUID(int=1), email="owner@example.com", role=Role.USER, created_at=EPOCH)
STRANGER = replace(OWNER, id=UUID(int=2))


def desk(assistant: ScriptedAssistant, stores: InMemoryStores | None = None) -> Runs:
    kept = stores if stores is not None else InMemoryStores(clock=FrozenClock())
    return Runs(
        assistant=assistant,
        conversations=kept.conversations,
        bus=kept.events,
        clock=kept.clock,
    )


async def seen(runs: Runs, run: Run, after: int = 0) -> list[RunEvent]:
    return [event async for event in runs.events(run.id, after)]


def shape(events: list[RunEvent]) -> list[tuple[int, str, str | None]]:
    return [(each.seq, each.event, each.data.get("text")) for each in events]


ALL = [
    (1, "start", None),
    (2, "token", "It "),
    (3, "token", "is "),
    (4, "token", "52.31 V."),
    (5, "done", None),
]


async def test_events_are_numbered_and_end_with_done() -> None:
    runs = desk(ScriptedAssistant())
    run = await runs.start(OWNER, SYSTEM, " How much? ")
    events = await seen(runs, run)
    assert shape(events) == ALL
    assert events[-1].data["content"] == "It is 52.31 V."
    assert (await runs.run(run.id)).status is RunStatus.DONE


@pytest.mark.parametrize("after", [0, 2, 4, 5])
async def test_a_follower_resumes_after_any_number_also_when_all_is_over(after: int) -> None:
    runs = desk(ScriptedAssistant())
    run = await runs.start(OWNER, SYSTEM, "How much?")
    await seen(runs, run)
    assert shape(await seen(runs, run, after)) == ALL[after:]


async def test_two_followers_see_the_same_while_it_runs() -> None:
    gate = asyncio.Semaphore(0)
    runs = desk(ScriptedAssistant(gate=gate))
    run = await runs.start(OWNER, SYSTEM, "How much?")
    followers = [asyncio.create_task(seen(runs, run, after)) for after in (0, 2)]
    for _ in range(3):
        gate.release()
        await asyncio.sleep(0)
    whole, resumed = await asyncio.gather(*followers)
    assert shape(whole) == ALL
    assert shape(resumed) == ALL[2:]


async def test_another_process_follows_by_the_store() -> None:
    stores, gate = InMemoryStores(clock=FrozenClock()), asyncio.Semaphore(0)
    here, there = desk(ScriptedAssistant(gate=gate), stores), desk(ScriptedAssistant(), stores)
    run = await here.start(OWNER, SYSTEM, "How much?")
    follower = asyncio.create_task(seen(there, run))
    for _ in range(3):
        gate.release()
    assert shape(await follower) == ALL


async def test_stop_keeps_what_was_written_and_marks_it_stopped() -> None:
    stores, gate = InMemoryStores(clock=FrozenClock()), asyncio.Semaphore(1)
    runs = desk(ScriptedAssistant(gate=gate), stores)
    run = await runs.start(OWNER, SYSTEM, "How much?")
    async for event in runs.events(run.id):
        if event.event == "token":
            await runs.stop(run.id, "owner")
            gate.release()
    stored = await stores.conversations.messages(run.conversation_id)
    assert [(each.role, each.content, each.status) for each in stored] == [
        ("user", "How much?", "done"),
        ("assistant", "It ", "stopped"),
    ]
    assert (await runs.run(run.id)).status is RunStatus.STOPPED
    assert (await runs.stop(run.id, "owner")).status is RunStatus.STOPPED


async def test_a_stop_asked_for_in_another_process_arrives() -> None:
    stores, gate = InMemoryStores(clock=FrozenClock()), asyncio.Semaphore(0)
    here, there = desk(ScriptedAssistant(gate=gate), stores), desk(ScriptedAssistant(), stores)
    run = await here.start(OWNER, SYSTEM, "How much?")
    await there.stop(run.id, "owner")
    live = here._live[run.id]
    while not live.cancelled:
        await asyncio.sleep(0.01)
    gate.release()
    assert (await seen(here, run))[-1].data["status"] == "stopped"


async def test_a_failure_becomes_the_last_event_and_a_failed_message() -> None:
    stores = InMemoryStores(clock=FrozenClock())
    runs = desk(ScriptedAssistant(error=Conflict("The model is out.")), stores)
    run = await runs.start(OWNER, SYSTEM, "How much?")
    events = await seen(runs, run)
    assert (events[-1].event, events[-1].data["message"]) == ("error", "The model is out.")
    stored = await stores.conversations.messages(run.conversation_id)
    assert (stored[-1].content, stored[-1].status) == ("The model is out.", "failed")


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.STOPPING])
async def test_a_run_left_by_a_crash_is_failed_with_a_sentence(status: RunStatus) -> None:
    stores = InMemoryStores(clock=FrozenClock())
    run = Run(
        id=uuid4(),
        conversation_id=uuid4(),
        message_id=uuid4(),
        user_id=OWNER.id,
        system_id=SYSTEM,
        question="?",
        agent=None,
        status=status,
        created_at=EPOCH,
    )
    await stores.conversations.save_run(run)
    runs = desk(ScriptedAssistant(), stores)
    assert await runs.recover() == 1
    events = await seen(runs, run)
    assert [(each.seq, each.event) for each in events] == [(1, "error")]
    assert events[0].data["message"] == (
        "The program was restarted while this was being answered. Please ask again."
    )
    assert (await runs.run(run.id)).status is RunStatus.FAILED
    assert await runs.recover() == 0


async def test_the_conversation_so_far_goes_with_the_next_question() -> None:
    assistant = ScriptedAssistant()
    runs = desk(assistant)
    first = await runs.start(OWNER, SYSTEM, "How much?")
    await seen(runs, first)
    second = await runs.start(OWNER, SYSTEM, "And now?", conversation_id=first.conversation_id)
    await seen(runs, second)
    assert assistant.histories == [[], ["How much?", "It is 52.31 V."]]


@pytest.mark.parametrize("question", ["", "   ", "x" * 4001], ids=["empty", "blank", "too long"])
async def test_a_question_out_of_bounds_is_refused_and_nothing_stored(question: str) -> None:
    stores = InMemoryStores(clock=FrozenClock())
    with pytest.raises(Invalid):
        await desk(ScriptedAssistant(), stores).start(OWNER, SYSTEM, question)
    assert await stores.conversations.conversations(OWNER.id, limit=9) == []


async def test_a_strangers_conversation_does_not_exist() -> None:
    runs = desk(ScriptedAssistant())
    run = await runs.start(OWNER, SYSTEM, "How much?")
    await seen(runs, run)
    with pytest.raises(NotFound):
        await runs.start(STRANGER, SYSTEM, "mine?", conversation_id=run.conversation_id)


async def test_a_conversation_answers_one_question_at_a_time() -> None:
    gate = asyncio.Semaphore(0)
    runs = desk(ScriptedAssistant(gate=gate))
    run = await runs.start(OWNER, SYSTEM, "How much?")
    with pytest.raises(Conflict):
        await runs.start(OWNER, SYSTEM, "And?", conversation_id=run.conversation_id)
    for _ in range(3):
        gate.release()
    await runs.close()


async def test_an_unknown_run_is_not_found() -> None:
    with pytest.raises(NotFound):
        await desk(ScriptedAssistant()).stop(uuid4(), "owner")


class Away:
    """Stands before a store: the named calls find the database away, while it is."""

    def __init__(self, store: Any, *calls: str) -> None:
        self.store, self.calls, self.away = store, calls, True

    def __getattr__(self, name: str) -> Any:
        if name not in self.calls or not self.away:
            return getattr(self.store, name)

        async def refuse(*_: object, **__: object) -> None:
            raise Unavailable(what="The database", detail="gone", advice="wait")

        return refuse


async def test_events_wait_while_the_database_is_away_and_none_is_lost() -> None:
    stores, gate = InMemoryStores(clock=FrozenClock()), asyncio.Semaphore(0)
    away, told = Away(stores.conversations, "append_events", "run"), asyncio.Event()
    runs = Runs(
        assistant=ScriptedAssistant(gate=gate),
        conversations=away,
        bus=stores.events,
        clock=stores.clock,
        on_error=lambda _run, _error: told.set(),
    )
    run = await runs.start(OWNER, SYSTEM, "How much?")
    await told.wait()
    told.clear()
    await told.wait()
    away.away = False
    for _ in range(3):
        gate.release()
    assert shape(await seen(runs, run)) == ALL
    assert shape(list(await stores.conversations.events(run.id, after=0))) == ALL


async def test_an_answer_that_cannot_be_stored_still_ends_for_who_follows() -> None:
    stores = InMemoryStores(clock=FrozenClock())
    errors: list[Exception] = []
    away = Away(stores.conversations, "save_message")
    away.away = False
    gate = asyncio.Semaphore(0)
    runs = Runs(
        assistant=ScriptedAssistant(gate=gate),
        conversations=away,
        bus=stores.events,
        clock=stores.clock,
        on_error=lambda _run, error: errors.append(error),
    )
    run = await runs.start(OWNER, SYSTEM, "How much?")
    away.away = True
    follower = asyncio.create_task(seen(runs, run))
    for _ in range(3):
        gate.release()
    events = await follower
    assert events[-1].event == "error"
    assert "could not be stored" in events[-1].data["message"]
    assert [type(error) for error in errors] == [Unavailable]


async def test_a_run_whose_end_cannot_be_stored_has_one_last_event() -> None:
    stores = InMemoryStores(clock=FrozenClock())
    away = Away(stores.conversations, "append_events")
    runs = Runs(
        assistant=ScriptedAssistant(),
        conversations=away,
        bus=stores.events,
        clock=stores.clock,
    )
    run = await runs.start(OWNER, SYSTEM, "How much?")
    assert [each.event for each in await seen(runs, run)][-1] == "done"

"""A question is a run: numbered events, resumable, stoppable, recovered after a crash."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from typing_extensions import override

from services.accounts.records import Role, Scope, User
from services.chat.pace import Pace
from services.chat.ports import Assistant
from services.chat.records import Message, Run, RunEvent, RunLimits, RunStatus
from services.chat.run_messages import failed
from services.chat.runs import Runs
from services.errors import Conflict, Invalid, NotFound, Unavailable
from services.stored import Json
from tests.fakes.clock import EPOCH, FrozenClock
from tests.fakes.run_assistant import ScriptedAssistant
from tests.fakes.stores.all_stores import InMemoryStores
from tests.waiting import HANGS_S

SYSTEM = UUID(int=10)

OWNER = User(id=UUID(int=1), email="owner@example.com", role=Role.USER, created_at=EPOCH)
STRANGER = replace(OWNER, id=UUID(int=2))


FAST = Pace(
    piece_s=0.01,
    flush_s=0.01,
    look_s=0.05,
    grace_s=0.1,
    store_s=0.1,
    retry_s=0.02,
    tell_after_s=0.1,
    close_s=0.3,
)


def desk(
    assistant: Assistant,
    stores: InMemoryStores | None = None,
    *,
    conversations: Any = None,
    errors: list[Exception] | None = None,
    limits: RunLimits | None = None,
) -> Runs:
    kept = stores if stores is not None else InMemoryStores(clock=FrozenClock())
    told = errors if errors is not None else []
    return Runs(
        assistant=assistant,
        conversations=kept.conversations if conversations is None else conversations,
        bus=kept.events,
        clock=kept.clock,
        limits=limits if limits is not None else RunLimits(),
        pace=FAST,
        on_error=lambda _run, error: told.append(error),
    )


async def seen(runs: Runs, run: Run, after: int = 0) -> list[RunEvent]:
    return [event async for event in runs.events(run.id, after)]


def shape(events: list[RunEvent]) -> list[tuple[int, str, str | None]]:
    return [(each.seq, each.event, each.data.get("text")) for each in events]


ALL = [(1, "start", None), (2, "token", "It is 52.31 V."), (3, "done", None)]


def whole(events: list[RunEvent]) -> str:
    assert [event.seq for event in events] == list(
        range(events[0].seq, events[0].seq + len(events))
    )
    return "".join(str(event.data.get("text", "")) for event in events)


async def test_events_are_numbered_and_end_with_done() -> None:
    runs = desk(ScriptedAssistant())
    run = await runs.start(OWNER, SYSTEM, " How much? ", scope=Scope.CONTROL)
    events = await seen(runs, run)
    assert shape(events) == ALL
    assert events[-1].data["content"] == "It is 52.31 V."
    assert (await runs.run(run.id)).status is RunStatus.DONE


@pytest.mark.parametrize("after", [0, 1, 2, 3])
async def test_a_follower_resumes_after_any_number_also_when_all_is_over(after: int) -> None:
    runs = desk(ScriptedAssistant())
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    await seen(runs, run)
    assert shape(await seen(runs, run, after)) == ALL[after:]


async def test_two_followers_see_the_same_while_it_runs() -> None:
    gate = asyncio.Semaphore(0)
    runs = desk(ScriptedAssistant(gate=gate))
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    followers = [asyncio.create_task(seen(runs, run, after)) for after in (0, 2)]
    for _ in range(3):
        gate.release()
        await asyncio.sleep(2 * FAST.piece_s)
    first, resumed = await asyncio.gather(*followers)
    assert whole(first) == "It is 52.31 V."
    assert shape(resumed) == shape(first)[2:]
    assert len(first) == 5


async def test_another_process_follows_by_the_store() -> None:
    stores, gate = InMemoryStores(clock=FrozenClock()), asyncio.Semaphore(0)
    here, there = desk(ScriptedAssistant(gate=gate), stores), desk(ScriptedAssistant(), stores)
    run = await here.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    follower = asyncio.create_task(seen(there, run))
    for _ in range(3):
        gate.release()
    assert shape(await follower) == ALL


async def test_stop_keeps_what_was_written_and_marks_it_stopped() -> None:
    stores, gate = InMemoryStores(clock=FrozenClock()), asyncio.Semaphore(1)
    runs = desk(ScriptedAssistant(gate=gate), stores)
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
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
    run = await here.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    await there.stop(run.id, "owner")
    live = here._live[run.id]
    while live.stop_reason is None:
        await asyncio.sleep(0.01)
    gate.release()
    assert (await seen(here, run))[-1].data["status"] == "stopped"


async def test_a_stop_from_another_process_arrives_after_the_database_was_away() -> None:
    stores, gate = InMemoryStores(clock=FrozenClock()), asyncio.Semaphore(0)
    errors: list[Exception] = []
    away = Away(stores.conversations, "run")
    here = desk(ScriptedAssistant(gate=gate), stores, conversations=away, errors=errors)
    run = await here.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    await desk(ScriptedAssistant(), stores).stop(run.id, "owner")
    while not errors:
        await asyncio.sleep(0.01)
    away.away = False
    while here._live[run.id].stop_reason is None:
        await asyncio.sleep(0.01)
    gate.release()
    assert (await seen(here, run))[-1].data["status"] == "stopped"


async def test_a_failure_becomes_the_last_event_and_a_failed_message() -> None:
    stores = InMemoryStores(clock=FrozenClock())
    runs = desk(ScriptedAssistant(error=Conflict("The model is out.")), stores)
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
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
        scope=Scope.CONTROL,
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
    first = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    await seen(runs, first)
    second = await runs.start(
        OWNER, SYSTEM, "And now?", conversation_id=first.conversation_id, scope=Scope.CONTROL
    )
    await seen(runs, second)
    assert assistant.histories == [[], ["How much?", "It is 52.31 V."]]


@pytest.mark.parametrize("question", ["", "   ", "x" * 4001], ids=["empty", "blank", "too long"])
async def test_a_question_out_of_bounds_is_refused_and_nothing_stored(question: str) -> None:
    stores = InMemoryStores(clock=FrozenClock())
    with pytest.raises(Invalid):
        await desk(ScriptedAssistant(), stores).start(OWNER, SYSTEM, question, scope=Scope.CONTROL)
    assert await stores.conversations.conversations(OWNER.id, limit=9) == []


async def test_a_strangers_conversation_does_not_exist() -> None:
    runs = desk(ScriptedAssistant())
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    await seen(runs, run)
    with pytest.raises(NotFound):
        await runs.start(
            STRANGER, SYSTEM, "mine?", conversation_id=run.conversation_id, scope=Scope.CONTROL
        )


async def test_a_conversation_answers_one_question_at_a_time() -> None:
    gate = asyncio.Semaphore(0)
    runs = desk(ScriptedAssistant(gate=gate))
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    with pytest.raises(Conflict):
        await runs.start(
            OWNER, SYSTEM, "And?", conversation_id=run.conversation_id, scope=Scope.CONTROL
        )
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
        pace=FAST,
        on_error=lambda _run, _error: told.set(),
    )
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    await told.wait()
    told.clear()
    await told.wait()
    away.away = False
    for _ in range(3):
        gate.release()
    assert shape(await seen(runs, run)) == ALL
    assert shape(list(await stores.conversations.events(run.id, after=0))) == ALL


async def test_an_answer_that_cannot_be_stored_ends_for_who_follows_and_is_stored_later() -> None:
    stores = InMemoryStores(clock=FrozenClock())
    errors: list[Exception] = []
    away = Away(stores.conversations, "save_message", "append_events", "save_run")
    away.away = False
    gate = asyncio.Semaphore(0)
    runs = desk(ScriptedAssistant(gate=gate), stores, conversations=away, errors=errors)
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    away.away = True
    follower = asyncio.create_task(seen(runs, run))
    for _ in range(3):
        gate.release()
    events = await follower
    assert events[-1].event == "error"
    assert "could not be stored yet" in events[-1].data["message"]
    assert {type(error) for error in errors} == {Unavailable}
    again = runs.start(OWNER, SYSTEM, "And?", run.conversation_id, scope=Scope.CONTROL)
    with pytest.raises(Unavailable):
        await again
    tries = len(errors)
    while len(errors) < tries + 2:
        await asyncio.sleep(FAST.retry_s)
    away.away = False
    while run.id in runs._live:
        await asyncio.sleep(FAST.retry_s)
    stored = await stores.conversations.messages(run.conversation_id)
    assert [message.content for message in stored][-1] == "It is 52.31 V."
    assert (await runs.run(run.id)).status is RunStatus.DONE


async def test_a_run_whose_end_cannot_be_stored_has_one_last_event() -> None:
    stores = InMemoryStores(clock=FrozenClock())
    away = Away(stores.conversations, "append_events")
    runs = desk(ScriptedAssistant(), stores, conversations=away)
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    assert [event.event for event in await seen(runs, run)] == ["start", "token", "done"]
    await runs.close()


class Frozen(Away):
    """A database that takes the call and never answers, not even to a cancellation."""

    @override
    def __getattr__(self, name: str) -> Any:
        if name not in self.calls or not self.away:
            return getattr(self.store, name)

        async def hang(*_: object, **__: object) -> None:
            while self.away:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.01)

        return hang


async def test_a_database_that_hangs_neither_holds_followers_nor_the_end_of_the_program() -> None:
    stores = InMemoryStores(clock=FrozenClock())
    calls = ("save_message", "append_events", "save_run", "run")
    frozen = Frozen(stores.conversations, *calls)
    frozen.away = False
    gate = asyncio.Semaphore(0)
    runs = desk(ScriptedAssistant(gate=gate), stores, conversations=frozen)
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    frozen.away = True
    await asyncio.sleep(3 * FAST.look_s)  # both helpers hang in it now
    for _ in range(3):
        gate.release()
    async with asyncio.timeout(HANGS_S):
        events = await seen(runs, run)
    assert events[-1].event == "error"
    async with asyncio.timeout(HANGS_S):
        await runs.close()
    frozen.away = False


@dataclass
class EndlessAssistant:
    """Writes on; minds a stop or doesn't."""

    minds: bool
    words: str = "and on "

    async def answer(
        self,
        run: Run,
        history: Sequence[Message],
        *,
        emit: Callable[[str, Json], None],
        stop_reason: Callable[[], str | None],
    ) -> Message:
        del history
        text = ""
        for _ in range(200):
            if self.minds and stop_reason() is not None:
                break
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.005)
            if self.words:
                text += self.words
                emit("token", {"text": self.words})
        return replace(
            failed(run, f"{text.strip()}\n\n_{stop_reason()}_"),
            status="stopped",
        )


OVER = "The answer took longer than 0.2 s (RUN_MAX_SECONDS) and was ended."


@pytest.mark.parametrize(
    ("assistant", "status"),
    [
        pytest.param(EndlessAssistant(minds=True), "stopped", id="minds the stop"),
        pytest.param(EndlessAssistant(minds=False), "stopped", id="goes on: left behind"),
        pytest.param(EndlessAssistant(minds=False, words=""), "failed", id="hangs: left behind"),
    ],
)
async def test_an_answer_ends_when_its_time_is_over(
    assistant: EndlessAssistant, status: str
) -> None:
    stores = InMemoryStores(clock=FrozenClock())
    runs = desk(assistant, stores, limits=RunLimits(seconds=0.2))
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    async with asyncio.timeout(HANGS_S):
        events = await seen(runs, run)
    stored = (await stores.conversations.messages(run.conversation_id))[-1]
    assert (events[-1].data["status"], stored.status) == (status, status)
    assert stored.content.endswith((f"_{OVER}_", OVER))
    assert len(await seen(runs, run)) == len(events), "it goes on after its last event"


async def test_the_program_ends_while_an_answer_hangs() -> None:
    runs = desk(EndlessAssistant(minds=False, words=""))
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    async with asyncio.timeout(HANGS_S):
        await runs.close()
        events = await seen(runs, run)
    assert events[-1].data["message"] == (
        "The program was stopped while this was being answered. Please ask again."
    )


async def test_closing_with_nothing_under_way_is_at_once() -> None:
    runs = desk(ScriptedAssistant())
    async with asyncio.timeout(HANGS_S):
        await runs.close()
    assert not runs._tasks


async def test_a_long_answer_is_some_events_not_one_per_token() -> None:
    stores = InMemoryStores(clock=FrozenClock())
    runs = desk(ScriptedAssistant(words=["word "] * 40_000), stores)
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    events = await seen(runs, run)
    assert len(whole(events)) == 200_000
    assert len(events) < 50
    assert len(await stores.conversations.events(run.id, after=0)) == len(events)


async def test_characters_that_no_database_holds_are_replaced() -> None:
    stores = InMemoryStores(clock=FrozenClock())
    runs = desk(ScriptedAssistant(words=["a\x00b", "\ud800c"]), stores)
    run = await runs.start(OWNER, SYSTEM, "How\x00 much?", scope=Scope.CONTROL)
    events = await seen(runs, run)
    assert whole(events) == "a\ufffdb\ufffdc"
    stored = await stores.conversations.messages(run.conversation_id)
    assert [message.content for message in stored] == ["How\ufffd much?", "a\ufffdb\ufffdc"]


async def test_a_failure_inside_a_model_keeps_its_insides_to_the_log() -> None:
    errors: list[Exception] = []
    runs = desk(ScriptedAssistant(error=KeyError("token sk-123")), errors=errors)
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    events = await seen(runs, run)
    assert events[-1].data["message"] == (
        "Something unexpected went wrong; it has been logged. Please ask again."
    )
    assert [type(error) for error in errors] == [KeyError]


async def test_what_comes_after_the_end_is_not_shown() -> None:
    runs = desk(ScriptedAssistant())
    run = await runs.start(OWNER, SYSTEM, "How much?", scope=Scope.CONTROL)
    live = runs._live[run.id]
    events = await seen(runs, run)
    live.emit("token", {"text": "late"})
    await asyncio.sleep(2 * FAST.piece_s)
    assert len(live.events) == len(events)

"""A question is a run on the server: its events outlive the client that asked.

Events are numbered from 1, shown live to followers in this process, and stored in batches, so that
any process can resume them after any number. Other processes learn of new events by the bus.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.accounts.records import User
from services.chat.ports import Assistant, ConversationStore
from services.chat.records import Conversation, Message, Run, RunEvent, RunStatus
from services.clock import Clock
from services.errors import CommandCenterError, Conflict, Invalid, NotFound
from services.events import EventBus
from services.stored import Json

FLUSH_S = 0.1
"""Wall seconds that events wait for their batch."""

LOOK_S = 1.0
"""Wall seconds between looks into the store when the bus is silent."""

LONGEST_QUESTION = 4_000
TITLE_LENGTH = 60
LAST_EVENTS = frozenset({"done", "error"})
TOPIC = "run"


@dataclass(slots=True)
class _Live:
    """A run of this process."""

    run: Run
    events: list[RunEvent] = field(default_factory=list)
    stored: int = 0
    cancelled: bool = False
    finished: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    dirty: asyncio.Event = field(default_factory=asyncio.Event)


class Runs:
    """Starts, follows, stops and recovers runs."""

    def __init__(
        self,
        *,
        assistant: Assistant,
        conversations: ConversationStore,
        bus: EventBus,
        clock: Clock,
        on_error: Callable[[Run, Exception], None] = lambda _run, _error: None,
    ) -> None:
        """``on_error`` is told of failures that are not the owner's, for the log."""
        self._assistant, self._store = assistant, conversations
        self._bus, self._clock, self._on_error = bus, clock, on_error
        self._live: dict[UUID, _Live] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(
        self,
        user: User,
        system_id: UUID,
        question: str,
        conversation_id: UUID | None = None,
        agent: str | None = None,
    ) -> Run:
        """Store the question and begin to answer it.

        Raises:
            Invalid: The question is empty or too long.
            NotFound: The conversation is not this user's or of another site.
            Conflict: The conversation already has a running question.
        """
        text = question.strip()
        if not text or len(text) > LONGEST_QUESTION:
            raise Invalid([("question", f"1 to {LONGEST_QUESTION} characters, not {len(text)}")])
        conversation = await self._conversation(user, system_id, text, conversation_id)
        history = list(await self._store.messages(conversation.id))
        now = self._clock.now()
        run = Run(
            id=uuid4(),
            conversation_id=conversation.id,
            message_id=uuid4(),
            user_id=user.id,
            system_id=system_id,
            question=text,
            agent=agent,
            status=RunStatus.RUNNING,
            created_at=now,
        )
        await self._store.save_conversation(replace(conversation, updated_at=now))
        await self._store.save_run(run)
        await self._store.save_message(_asked(run))
        live = _Live(run=run)
        self._live[run.id] = live
        self._emit(live, "start", _start_data(run, conversation))
        task = asyncio.create_task(self._answer(live, history), name=f"run-{run.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    async def run(self, run_id: UUID) -> Run:
        """The run as it is now.

        Raises:
            NotFound: There is none.
        """
        live = self._live.get(run_id)
        found = live.run if live is not None else await self._store.run(run_id)
        if found is None:
            raise NotFound(kind="run", key=str(run_id))
        return found

    async def events(self, run_id: UUID, after: int = 0) -> AsyncIterator[RunEvent]:
        """Events with numbers above ``after``: stored ones, then live, up to the last one.

        Raises:
            NotFound: There is no such run.
        """
        await self.run(run_id)
        live = self._live.get(run_id)
        source = self._stored_tail(run_id, after) if live is None else self._live_tail(live, after)
        async with contextlib.aclosing(source):
            async for event in source:
                yield event

    async def stop(self, run_id: UUID, by: str) -> Run:
        """Ask the run to stop; what was written so far stays. Stopping a finished run does nothing.

        Raises:
            NotFound: There is no such run.
        """
        run = await self.run(run_id)
        if run.status is not RunStatus.RUNNING:
            return run
        live = self._live.get(run_id)
        stopping = replace(run, status=RunStatus.STOPPING)
        if live is not None:
            live.run, live.cancelled = stopping, True
        await self._store.save_run(stopping)
        await self._bus.publish(TOPIC, {"run_id": str(run_id), "stop": by})
        return stopping

    async def recover(self) -> int:
        """Fail the runs that a crash has left; returns how many."""
        left = [
            run
            for status in (RunStatus.RUNNING, RunStatus.STOPPING)
            for run in await self._store.runs_with_status(status)
            if run.id not in self._live
        ]
        for run in left:
            await self._fail_left(run)
        return len(left)

    async def close(self) -> None:
        """Stop everything that runs here and wait for it."""
        for live in self._live.values():
            live.cancelled = True
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- answering --------------------------------------------------------------------------------

    async def _answer(self, live: _Live, history: list[Message]) -> None:
        loop = asyncio.get_running_loop()

        def emit(event: str, data: Json) -> None:
            loop.call_soon_threadsafe(self._emit, live, event, data)

        helpers = [
            asyncio.create_task(self._flush_forever(live)),
            asyncio.create_task(self._watch_for_stop(live)),
        ]
        try:
            message = await self._assistant.answer(
                live.run, history, emit=emit, cancelled=lambda: live.cancelled
            )
        except Exception as error:  # noqa: BLE001 - the edge of a run: every failure becomes its last event
            self._on_error(live.run, error)
            message = _failed(live.run, _sentence(error))
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        await self._finish(live, message)

    async def _finish(self, live: _Live, message: Message) -> None:
        status = _STATUS[message.status]
        now = self._clock.now()
        told = replace(message, created_at=max(now, _after(live.run)))
        last = "error" if status is RunStatus.FAILED else "done"
        try:
            await self._store.save_message(told)
            live.run = replace(live.run, status=status, finished_at=now)
            self._emit(live, last, _last_data(told, status))
            await self._flush(live)
            await self._store.save_run(live.run)
        except Exception as error:  # noqa: BLE001 - a store that is down must not leave followers waiting
            self._on_error(live.run, error)
            if live.events[-1].event not in LAST_EVENTS:
                self._emit(live, "error", {"message": f"The answer could not be stored: {error}"})
        finally:
            async with live.changed:
                live.finished = True
                live.changed.notify_all()
            self._live.pop(live.run.id, None)

    def _emit(self, live: _Live, event: str, data: Json) -> None:
        """Number and show one event; on the event loop only."""
        live.events.append(
            RunEvent(
                run_id=live.run.id,
                seq=len(live.events) + 1,
                event=event,
                data=data,
                at=self._clock.now(),
            )
        )
        live.dirty.set()
        task = asyncio.ensure_future(_notify(live))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _flush_forever(self, live: _Live) -> None:
        while True:
            await live.dirty.wait()
            await asyncio.sleep(FLUSH_S)
            try:
                await self._flush(live)
            except Exception as error:  # noqa: BLE001 - a store that is down is tried again with the next batch
                self._on_error(live.run, error)

    async def _flush(self, live: _Live) -> None:
        live.dirty.clear()
        batch = live.events[live.stored :]
        await self._store.append_events(batch)
        live.stored += len(batch)
        await self._bus.publish(TOPIC, {"run_id": str(live.run.id), "seq": live.stored})

    async def _watch_for_stop(self, live: _Live) -> None:
        """See a stop that was asked for in another process."""
        while not live.cancelled:
            await asyncio.sleep(LOOK_S)
            try:
                stored = await self._store.run(live.run.id)
            except Exception as error:  # noqa: BLE001 - looked again a second later
                self._on_error(live.run, error)
                continue
            if stored is not None and stored.status is RunStatus.STOPPING:
                live.cancelled = True

    # --- following --------------------------------------------------------------------------------

    async def _live_tail(self, live: _Live, after: int) -> AsyncGenerator[RunEvent]:
        shown = max(after, 0)
        while True:
            await _more(live, shown)
            for event in live.events[shown:]:
                shown = event.seq
                yield event
            if live.finished and shown >= len(live.events):
                return

    async def _stored_tail(self, run_id: UUID, after: int) -> AsyncGenerator[RunEvent]:
        """Events of a run of another process, or of one that has ended."""
        shown = after
        while True:
            run = await self.run(run_id)
            for event in await self._store.events(run_id, after=shown):
                shown = event.seq
                yield event
                if event.event in LAST_EVENTS:
                    return
            if run.status not in {RunStatus.RUNNING, RunStatus.STOPPING}:
                return
            await asyncio.sleep(LOOK_S / 4)

    # --- storing ----------------------------------------------------------------------------------

    async def _conversation(
        self, user: User, system_id: UUID, question: str, conversation_id: UUID | None
    ) -> Conversation:
        now = self._clock.now()
        if conversation_id is None:
            return Conversation(
                id=uuid4(),
                system_id=system_id,
                user_id=user.id,
                title=_title(question),
                created_at=now,
                updated_at=now,
            )
        found = await self._store.conversation(conversation_id)
        if found is None or found.user_id != user.id or found.system_id != system_id:
            raise NotFound(kind="conversation", key=str(conversation_id))
        if any(each.run.conversation_id == conversation_id for each in self._live.values()):
            raise Conflict("This conversation is still being answered; stop it or wait.")
        return found

    async def _fail_left(self, run: Run) -> None:
        sentence = "The program was restarted while this was being answered. Please ask again."
        message = replace(_failed(run, sentence), created_at=_after(run))
        await self._store.save_message(message)
        seen = await self._store.events(run.id, after=0)
        now = self._clock.now()
        await self._store.append_events(
            [
                RunEvent(
                    run_id=run.id,
                    seq=(seen[-1].seq if seen else 0) + 1,
                    event="error",
                    data=_last_data(message, RunStatus.FAILED),
                    at=now,
                )
            ]
        )
        await self._store.save_run(replace(run, status=RunStatus.FAILED, finished_at=now))


_STATUS = {"done": RunStatus.DONE, "stopped": RunStatus.STOPPED, "failed": RunStatus.FAILED}


async def _more(live: _Live, shown: int) -> None:
    async with live.changed:
        await live.changed.wait_for(lambda: live.finished or len(live.events) > shown)


async def _notify(live: _Live) -> None:
    async with live.changed:
        live.changed.notify_all()


def _sentence(error: Exception) -> str:
    """What the owner is told: errors of ours in their own words, others without their insides."""
    if isinstance(error, CommandCenterError):
        return str(error)
    return "Something unexpected went wrong; it has been logged. Please ask again."


def _asked(run: Run) -> Message:
    return Message(
        id=uuid4(),
        conversation_id=run.conversation_id,
        role="user",
        content=run.question,
        created_at=run.created_at,
        run_id=run.id,
    )


def _failed(run: Run, sentence: str) -> Message:
    return Message(
        id=run.message_id,
        conversation_id=run.conversation_id,
        role="assistant",
        content=sentence,
        created_at=run.created_at,
        run_id=run.id,
        status="failed",
    )


def _after(run: Run) -> datetime:
    return run.created_at + timedelta(milliseconds=1)


def _title(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1].rstrip()}…"


def _start_data(run: Run, conversation: Conversation) -> Json:
    return {
        "run_id": str(run.id),
        "conversation_id": str(run.conversation_id),
        "message_id": str(run.message_id),
        "title": conversation.title,
        "question": run.question,
    }


def _last_data(message: Message, status: RunStatus) -> Json:
    data: Json = {
        "message_id": str(message.id),
        "status": status.value,
        "agent": message.agent,
        "meta": message.meta,
    }
    key = "message" if status is RunStatus.FAILED else "content"
    return {**data, key: message.content}

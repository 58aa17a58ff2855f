"""Runs: one per question, answered on the server independently of the client that asked.

A run's events are numbered from 1, shown live to followers in this process, and stored in batches,
so that any process can resume the stream after any number.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from dataclasses import replace
from typing import cast
from uuid import UUID, uuid4

from services.accounts.records import Scope, User
from services.chat.live_run import STOPPED, TOPIC, LiveRun, OnError, set_within
from services.chat.pace import Pace
from services.chat.pieces import UNSTORABLE, storable
from services.chat.ports import Assistant, ConversationStore
from services.chat.records import Conversation, Message, Run, RunEvent, RunLimits, RunStatus
from services.chat.run_messages import (
    CLOSED,
    NOT_STORED,
    RESTARTED,
    STATUS,
    asked,
    failed,
    just_after,
    last_data,
    left_behind,
    sentence,
    start_data,
    title,
)
from services.clock import Clock
from services.errors import Conflict, Invalid, NotFound
from services.events import EventBus
from services.stored import Json
from services.time_limit import within

LONGEST_QUESTION = 4_000
LAST_EVENTS = frozenset({"done", "error"})
UNFINISHED = frozenset({RunStatus.RUNNING, RunStatus.STOPPING})


class Runs:
    """Starts, follows, stops and recovers runs."""

    def __init__(
        self,
        *,
        assistant: Assistant,
        conversations: ConversationStore,
        bus: EventBus,
        clock: Clock,
        limits: RunLimits = RunLimits(),  # noqa: B008 - a frozen value
        pace: Pace = Pace(),  # noqa: B008 - a frozen value
        on_error: OnError = lambda _run, _error: None,
    ) -> None:
        """``on_error`` is called with unexpected failures, for the log."""
        self._assistant, self._store = assistant, conversations
        self._bus, self._clock, self._on_error = bus, clock, on_error
        self._limits, self._pace = limits, pace
        self._live: dict[UUID, LiveRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    async def start(
        self,
        user: User,
        system_id: UUID,
        question: str,
        conversation_id: UUID | None = None,
        agent: str | None = None,
        *,
        scope: Scope,
    ) -> Run:
        """Store the question and begin to answer it.

        ``scope`` is the caller's rights by role and token; the answer's tools can do no more.

        Raises:
            Invalid: The question is empty or too long.
            NotFound: The conversation is not this user's or of another site.
            Conflict: The conversation already has a running question.
        """
        text = question.translate(UNSTORABLE).strip()
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
            scope=scope,
            status=RunStatus.RUNNING,
            created_at=now,
        )
        await self._store.save_conversation(replace(conversation, updated_at=now))
        await self._store.save_run(run)
        await self._store.save_message(asked(run))
        live = LiveRun(
            run,
            store=self._store,
            bus=self._bus,
            clock=self._clock,
            pace=self._pace,
            on_error=self._on_error,
        )
        self._live[run.id] = live
        live.emit("start", start_data(run, conversation))
        live.release()
        for work in (self._answer(live, history), live.keep_stored(), live.watch_for_stop()):
            self._own(work)
        return run

    async def run(self, run_id: UUID) -> Run:
        """The run as it is now.

        Raises:
            NotFound: There is none.
        """
        live = self._live.get(run_id)
        run = live.run if live is not None else await self._store.run(run_id)
        if run is None:
            raise NotFound(kind="run", key=str(run_id))
        return run

    async def events(self, run_id: UUID, after: int = 0) -> AsyncIterator[RunEvent]:
        """Events with numbers above ``after``: stored ones, then live, up to the last one.

        Raises:
            NotFound: There is no such run.
        """
        await self.run(run_id)
        live = self._live.get(run_id)
        source = self._stored_tail(run_id, after) if live is None else live.tail(after)
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
            live.run = stopping
            live.stop(STOPPED)
        await self._store.save_run(stopping)
        await self._bus.publish(TOPIC, {"run_id": str(run_id), "stop": by})
        return stopping

    async def recover(self) -> int:
        """End the runs that a crash left unfinished, as failed; returns how many."""
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
        """Stop all runs of this process. One that takes too long is cancelled and not waited
        for.
        """
        self._closing.set()
        for live in self._live.values():
            live.stop(CLOSED)
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=self._pace.close_s)
            for task in left:
                task.cancel()

    # --- answering --------------------------------------------------------------------------------

    def _own(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, live: LiveRun, history: list[Message]) -> None:
        try:
            message = await self._message(live, history)
        except Exception as error:  # noqa: BLE001 - the edge of a run: every failure becomes its last event
            self._on_error(live.run, error)
            message = failed(live.run, sentence(error))
        live.release()
        await self._finish(live, message)

    async def _message(self, live: LiveRun, history: list[Message]) -> Message:
        """The assistant's answer; when its time is over, the text written so far."""
        work = self._assistant.answer(
            live.run, history, emit=live.emit, stop_reason=lambda: live.stop_reason
        )
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda _: live.stop_asked.set())
        if not await set_within(live.stop_asked, self._limits.seconds):
            live.stop(
                f"The answer took longer than {self._limits.seconds:g} s (RUN_MAX_SECONDS) and was"
                " ended."
            )
        await asyncio.wait({task}, timeout=self._pace.grace_s)
        if task.done():
            return task.result()
        task.cancel()
        live.release()
        reason = live.stop_reason or STOPPED
        self._on_error(live.run, TimeoutError(f"left behind: {reason}"))
        return left_behind(live.run, live.text, reason)

    async def _finish(self, live: LiveRun, message: Message) -> None:
        """Store the answer, then send the last event; storing is retried until it works."""
        status = STATUS[message.status]
        now = self._clock.now()
        answer = replace(
            message,
            content=message.content.translate(UNSTORABLE),
            created_at=max(now, just_after(live.run)),
            meta=cast("Json", storable(message.meta)),
        )
        stored = await self._try_to_save(live, answer)
        live.run = replace(live.run, status=status, finished_at=now)
        if stored:
            last = "error" if status is RunStatus.FAILED else "done"
            live.emit(last, last_data(answer, status))
        else:
            live.emit("error", {"message": NOT_STORED})
        live.release()
        left = None if stored else answer
        if not await self._try(live, self._save_end(live, left)):
            live.finish()
            while not await set_within(self._closing, self._pace.retry_s):
                if await self._try(live, self._save_end(live, left)):
                    break
        live.finish()
        self._live.pop(live.run.id, None)

    async def _try_to_save(self, live: LiveRun, message: Message) -> bool:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._pace.tell_after_s
        while not await self._try(live, self._store.save_message(message)):
            if await set_within(self._closing, self._pace.retry_s) or loop.time() >= until:
                return False
        return True

    async def _save_end(self, live: LiveRun, message: Message | None) -> None:
        if message is not None:
            await self._store.save_message(message)
        await live.flush()
        await self._store.save_run(live.run)

    async def _try(self, live: LiveRun, work: Coroutine[None, None, None]) -> bool:
        try:
            await within(self._pace.store_s, work, what="The database")
        except Exception as error:  # noqa: BLE001 - a store that is down must not leave followers waiting
            self._on_error(live.run, error)
            return False
        return True

    # --- following --------------------------------------------------------------------------------

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
            if run.status not in UNFINISHED:
                return
            await asyncio.sleep(self._pace.look_s / 4)

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
                title=title(question),
                created_at=now,
                updated_at=now,
            )
        conversation = await self._store.conversation(conversation_id)
        known = conversation is not None and conversation.system_id == system_id
        if conversation is None or not known or conversation.user_id != user.id:
            raise NotFound(kind="conversation", key=str(conversation_id))
        if any(
            live.run.conversation_id == conversation_id and live.run.status in UNFINISHED
            for live in self._live.values()
        ):
            raise Conflict("This conversation is still being answered; stop it or wait.")
        return conversation

    async def _fail_left(self, run: Run) -> None:
        message = replace(failed(run, RESTARTED), created_at=just_after(run))
        await self._store.save_message(message)
        seen = await self._store.events(run.id, after=0)
        now = self._clock.now()
        await self._store.append_events(
            [
                RunEvent(
                    run_id=run.id,
                    seq=(seen[-1].seq if seen else 0) + 1,
                    event="error",
                    data=last_data(message, RunStatus.FAILED),
                    at=now,
                )
            ]
        )
        await self._store.save_run(replace(run, status=RunStatus.FAILED, finished_at=now))

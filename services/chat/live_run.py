"""A run that this process answers: its numbered events, shown to followers and stored in batches.

Only ``emit`` may be called from other threads. Helper tasks watch ``ended`` and are not cancelled,
because a task that is cancelled while it waits for a connection of the pool may never return.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import cast

from services.chat.pace import Pace
from services.chat.pieces import TOKEN, EventData, Pieces, storable
from services.chat.ports import ConversationStore
from services.chat.records import Run, RunEvent, RunStatus
from services.clock import Clock
from services.events import EventBus
from services.stored import Json

TOPIC = "run"
STOPPED = "Stopped before the answer was complete."
OnError = Callable[[Run, Exception], None]


class LiveRun:
    """One run of this process."""

    def __init__(
        self,
        run: Run,
        *,
        store: ConversationStore,
        bus: EventBus,
        clock: Clock,
        pace: Pace,
        on_error: OnError,
    ) -> None:
        """``on_error`` is called for writes that failed and are tried again."""
        self.run = run
        self.events: list[RunEvent] = []
        self.stop_reason: str | None = None
        self.stop_asked = asyncio.Event()
        self.finished = False
        self.ended = asyncio.Event()
        self._store, self._bus, self._clock, self._on_error = store, bus, clock, on_error
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._pieces = Pieces()
        self._released_s = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._news, self._dirty = asyncio.Event(), asyncio.Event()
        self._stored = 0

    # --- what happens

    def emit(self, event: str, data: EventData) -> None:
        """Show an event; callable from any thread. Text is held back briefly and joined with
        more.
        """
        at_once = self._pieces.add(event, data)
        # A model's thread may outlive the event loop; its text is then dropped.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.release if at_once else self._release_soon)

    def release(self) -> None:
        """Number and show all waiting events. Events after the end are dropped."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting = self._pieces.take()
        if self.finished or not waiting:
            return
        self._released_s = self._loop.time()
        now = self._clock.now()
        for event, data in waiting:
            self.events.append(
                RunEvent(
                    run_id=self.run.id,
                    seq=len(self.events) + 1,
                    event=event,
                    data=cast("Json", storable(data)),
                    at=now,
                )
            )
        self._dirty.set()
        self._tell()

    def stop(self, reason: str) -> None:
        """Ask the answer to end. ``reason`` is a sentence for the owner; the first one is kept."""
        self.stop_reason = self.stop_reason or reason
        self.stop_asked.set()

    @property
    def text(self) -> str:
        """The text of the answer that followers have been shown."""
        shown = ""
        for event in self.events:
            if event.event == TOKEN:
                piece = str(event.data["text"])
                shown = piece if event.data.get("replace") else shown + piece
        return shown

    def finish(self) -> None:
        """Mark the end: followers end after the last event."""
        self.finished = True
        self.ended.set()
        self._dirty.set()
        self._tell()

    def _release_soon(self) -> None:
        if self._timer is None:
            wait_s = self._released_s + self._pace.piece_s - self._loop.time()
            self._timer = self._loop.call_later(max(0.0, wait_s), self.release)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    # --- who follows

    async def tail(self, after: int) -> AsyncGenerator[RunEvent]:
        """Events with numbers above ``after``, until the run is finished."""
        shown = max(after, 0)
        while True:
            news, finished = self._news, self.finished
            for event in self.events[shown:]:
                shown = event.seq
                yield event
            if finished:
                return
            await news.wait()

    # --- what is kept

    async def keep_stored(self) -> None:
        """Store events in batches until the run has ended."""
        while not self.ended.is_set():
            await self._dirty.wait()
            if not await set_within(self.ended, self._pace.flush_s):
                try:
                    await self.flush()
                except Exception as error:  # noqa: BLE001 - a store that is down is tried again with the next batch
                    self._on_error(self.run, error)
                    self._dirty.set()

    async def flush(self) -> None:
        """Store events that are not stored yet; the store ignores duplicates."""
        self._dirty.clear()
        end = len(self.events)
        await self._store.append_events(self.events[self._stored : end])
        self._stored = max(self._stored, end)
        await self._bus.publish(TOPIC, {"run_id": str(self.run.id), "seq": self._stored})

    async def watch_for_stop(self) -> None:
        """Notice a stop that was asked for in another process."""
        while not self.stop_asked.is_set() and not await set_within(self.ended, self._pace.look_s):
            try:
                stored = await self._store.run(self.run.id)
            except Exception as error:  # noqa: BLE001 - looked again a second later
                self._on_error(self.run, error)
                continue
            if stored is not None and stored.status is RunStatus.STOPPING:
                self.stop(STOPPED)


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait up to ``seconds`` for ``event``; returns whether it is set."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()

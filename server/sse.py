"""Event streams: one place for headers, heartbeat and merging."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from sse_starlette import EventSourceResponse, ServerSentEvent

T = TypeVar("T")
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(name: str, data: Mapping[str, object], *, event_id: str | None = None) -> ServerSentEvent:
    """One named event with a JSON body."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    return ServerSentEvent(data=text, event=name, id=event_id)


def stream(events: AsyncIterator[ServerSentEvent], *, heartbeat_s: float) -> EventSourceResponse:
    """The response, with a heartbeat comment while there are no events; ends with the client."""
    return EventSourceResponse(
        events,
        ping=heartbeat_s,
        ping_message_factory=lambda: ServerSentEvent(comment="heartbeat"),
        headers=HEADERS,
        send_timeout=30,
    )


async def merged(sources: Sequence[AsyncIterator[T]]) -> AsyncIterator[T]:
    """The items of all sources as they come; ends with the last source.

    Each source is read by its own task and closed at the end.
    """
    queue: asyncio.Queue[T | None] = asyncio.Queue(maxsize=1_000)
    tasks = [asyncio.create_task(_pump(source, queue)) for source in sources]
    running = len(tasks)
    try:
        while running:
            item = await queue.get()
            if item is None:
                running -= 1
            else:
                yield item
        for task in tasks:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(
    events: AsyncIterator[T], ended: Coroutine[object, object, None]
) -> AsyncIterator[T]:
    """The events until there are no more, or until ``ended`` returns, whichever is first."""
    end, following = asyncio.create_task(ended), aiter(events)
    try:
        while True:
            coming = asyncio.ensure_future(anext(following, None))
            try:
                await asyncio.wait({coming, end}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not coming.done():
                    coming.cancel()
                    await asyncio.gather(coming, return_exceptions=True)
            item = None if end.done() else coming.result()
            if item is None:
                return
            yield item
    finally:
        end.cancel()
        await asyncio.gather(end, return_exceptions=True)
        await _close(following)


async def _close(source: AsyncIterator[T]) -> None:
    close = getattr(source, "aclose", None)
    if close is not None:
        with suppress(Exception):
            await close()


async def _pump(source: AsyncIterator[T], queue: asyncio.Queue[T | None]) -> None:
    try:
        async for item in source:
            await queue.put(item)
    finally:
        await _close(source)
        task = asyncio.current_task()
        if task is None or not task.cancelling():
            await queue.put(None)

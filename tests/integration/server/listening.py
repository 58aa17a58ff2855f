"""Listening to an event stream that does not end, without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Heard:
    """One event; comments have the name ``comment``."""

    name: str
    data: Any = None
    id: str | None = None


@dataclass
class Listener:
    """A client on the line. Leaving the block hangs up."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    queue: asyncio.Queue[Heard] = field(default_factory=asyncio.Queue)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def next(self, *names: str) -> Heard:
        """The next event, or the next of these names."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                heard = await self.queue.get()
                if not names or heard.name in names:
                    return heard


@asynccontextmanager
async def listening(
    app: FastAPI,
    path: str,
    *,
    query: str = "",
    headers: dict[str, str],
    body: bytes = b"",
    method: str = "GET",
) -> AsyncIterator[Listener]:
    """Open ``path`` as an event stream."""
    listener, gone = Listener(), asyncio.Event()
    asked = [{"type": "http.request", "body": body, "more_body": False}]
    rest = ""

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal rest
        if message["type"] == "http.response.start":
            listener.status = message["status"]
            listener.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            return
        rest += message.get("body", b"").decode().replace("\r\n", "\n")
        *whole, rest = rest.split("\n\n")
        for block in whole:
            listener.queue.put_nowait(_heard(block))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (k.lower().encode(), v.encode()) for k, v in {"Host": "test", **headers}.items()
        ],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    task = asyncio.create_task(app(scope, receive, send))
    task.add_done_callback(lambda _: listener.ended.set())
    try:
        yield listener
    finally:
        gone.set()
        async with asyncio.timeout(PATIENCE_S):
            await task


def _heard(block: str) -> Heard:
    if block.startswith(":"):
        return Heard("comment", block[1:].strip())
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    return Heard(fields["event"], json.loads(fields["data"]), fields.get("id"))

"""A scripted OpenAI-compatible chat-completions server on loopback.

Each request takes the next reply of the script; what was asked is kept. Streams or not, as asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One scripted reply.

    ``tools``: (name, arguments) calls. ``status`` not 200: an error. ``pause_s``: before each
    piece of text. ``cut_after``: pieces after which the connection is dropped. ``silent``: headers
    come, then nothing. ``deltas``: sent instead, also without end; bytes are sent as they are.
    """

    text: str = ""
    tools: Sequence[tuple[str, Json]] = ()
    status: int = 200
    pause_s: float = 0.0
    cut_after: int | None = None
    silent: bool = False
    deltas: Callable[[], Iterable[Json | bytes]] | None = None


Script = Callable[[Json, int], Reply]


def crew_script(answer: str) -> Script:
    """A model that hands off, calls two tools, and says ``answer``."""

    def script(request: Json, _: int) -> Reply:
        tools = {each["function"]["name"] for each in request.get("tools", [])}
        if "hand_off" in tools:
            return Reply(tools=[("hand_off", {"agent": "monitor", "request": "voltage and why"})])
        if not any(each["role"] == "tool" for each in request["messages"]):
            return Reply(
                tools=[("battery_status", {}), ("decision_explanation", {"miner": "dump load"})]
            )
        return Reply(text=answer)

    return script


@dataclass
class ModelServer:
    """Replies by ``script(request, number)``; counts what happened. Keeps its port."""

    script: Script
    requests: list[Json] = field(default_factory=list)
    disconnects: int = 0
    port: int = 0
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ModelServer]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task: asyncio.Task[None] | None = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            while (request := await _read(reader)) is not None:
                if request["_head"].startswith("GET "):
                    _send_json(writer, 200, {"object": "list", "data": []})
                    await writer.drain()
                    continue
                self.requests.append(request)
                reply = self.script(request, len(self.requests))
                if not await self._answer(reader, writer, request, reply):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.disconnects += 1
        finally:
            writer.close()

    async def _answer(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        request: Json,
        reply: Reply,
    ) -> bool:
        if reply.status != 200:
            body = {"error": {"message": f"scripted {reply.status}", "code": reply.status}}
            _send_json(writer, reply.status, body)
            await writer.drain()
            return True
        if not request.get("stream"):
            _send_json(writer, 200, _whole(request, reply))
            await writer.drain()
            return True
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
            b"Connection: close\r\n\r\n"
        )
        await writer.drain()
        gone = asyncio.create_task(reader.read(1))
        try:
            return await self._stream(writer, request, reply, gone)
        finally:
            if not gone.done():
                gone.cancel()

    async def _stream(
        self, writer: asyncio.StreamWriter, request: Json, reply: Reply, gone: asyncio.Task[bytes]
    ) -> bool:
        if reply.silent:
            await gone
            self.disconnects += 1
            return False
        deltas = reply.deltas
        pieces = _pieces(request, reply) if deltas is None else _given(request, deltas())
        for index, piece in enumerate(pieces):
            if reply.cut_after is not None and index >= reply.cut_after:
                writer.transport.abort()
                return False
            done, _ = await asyncio.wait({gone}, timeout=reply.pause_s)
            if done:
                self.disconnects += 1
                return False
            frame = _frame(piece)
            writer.write(f"{len(frame):x}\r\n".encode() + frame + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return False


async def _read(reader: asyncio.StreamReader) -> Json | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = await reader.readline()
        if not line:
            return None
        head += line
    length = 0
    for header in head.decode().split("\r\n"):
        if header.lower().startswith("content-length:"):
            length = int(header.partition(":")[2])
    body: Json = json.loads(await reader.readexactly(length)) if length else {}
    return {**body, "_head": head.decode()}


def _send_json(writer: asyncio.StreamWriter, status: int, body: Json) -> None:
    raw = json.dumps(body).encode()
    writer.write(
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(raw)}\r\n\r\n".encode()
        + raw
    )


def _calls(reply: Reply) -> list[Json]:
    return [
        {
            "index": index,
            "id": f"call_{index}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for index, (name, arguments) in enumerate(reply.tools)
    ]


def _usage(reply: Reply) -> Json:
    written = max(1, len(reply.text.split()))
    return {"prompt_tokens": 100, "completion_tokens": written, "total_tokens": 100 + written}


def _whole(request: Json, reply: Reply) -> Json:
    message: Json = {"role": "assistant", "content": reply.text or None}
    if reply.tools:
        message["tool_calls"] = _calls(reply)
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": request["model"],
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": "tool_calls" if reply.tools else "stop",
            }
        ],
        "usage": _usage(reply),
    }


def _frame(piece: Json | bytes | str) -> bytes:
    if isinstance(piece, bytes):
        return piece
    data = piece if piece == "[DONE]" else json.dumps(piece)
    return f"data: {data}\n\n".encode()


def _given(request: Json, deltas: Iterable[Json | bytes]) -> Iterator[Json | bytes | str]:
    for delta in deltas:
        yield delta if isinstance(delta, bytes) else _chunk(request, delta)
    yield _chunk(request, {}, "stop")
    yield "[DONE]"


def _chunk(request: Json, delta: Json, finish: str | None = None) -> Json:
    return {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": request["model"],
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def _pieces(request: Json, reply: Reply) -> list[Any]:
    def chunk(delta: Json, finish: str | None = None) -> Json:
        return _chunk(request, delta, finish)

    pieces: list[Any] = [chunk({"role": "assistant", "content": ""})]
    pieces += [chunk({"content": f"{word} "}) for word in reply.text.split()]
    pieces += [chunk({"tool_calls": [call]}) for call in _calls(reply)]
    pieces.append(chunk({}, "tool_calls" if reply.tools else "stop"))
    if (request.get("stream_options") or {}).get("include_usage"):
        pieces.append({**chunk({}), "choices": [], "usage": _usage(reply)})
    return [*pieces, "[DONE]"]

"""Vendors' HTTP without vendors: one handler, played in memory or behind a loopback server."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self

import httpx2
from typing_extensions import override

Answer = httpx2.Response | bytes | None
"""A response; raw bytes written as they are before the line is cut; None to never answer."""
Handler = Callable[[httpx2.Request], Answer | Awaitable[Answer]]


def answer(body: object = None, status: int = 200, **headers: str) -> httpx2.Response:
    """A JSON answer."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json=body, headers=names)


def form_of(request: httpx2.Request) -> dict[str, object]:
    """The JSON body of a request."""
    return dict(json.loads(request.content or b"{}"))


class Script:
    """Answers one after another, the last one for ever, and remembers what was asked."""

    def __init__(self, answers: Iterable[Answer | Exception]) -> None:
        self._answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> Answer:
        self.requests.append(request)
        step = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(step, Exception):
            raise step
        return step

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.url.path for request in self.requests]


class Routes:
    """Answers by the end of the path; what is not routed is a 404."""

    def __init__(self, **routes: Handler | Answer) -> None:
        self._routes = {name.replace("__", "/"): route for name, route in routes.items()}
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> Answer | Awaitable[Answer]:
        self.requests.append(request)
        for end, route in self._routes.items():
            if request.url.path.endswith(end):
                return route(request) if callable(route) else route
        return answer({"error": "no such path"}, 404)

    def set(self, end: str, route: Handler | Answer) -> None:
        """Answer differently from now on; a new end comes before those known already."""
        self._routes = {end: route, **{k: v for k, v in self._routes.items() if k != end}}

    def of(self, end: str) -> Handler:
        """The handler of a route."""
        route = self._routes[end]
        assert callable(route)
        return route


class Body(httpx2.AsyncByteStream):
    """A body that is streamed, as one from a socket is."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), 65_536):
            yield self._content[start : start + 65_536]


class Plain(httpx2.Response):
    """A 200 with exactly these bytes and headers, which nothing has looked at yet."""

    def __init__(self, body: bytes, headers: dict[str, str]) -> None:
        super().__init__(200, headers=headers, stream=Body(body))
        self.body = body


def in_memory(handler: Handler) -> httpx2.AsyncClient:
    """A client whose requests end in ``handler``."""

    async def handle(request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        result = handler(request)
        if inspect.isawaitable(result):
            result = await result
        if isinstance(result, bytes):
            return httpx2.Response(200, stream=Body(result))
        if result is None:
            raise httpx2.ReadTimeout("never answers", request=request)
        content = result.body if isinstance(result, Plain) else result.content
        return httpx2.Response(
            result.status_code, headers=dict(result.headers), stream=Body(content)
        )

    return httpx2.AsyncClient(transport=httpx2.MockTransport(handle))


class Loopback:
    """The handler behind a real socket of this machine."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(talk)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        fields = [line.partition(": ") for line in head[1:] if ": " in line]
        headers = [(name, value) for name, _, value in fields]
        length = int({k.lower(): v for k, v in headers}.get("content-length", 0))
        request = httpx2.Request(
            method, self.url + path, headers=headers, content=await reader.readexactly(length)
        )
        result = self._handler(request)
        if inspect.isawaitable(result):
            result = await result
        if result is None:
            await reader.read()
            return False
        if isinstance(result, bytes):
            writer.write(result)
            await writer.drain()
            return False
        content = result.body if isinstance(result, Plain) else result.content
        kept = [(k, v) for k, v in result.headers.items() if k.lower() != "content-length"]
        lines = [f"HTTP/1.1 {result.status_code} X", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in kept]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + content)
        await writer.drain()
        return True


class ShellyDevice:
    """A relay with SHA-256 digest sign-in that counts what it is asked.

    ``nonce`` may be changed, as a reboot does; then the client is challenged once more. ``forgets``
    is the status that a dead nonce is answered with. ``config`` is its set-up.
    """

    def __init__(
        self, *, password: str | None, status: object = None, config: object = None
    ) -> None:
        self.password, self.status, self.nonce = password, status, "n1"
        self.config, self.forgets, self.mac = config, 401, "AABBCCDDEEFF"
        self.commands: list[dict[str, object]] = []
        self.hosts: list[str] = []
        """To which host each command was sent."""
        self.methods: list[str] = []
        self.challenges = 0
        self.requests = 0

    def __call__(self, request: httpx2.Request) -> Answer:
        if request.url.path.endswith("/shelly"):
            return answer({"gen": 2, "mac": self.mac})
        self.requests += 1
        if self.forgets != 401 and self._nonce_of(request) not in {None, self.nonce}:
            return answer({}, self.forgets)
        if self.password is not None and not self._signed(request):
            self.challenges += 1
            return answer(
                {"code": 401, "message": "sign in"},
                401,
                www_authenticate=(
                    f'Digest qop="auth", realm="shelly-1", nonce="{self.nonce}", algorithm=SHA-256'
                ),
            )
        if request.url.path.endswith((".Set",)):
            self.methods.append(request.url.path.rpartition("/")[2])
            self.commands.append(form_of(request))
            self.hosts.append(request.url.host)
            return answer({"was_on": False})
        if request.url.path.endswith("/rpc/Shelly.GetConfig"):
            return answer(self.config)
        return answer(self.status)

    @staticmethod
    def _nonce_of(request: httpx2.Request) -> str | None:
        given = re.search(r'nonce="([^"]*)"', request.headers.get("authorization", ""))
        return None if given is None else given[1]

    def _signed(self, request: httpx2.Request) -> bool:
        words = request.headers.get("authorization", "")
        given = {m[1]: m[2].strip('"') for m in re.finditer(r'(\w+)=("[^"]*"|[^,\s]+)', words)}
        if given.get("nonce") != self.nonce or given.get("algorithm") != "SHA-256":
            return False
        ha1 = _sha256(f"admin:shelly-1:{self.password}")
        ha2 = _sha256(f"{request.method}:{request.url.raw_path.decode()}")
        middle = f"{self.nonce}:{given['nc']}:{given['cnonce']}:auth"
        return given["response"] == _sha256(f"{ha1}:{middle}:{ha2}")


def _sha256(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


class Waits:
    """A sleeper that remembers its waits and does not wait."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)

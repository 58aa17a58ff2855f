"""HTTP connections to many devices, with a pool per host.

The library's pool checks all of its connections before each request; with the devices of a hundred
sites that is most of the cost of polling them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import httpx2
from typing_extensions import override

UNLIMITED = httpx2.Limits(max_connections=None, max_keepalive_connections=4)
"""No limit on connections: a hanging device keeps its own, and commands to others need free
ones.
"""

IDLE_S = 5.0
"""Connections to a host are closed after this time without a request, s."""

Host: TypeAlias = tuple[str, str, int | None]


class _Pool:
    """The connections to one host."""

    def __init__(self, verify: ssl.SSLContext) -> None:
        self.transport = httpx2.AsyncHTTPTransport(verify=verify, limits=UNLIMITED)
        self.requests = 0
        self.used_s = 0.0


class ConnectionsByHost(httpx2.AsyncBaseTransport):
    """A transport with a pool per host; pools of hosts without requests are closed."""

    def __init__(self) -> None:
        self._verify = httpx2.create_ssl_context()
        self._pools: dict[Host, _Pool] = {}

    @property
    def hosts(self) -> int:
        """Number of hosts with a pool."""
        return len(self._pools)

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request through the pool of its host."""
        now_s = asyncio.get_running_loop().time()
        url = request.url
        host = (url.scheme, url.host, url.port)
        # Put at the end: the dict is ordered by last use, so idle pools are at its front.
        pool = self._pools.pop(host, None) or _Pool(self._verify)
        self._pools[host] = pool
        pool.used_s, pool.requests = now_s, pool.requests + 1

        def ended() -> None:
            pool.requests -= 1

        try:
            await self._close_idle(now_s)
            response = await pool.transport.handle_async_request(request)
        except BaseException:
            ended()
            raise
        assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - an async transport's
        return httpx2.Response(
            status_code=response.status_code,
            headers=response.headers,
            stream=_Watched(response.stream, ended),
            extensions=response.extensions,
        )

    @override
    async def aclose(self) -> None:
        """Close all connections."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.transport.aclose()

    async def _close_idle(self, now_s: float) -> None:
        idle = []
        for host, pool in self._pools.items():
            if now_s - pool.used_s < IDLE_S:
                break
            if pool.requests == 0:
                idle.append(host)
        for pool in [self._pools.pop(host) for host in idle]:
            await pool.transport.aclose()


class _Watched(httpx2.AsyncByteStream):
    """A response body that calls ``ended`` once when it is closed."""

    def __init__(self, body: httpx2.AsyncByteStream, ended: Callable[[], None]) -> None:
        self._body, self._ended = body, ended
        self._is_open = True

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            yield piece

    @override
    async def aclose(self) -> None:
        if self._is_open:
            self._is_open = False
            self._ended()
        await self._body.aclose()

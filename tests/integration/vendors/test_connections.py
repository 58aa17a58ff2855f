"""Connections by host, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from integrations import connections
from integrations.connections import ConnectionsByHost
from tests.waiting import HANGS_S, until

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Device:
    """Answers every request, and counts its connections."""

    def __init__(self) -> None:
        self.opened = self.closed = 0
        self.silent = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                if not self.silent:
                    writer.write(ANSWER)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed += 1
        finally:
            writer.close()


@asynccontextmanager
async def running(device: Device) -> AsyncIterator[str]:
    server = await asyncio.start_server(device.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"http://127.0.0.1:{port}/"


async def eventually_closed(device: Device, count: int) -> None:
    await until(lambda: device.closed == count)


async def test_each_host_keeps_a_connection_until_it_is_asked_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "IDLE_S", HANGS_S)
    first, second = Device(), Device()
    transport = ConnectionsByHost()
    async with (
        running(first) as one,
        running(second) as other,
        httpx2.AsyncClient(mounts={"all://": transport}) as http,
    ):
        for url in (one, other, one):
            assert (await http.get(url)).text == "ok"
        assert (first.opened, second.opened, transport.hosts) == (1, 1, 2)
        monkeypatch.setattr(connections, "IDLE_S", 0.0)
        assert (await http.get(other)).text == "ok"
        assert transport.hosts == 1
        await eventually_closed(first, 1)
        assert (await http.get(one)).text == "ok"
    assert (first.opened, transport.hosts) == (2, 0)
    await eventually_closed(second, 1)


async def test_a_host_that_is_being_asked_keeps_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "IDLE_S", 0.0)
    slow, quick = Device(), Device()
    transport = ConnectionsByHost()
    async with (
        running(slow) as one,
        running(quick) as other,
        httpx2.AsyncClient(mounts={"all://": transport}) as http,
    ):
        async with http.stream("GET", one) as answer:
            assert (await http.get(other)).text == "ok"
            assert await answer.aread() == b"ok"
        slow.silent = True
        with pytest.raises(httpx2.ReadTimeout):
            await http.get(one, timeout=0.1)
        assert (await http.get(other)).text == "ok"
        assert transport.hosts == 1

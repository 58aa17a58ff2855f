"""Servers that are silent, drip or cut the line, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from integrations.messages.guard import system_resolve
from integrations.shelly.client import ShellyClient
from integrations.solark.client import SolArkAccount, SolArkClient
from integrations.vendor_calls import Backoff
from integrations.victron.client import VrmClient
from services.errors import VendorError
from tests.fakes.vendor_http import Loopback, Script, ShellyDevice, Waits

ONCE = Backoff(tries=1)
Reading = Callable[..., Awaitable[object]]


def vrm(http: httpx2.AsyncClient, url: str, wait_s: float = 0.2) -> Awaitable[object]:
    client = VrmClient(http=http, token="t", base_url=url, timeout_s=wait_s, backoff=ONCE)
    return client.user_id()


def solark(http: httpx2.AsyncClient, url: str, wait_s: float = 0.2) -> Awaitable[object]:
    account = SolArkAccount(username="u", password="p", base_url=url)
    return SolArkClient(http=http, account=account, timeout_s=wait_s, backoff=ONCE).realtime(1)


def shelly(http: httpx2.AsyncClient, url: str, wait_s: float = 0.2) -> Awaitable[object]:
    return ShellyClient(http=http, base_url=url, timeout_s=wait_s, backoff=ONCE).status()


@pytest.mark.parametrize("reading", [vrm, solark, shelly])
@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        pytest.param(None, "no answer within 0.2 s", id="silent"),
        pytest.param(b"\x16\x03\x01 what?\r\n\r\n", "broken exchange", id="no HTTP"),
        pytest.param(b"", "broken exchange", id="cut at once"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", "broken exchange", id="cut short"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{", "without JSON", id="half"),
    ],
)
async def test_slow_and_broken(reading: Reading, sent: bytes | None, detail: str) -> None:
    async with Loopback(Script([sent])) as server, httpx2.AsyncClient() as http:
        with pytest.raises(VendorError, match=detail) as caught:
            await reading(http, server.url, 0.2 if sent is None else 20.0)
    assert caught.value.retry


async def test_a_body_that_drips_is_given_up() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except (ConnectionError, asyncio.CancelledError):
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, httpx2.AsyncClient() as http:
        with pytest.raises(VendorError, match=r"no answer within 0\.2 s"):
            await vrm(http, url)


async def test_nobody_listens() -> None:
    async with Loopback(Script([None])) as server:
        url = server.url
    async with httpx2.AsyncClient() as http:
        with pytest.raises(VendorError, match="cannot connect"):
            await shelly(http, url)


async def test_one_connection_and_one_challenge_for_many_calls() -> None:
    device = ShellyDevice(password="secret", status={"sys": {}, "switch:0": {"output": True}})
    async with Loopback(device) as server, httpx2.AsyncClient() as http:
        client = ShellyClient(http=http, base_url=server.url, password="secret", sleep=Waits())
        for _ in range(5):
            await client.status()
        assert (server.connections, device.challenges, device.requests) == (1, 1, 6)


async def test_the_machines_resolver_knows_this_machine() -> None:
    assert await system_resolve("127.0.0.1") == ["127.0.0.1"]

"""Is the model's server there? Asked of a real one on loopback."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from commandcenter.wiring.model_check import model_check
from services.views.records import CheckAnswer
from tests.fakes.model_server import ModelServer, crew_script


async def ask(model: str | None, base_url: str | None, *, ready: bool = True) -> CheckAnswer:
    async with httpx2.AsyncClient() as http:
        return await model_check(model=model, base_url=base_url, ready=lambda: ready, http=http)()


@pytest.mark.parametrize(
    ("model", "ready", "detail"),
    [
        pytest.param(None, True, "built-in model, ready", id="built-in"),
        pytest.param(None, False, "built-in model, loading", id="loading"),
        pytest.param("openai/x", True, "openai/x, ready", id="a provider's cloud is not asked"),
    ],
)
async def test_without_a_server_of_ones_own_nobody_is_asked(
    model: str | None, ready: bool, detail: str
) -> None:
    assert await ask(model, None, ready=ready) == {"ok": True, "detail": detail}


async def test_a_server_that_answers_is_there() -> None:
    async with ModelServer(script=crew_script("")).running() as server:
        found = await ask("openai/x", server.base_url)
        assert server.requests == []
    assert found == {"ok": True, "detail": "openai/x, ready"}


async def test_a_server_that_is_gone_degrades_and_says_what_to_do() -> None:
    async with ModelServer(script=crew_script("")).running() as server:
        base_url = server.base_url
    found = await ask("openai/x", base_url)
    assert (found["ok"], found["status"]) == (False, "degraded")
    assert base_url in found["detail"]
    assert "LLM_BASE_URL" in found["advice"]


async def test_a_server_in_trouble_is_not_there() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = await ask("openai/x", f"http://127.0.0.1:{port}/v1")
    assert found["detail"].endswith("answers HTTP 503")

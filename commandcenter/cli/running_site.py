"""The running program's API, as the commands use it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import httpx2

from commandcenter.running_server import RunningServer, read_running_server
from commandcenter.settings import Settings
from services.errors import (
    CommandCenterError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
)
from services.stored import Json

CONNECT_S = 1.0
ANSWER_S = 30.0
SILENCE_S = 120.0
"""A run's stream has a heartbeat every 15 s: after this long without one the server hangs."""


class RunningSite:
    """The API of one running server, called with the owner's token."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        """``http`` knows the address and the token."""
        self._http = http

    async def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """One call.

        Raises:
            CommandCenterError: What the server refused, as the service behind it would have.
        """
        try:
            answer = await self._http.request(method, path, json=body)
        except httpx2.HTTPError as error:
            raise _away(error) from None
        if not answer.is_success:
            raise _refusal(answer)
        return cast(Json, answer.json())

    async def events(self, run_id: str) -> AsyncIterator[tuple[str, Json]]:
        """A run's events as (name, data), up to the last one."""
        name, path = "", f"/api/runs/{run_id}/events"
        try:
            async with self._http.stream("GET", path, timeout=SILENCE_S) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise _refusal(answer)
                async for line in answer.aiter_lines():
                    key, _, value = line.partition(":")
                    if key == "event":
                        name = value.strip()
                    elif key == "data":
                        yield name, json.loads(value)
        except httpx2.HTTPError as error:
            raise _away(error) from None


@asynccontextmanager
async def running_site(settings: Settings) -> AsyncIterator[RunningSite | None]:
    """The running program of this data folder; None where none answers."""
    server = read_running_server(settings.home)
    if server is None:
        yield None
        return
    async with _client(server) as http:
        yield RunningSite(http) if await _is_ours(http) else None


def _client(server: RunningServer) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=server.url,
        headers={"Authorization": f"Bearer {server.token}"},
        timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S),
        trust_env=False,
    )


async def _is_ours(http: httpx2.AsyncClient) -> bool:
    try:
        return (await http.get("/api/auth/session", timeout=CONNECT_S * 3)).is_success
    except httpx2.HTTPError:
        return False


def _away(error: Exception) -> Unavailable:
    return Unavailable(
        what="The running program",
        detail=str(error) or type(error).__name__,
        advice="See its log, or stop it and repeat the command.",
    )


def _refusal(answer: httpx2.Response) -> CommandCenterError:
    """The error that a problem document stands for."""
    problem = _problem(answer)
    detail = str(problem.get("detail", f"HTTP {answer.status_code}"))
    match answer.status_code:
        case 400 | 422:
            errors = problem.get("errors") or [{"path": "", "message": detail}]
            return Invalid([(mistake["path"], mistake["message"]) for mistake in errors])
        case 403:
            return Forbidden(action="this command", needs=f"more than it may: {detail}")
        case 404 if "kind" in problem and "key" in problem:
            return NotFound(kind=str(problem["kind"]), key=str(problem["key"]))
        case 404 | 409 | 412:
            return Conflict(detail)
        case _:
            return _away(RuntimeError(detail))


def _problem(answer: httpx2.Response) -> Json:
    try:
        answered = answer.json()
    except ValueError:
        return {}
    return answered if isinstance(answered, dict) else {}

"""Answers common to all simulated vendors, and the faults that replace them."""

from __future__ import annotations

import asyncio
import gzip
import math
import time
from email.utils import formatdate
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from simulator.vendors.faults import FaultKind, Faults

_HANG_S = 60.0
_ASKED_S = 5.0
_BOMB_BYTES = 48_000_000


class DroppedConnection(Response):
    """Breaks the connection off: it promises a body and ends before giving it."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head only; the server then closes the connection."""
        head = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": head})


class Gate:
    """Passes a request to a vendor, or answers with the active fault."""

    def __init__(self, *, faults: Faults, stopping: asyncio.Event) -> None:
        """``stopping`` ends waiting requests when the server stops."""
        self._faults, self._stopping = faults, stopping

    async def fault(self, target: str) -> Response | None:
        """The answer in place of the real one, None when nothing is wrong."""
        faults = self._faults
        if (hang := faults.of(target, FaultKind.TIMEOUT)) is not None:
            await self._wait(hang.seconds(default=_HANG_S))
            return DroppedConnection()
        if faults.has(target, FaultKind.OFFLINE):
            return DroppedConnection()
        if faults.has(target, FaultKind.HTTP_500):
            return PlainTextResponse("Internal Server Error", status_code=500)
        if faults.has(target, FaultKind.GARBAGE):
            return Response(b'{"code":0,"data":{"pvPower":\xff', media_type="application/json")
        if faults.has(target, FaultKind.BOMB):
            headers = {"Content-Encoding": "gzip"}
            return Response(_bomb(), media_type="application/json", headers=headers)
        return None

    def retry_after(self, target: str) -> dict[str, str]:
        """The ``Retry-After`` header of a rate limit: seconds, or the HTTP date when they end."""
        fault = self._faults.of(target, FaultKind.RATE_LIMIT)
        if fault is not None and fault.value == "date":
            return {"Retry-After": formatdate(_wall_s() + _ASKED_S, usegmt=True)}
        wait_s = _ASKED_S if fault is None else fault.seconds(default=_ASKED_S)
        return {"Retry-After": str(math.ceil(wait_s))}

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


@cache
def _bomb() -> bytes:
    """An empty JSON list of 48 MB, compressed to about 48 kB."""
    return gzip.compress(b"[" + b" " * _BOMB_BYTES + b"]", compresslevel=9)


def _wall_s() -> float:
    return time.clock_gettime(time.CLOCK_REALTIME)


async def json_body(request: Request) -> dict[str, Any]:
    """The request's JSON object; an empty one where there is none."""
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def json_answer(
    body: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> JSONResponse:
    """A JSON response."""
    return JSONResponse(body, status_code=status, headers=headers)

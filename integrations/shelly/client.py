"""Local RPC of one Shelly: POST per method, SHA-256 digest sign-in, one call at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx2
from pydantic import ValidationError

from integrations.calling import (
    Backoff,
    Call,
    Sleep,
    check_status,
    exchange,
    json_of,
    retry_after_s,
    understood,
    with_retries,
)
from integrations.shelly.payloads import DeviceInfo, Frame, RpcError, StatusPayload, result_of
from services.errors import VendorError

VENDOR = "Shelly"
USER = "admin"
_UNAUTHORIZED = 401
_NOT_FOUND = 404
_TOO_MANY = 429
_RPC_UNAVAILABLE = -114
_RPC_TIMEOUT = -104
_TRANSIENT = frozenset({_TOO_MANY, 500, 503, _RPC_UNAVAILABLE, _RPC_TIMEOUT})


class ShellyClient:
    """Speaks to one device.

    The sign-in's challenge is kept and reused: newer firmware answers 429 to a client that lets
    itself be challenged on each call. Calls go one after another, since the device counts them.
    """

    def __init__(
        self,
        *,
        http: httpx2.AsyncClient,
        base_url: str,
        password: str | None = None,
        timeout_s: float = 5.0,
        backoff: Backoff | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """``base_url`` is the device's address without ``/rpc``; no password means no sign-in."""
        self._http, self._base_url, self._timeout_s = http, base_url.rstrip("/"), timeout_s
        self._auth = httpx2.DigestAuth(USER, password) if password else None
        self._secrets = (password,) if password else ()
        self._backoff = Backoff(first_s=1.0) if backoff is None else backoff
        self._sleep, self._turn = sleep, asyncio.Lock()

    def call(self, name: str) -> Call:
        """The description of one call for errors."""
        return Call(vendor=VENDOR, name=name, secrets=self._secrets)

    async def status(self) -> StatusPayload:
        """All components and the device's clock.

        Raises:
            VendorError: Unreachable, refused, busy, first generation, not understood.
        """
        call = self.call("Shelly.GetStatus")
        return understood(StatusPayload, await self._rpc("Shelly.GetStatus", {}, call), call)

    async def set_switch(self, channel: int, *, on: bool, toggle_after_s: float | None) -> None:
        """Switch one channel; with ``toggle_after_s`` it switches back by itself after that time.

        Raises:
            VendorError: As ``status``. Sending it twice does no harm, so that it is retried.
        """
        arguments: dict[str, object] = {"id": channel, "on": on}
        if toggle_after_s is not None:
            arguments["toggle_after"] = toggle_after_s
        await self._rpc("Switch.Set", arguments, self.call("Switch.Set"))

    async def _rpc(self, method: str, arguments: Mapping[str, object], call: Call) -> object:
        async def attempt() -> object:
            async with self._turn:
                response = await exchange(
                    self._http,
                    "POST",
                    f"{self._base_url}/rpc/{method}",
                    call=call,
                    timeout_s=self._timeout_s,
                    json=dict(arguments),
                    auth=self._auth,
                )
            if response.status_code == _NOT_FOUND:
                raise await self._not_found(call)
            return _answer(response, call)

        return await with_retries(attempt, backoff=self._backoff, sleep=self._sleep)

    async def _not_found(self, call: Call) -> VendorError:
        """Why the device does not know the method: ``/shelly`` tells its generation, unsigned."""
        try:
            response = await exchange(
                self._http,
                "GET",
                f"{self._base_url}/shelly",
                call=call,
                timeout_s=self._timeout_s,
            )
            info = understood(DeviceInfo, json_of(response, call), call)
        except VendorError:
            info = DeviceInfo()
        if info.gen is None and info.type is not None:
            return call.failed(
                f"{info.type} is a first-generation device, which has no RPC; "
                "use one of the second generation or later",
                retry=False,
            )
        return call.failed("HTTP 404: the device does not know this method", retry=False)


def _answer(response: httpx2.Response, call: Call) -> object:
    """The result of an RPC, whether it came plain or in a frame, and whatever the HTTP status."""
    failure = _failure(response) if response.status_code != _UNAUTHORIZED else None
    if failure is None:
        check_status(response, call)
        return result_of(json_of(response, call))
    code = 0 if failure.code is None else int(failure.code)
    raise call.failed(
        f"error {code}: {failure.message or 'no message'}",
        retry=code in _TRANSIENT,
        retry_after_s=retry_after_s(response),
    )


def _failure(response: httpx2.Response) -> RpcError | None:
    try:
        return Frame.model_validate(response.json()).failure()
    except (ValueError, ValidationError, RecursionError):
        return None

"""HTTP of Victron's VRM API (v2) with a personal access token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx2
from pydantic import ValidationError

from integrations.calling import (
    Backoff,
    Call,
    Sleep,
    check_status,
    exchange,
    json_of,
    understood,
    with_retries,
)
from integrations.rate import RateWindow
from integrations.victron.payloads import (
    Attribute,
    Envelope,
    Installations,
    Me,
    Series,
    series,
)

VENDOR = "Victron VRM"
BASE_URL = "https://vrmapi.victronenergy.com/v2"
WINDOW_REQUESTS = 200
WINDOW_REFILL_S = 0.33


class VrmClient:
    """Reads one account. VRM frees a request every 0.33 s in a window of 200; more gets a 429."""

    def __init__(
        self,
        *,
        http: httpx2.AsyncClient,
        token: str,
        base_url: str = BASE_URL,
        timeout_s: float = 10.0,
        backoff: Backoff | None = None,
        window: RateWindow | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """``token`` is a personal access token (VRM > Preferences > Integrations)."""
        self._http, self._token, self._sleep = http, token, sleep
        self._base_url, self._timeout_s = base_url.rstrip("/"), timeout_s
        self._backoff = Backoff() if backoff is None else backoff
        self._window = window or RateWindow(capacity=WINDOW_REQUESTS, refill_s=WINDOW_REFILL_S)
        self._user_id: int | None = None

    def call(self, name: str) -> Call:
        """The description of one call for errors."""
        return Call(vendor=VENDOR, name=name, secrets=(self._token,))

    async def user_id(self) -> int:
        """Whose token it is; asked once.

        Raises:
            VendorError: Unreachable, refused, not understood.
        """
        if self._user_id is None:
            call = self.call("users/me")
            self._user_id = understood(Me, await self._get("users/me", {}, call), call).user.id
        return self._user_id

    async def attributes(self, site_id: int) -> Sequence[Attribute]:
        """All live values of one installation, in one request.

        Raises:
            VendorError: As above, or the account sees no such installation (VRM says ``success``
                with an empty list then).
        """
        call = self.call(f"installation {site_id}")
        path = f"users/{await self.user_id()}/installations"
        answer = await self._get(path, {"extended": 1, "idSite": site_id}, call)
        for installation in understood(Installations, answer, call).records:
            if installation.id_site == site_id:
                return installation.extended
        raise call.failed("this token sees no such installation; check the site id", retry=False)

    async def stats(
        self,
        site_id: int,
        *,
        codes: Sequence[str],
        start: datetime,
        end: datetime,
        interval: str = "15mins",
    ) -> Series:
        """Recorded series by code over [start, end); at most 31 days at ``15mins`` and ``hours``.

        Raises:
            VendorError: Unreachable, refused, not understood.
        """
        query = {
            "type": "custom",
            "interval": interval,
            "start": int(start.timestamp()),
            "end": int(end.timestamp()),
            "attributeCodes[]": list(codes),
        }
        path = f"installations/{site_id}/stats"
        return series(await self._get(path, query, self.call(f"stats {site_id}")))

    async def _get(self, path: str, query: Mapping[str, Any], call: Call) -> object:
        async def attempt() -> object:
            wait_s = self._window.take()
            if wait_s > 0:
                await self._sleep(wait_s)
            response = await exchange(
                self._http,
                "GET",
                f"{self._base_url}/{path}",
                call=call,
                timeout_s=self._timeout_s,
                params=dict(query),
                headers={"X-Authorization": f"Token {self._token}"},
            )
            check_status(response, call, said=_said(response))
            return _succeeded(json_of(response, call), call)

        return await with_retries(attempt, backoff=self._backoff, sleep=self._sleep)


def _said(response: httpx2.Response) -> str | None:
    """The error that VRM wrote into an answer that may be anything."""
    try:
        return Envelope.model_validate(response.json()).said()
    except (ValueError, ValidationError, RecursionError):
        return None


def _succeeded(answer: object, call: Call) -> object:
    """``answer``, unless it says itself that it failed: HTTP 200 alone is no success."""
    envelope = understood(Envelope, answer, call)
    if envelope.success is not True:
        raise call.failed(envelope.said() or "answered without success", retry=False)
    return answer

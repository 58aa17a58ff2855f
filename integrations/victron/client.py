"""HTTP of Victron's VRM API (v2) with a personal access token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx2

from integrations.rate import RateWindow
from integrations.vendor_calls import (
    Backoff,
    Call,
    Sleep,
    check_status,
    exchange,
    json_of,
    lenient,
    understood,
    with_retries,
)
from integrations.victron.payloads import (
    Attribute,
    Diagnostics,
    Installations,
    Me,
    SeriesPayload,
    VrmEnvelope,
    series,
)

VENDOR = "Victron VRM"
BASE_URL = "https://vrmapi.victronenergy.com/v2"
DIAGNOSTICS_ROWS = 1_000
DIAGNOSTICS_PAGES = 5
"""Pages to read at most. The service gives 100 rows by default; a large site has about 2 000."""

WINDOW_REQUESTS = 200
WINDOW_REFILL_S = 0.33


class VrmClient:
    """Client of one account. VRM allows 200 requests at once and one more every 0.33 s, else
    429.
    """

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
        """Id of the token's user; requested once.

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
            VendorError: As above, or the account has no such installation (VRM then answers
                ``success`` with an empty list).
        """
        call = self.call(f"installation {site_id}")
        path = f"users/{await self.user_id()}/installations"
        answer = await self._get(path, {"extended": 1, "idSite": site_id}, call)
        for installation in understood(Installations, answer, call).records:
            if installation.id_site == site_id:
                return installation.extended
        raise call.failed("this token sees no such installation; check the site id", retry=False)

    async def diagnostics(self, site_id: int) -> Sequence[Attribute]:
        """All values of all devices of one installation, each with its device's instance.

        Raises:
            VendorError: As above.
        """
        call = self.call(f"diagnostics {site_id}")
        attributes: list[Attribute] = []
        for page in range(1, DIAGNOSTICS_PAGES + 1):
            query = {"count": DIAGNOSTICS_ROWS, "page": page}
            answer = await self._get(f"installations/{site_id}/diagnostics", query, call)
            rows = understood(Diagnostics, answer, call).records
            attributes += rows
            if len(rows) < DIAGNOSTICS_ROWS:
                break
        return attributes

    async def stats(
        self,
        site_id: int,
        *,
        codes: Sequence[str],
        start: datetime,
        end: datetime,
        interval: str = "15mins",
    ) -> SeriesPayload:
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
            answer = await exchange(
                self._http,
                "GET",
                f"{self._base_url}/{path}",
                call=call,
                timeout_s=self._timeout_s,
                params=dict(query),
                headers={"X-Authorization": f"Token {self._token}"},
            )
            check_status(answer, call, error_text=lenient(VrmEnvelope, answer).error_text())
            return _succeeded(json_of(answer, call), call)

        return await with_retries(attempt, backoff=self._backoff, sleep=self._sleep)


def _succeeded(answer: object, call: Call) -> object:
    """``answer``, unless it says itself that it failed: HTTP 200 alone is no success."""
    envelope = understood(VrmEnvelope, answer, call)
    if envelope.success is not True:
        raise call.failed(envelope.error_text() or "answered without success", retry=False)
    return answer

"""HTTP of SolArk's cloud: sign-in, sessions that end early, errors inside HTTP 200."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import httpx2

from integrations.answers import HttpAnswer
from integrations.solark.payloads import (
    BatteryDetail,
    Day,
    FlowPayload,
    InverterPayload,
    Inverters,
    Realtime,
    SolArkEnvelope,
    Token,
)
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
from services.errors import VendorError

VENDOR = "SolArk cloud"
BASE_URL = "https://p2.api.solarkcloud.com"
PORTAL_URL = "https://www.solarkcloud.com"
CLIENT_ID = "csp-web"
_UNAUTHORIZED = 401
_SIGNED_OUT = 102
_TOO_MANY = 429
_SERVER_FAULT = 500
_UNTOLD_SESSION_S = 600.0
_RENEW_BEFORE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SolArkAccount:
    """Credentials and addresses; configurable, because the platform has moved its host twice.

    ``portal_url`` is the web portal, which the API requires as the origin of requests.
    """

    username: str
    password: str = field(repr=False)
    base_url: str = BASE_URL
    portal_url: str = PORTAL_URL


class SignedOut(VendorError):
    """The session has ended on the platform's side."""


class SolArkClient:
    """Client of one account. Sign-in is in ``_sign_in`` alone, because the platform changes it."""

    def __init__(
        self,
        *,
        http: httpx2.AsyncClient,
        account: SolArkAccount,
        timeout_s: float = 15.0,
        backoff: Backoff | None = None,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Signs in at the first call, not here."""
        self._http, self._account = http, account
        self._timeout_s, self._sleep, self._monotonic = timeout_s, sleep, monotonic
        self._backoff = Backoff() if backoff is None else backoff
        self._token: Token | None = None
        self._renew_at = -math.inf
        self._signing_in = asyncio.Lock()

    def call(self, name: str) -> Call:
        """The description of one call for errors."""
        token = self._token
        tokens = () if token is None else (token.access_token, token.refresh_token or "")
        return Call(vendor=VENDOR, name=name, secrets=(self._account.password, *tokens))

    async def realtime(self, plant_id: int) -> Realtime:
        """The plant's totals with the time of the last report.

        Raises:
            VendorError: Unreachable, refused, not understood.
        """
        path, query = f"api/v1/plant/{plant_id}/realtime", {"id": str(plant_id)}
        call = self.call("plant realtime")
        return understood(Realtime, await self._get(path, query, call), call)

    async def flow(self, plant_id: int, *, on: date) -> FlowPayload:
        """The live flow; ``on`` is the plant's local day.

        Raises:
            VendorError: As above.
        """
        path = f"api/v1/plant/energy/{plant_id}/flow"
        call = self.call("plant flow")
        return understood(FlowPayload, await self._get(path, {"date": on.isoformat()}, call), call)

    async def day(self, plant_id: int, *, on: date) -> Day:
        """The curves of one local day, every five minutes.

        Raises:
            VendorError: As above.
        """
        path = f"api/v1/plant/energy/{plant_id}/day"
        call = self.call("plant day")
        query = {"date": on.isoformat(), "id": str(plant_id), "lan": "en"}
        return understood(Day, await self._get(path, query, call), call)

    async def battery(self, serial: str) -> BatteryDetail:
        """The battery as the inverter with this serial number sees it.

        Raises:
            VendorError: As above.
        """
        path = f"api/v1/inverter/battery/{serial}/realtime"
        call = self.call("inverter battery")
        query = {"sn": serial, "lan": "en"}
        return understood(BatteryDetail, await self._get(path, query, call), call)

    async def inverters(self, plant_id: int) -> list[InverterPayload]:
        """The plant's inverters, each with when it last reported.

        Raises:
            VendorError: As above.
        """
        path = f"api/v1/plant/{plant_id}/inverters"
        call = self.call("plant inverters")
        query = {"page": "1", "limit": "50", "stationId": str(plant_id), "status": "-1"}
        return understood(Inverters, await self._get(path, query, call), call).infos

    async def _get(self, path: str, query: Mapping[str, str], call: Call) -> object:
        async def attempt() -> object:
            for give_up in (self._expire, self._forget):
                token = await self._session()
                try:
                    return await self._data("GET", path, call, token=token, params=query)
                except SignedOut:
                    give_up(token)
            token = await self._session()
            return await self._data("GET", path, call, token=token, params=query)

        return await with_retries(attempt, backoff=self._backoff, sleep=self._sleep)

    async def _session(self) -> Token:
        """A valid session; concurrent callers share one sign-in."""
        async with self._signing_in:
            token = self._token
            if token is not None and self._monotonic() < self._renew_at:
                return token
            self._token = await self._renewed(token)
            lasts_s = self._token.expires_in
            lasts_s = _UNTOLD_SESSION_S if lasts_s is None else lasts_s
            self._renew_at = self._monotonic() + lasts_s - min(_RENEW_BEFORE_S, lasts_s / 2)
            return self._token

    def _expire(self, token: Token) -> None:
        """Make the next caller renew the session, unless another already has."""
        if self._token is token:
            self._renew_at = -math.inf

    def _forget(self, token: Token) -> None:
        """Make the next caller sign in by password, because the renewed session was refused too."""
        if self._token is token:
            self._token = None

    async def _renewed(self, token: Token | None) -> Token:
        """A new session by the refresh token where there is one, else by the password."""
        if token is not None and token.refresh_token is not None:
            try:
                return await self._sign_in(
                    {"grant_type": "refresh_token", "refresh_token": token.refresh_token}
                )
            except VendorError as error:
                if error.retry:
                    raise
        password = {"username": self._account.username, "password": self._account.password}
        return await self._sign_in({"grant_type": "password", **password})

    async def _sign_in(self, grant: Mapping[str, str]) -> Token:
        call = self.call("sign-in")
        body = {**grant, "client_id": CLIENT_ID}
        try:
            return understood(Token, await self._data("POST", "oauth/token", call, json=body), call)
        except SignedOut as error:
            raise call.failed(
                f"{error.detail}: refused, check user name and password", retry=False
            ) from None

    async def _data(
        self, method: str, path: str, call: Call, *, token: Token | None = None, **options: object
    ) -> object:
        """One exchange; the ``data`` of a successful answer."""
        portal = self._account.portal_url.rstrip("/")
        headers = {"Origin": portal, "Referer": f"{portal}/"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.access_token}"
        answer = await exchange(
            self._http,
            method,
            f"{self._account.base_url.rstrip('/')}/{path}",
            call=call,
            timeout_s=self._timeout_s,
            headers=headers,
            **options,
        )
        envelope = lenient(SolArkEnvelope, answer)
        if answer.status == _UNAUTHORIZED or envelope.code == _SIGNED_OUT:
            raise _signed_out(call, answer, envelope)
        check_status(answer, call, error_text=envelope.msg)
        json_of(answer, call)
        if envelope.code != 0:
            raise call.failed(
                envelope.error_text(),
                retry=_transient(envelope.code),
                retry_after_s=answer.retry_after_s(),
            )
        return envelope.data


def _transient(code: float | None) -> bool:
    return code is None or code == _TOO_MANY or code >= _SERVER_FAULT


def _signed_out(call: Call, answer: HttpAnswer, envelope: SolArkEnvelope) -> SignedOut:
    words = call.failed(f"HTTP {answer.status}, {envelope.error_text()}", retry=False).detail
    return SignedOut(vendor=call.vendor, call=call.name, detail=words, retry=False)

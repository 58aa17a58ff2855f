"""Local RPC of one Shelly: POST per method, digest sign-in, one call at a time, one identity."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import httpx2

from integrations.answers import HttpAnswer
from integrations.shelly.digest import Challenge, OddChallenge, challenge_of
from integrations.shelly.payloads import (
    ConfigPayload,
    DeviceInfo,
    Frame,
    StatusPayload,
    result_of,
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
    usable,
    with_retries,
)
from services.errors import VendorError

VENDOR = "Shelly"
USER = "admin"
IDENTITY_HOLDS_S = 5.0
"""An identity check is valid for this time, s."""

PATIENCE = Backoff(first_s=1.0, longest_s=2.0)
"""A device that asks for more time than this is not called again here: a command is given up after
10 s, and what it asked for would be lost with it."""

_UNAUTHORIZED = 401
_NOT_FOUND = 404
_TOO_MANY = 429
_RPC_UNAVAILABLE = -114
_RPC_TIMEOUT = -104
_TRANSIENT = frozenset({_TOO_MANY, 500, 503, _RPC_UNAVAILABLE, _RPC_TIMEOUT})


class ShellyClient:
    """Client of one device.

    The digest challenge is kept and reused, because newer firmware answers 429 to a client that
    needs a new one for each call. Calls are made one after another, because the device limits
    concurrent ones. An address may pass to another device (DHCP): before every command and in every
    status the device's MAC is compared with the configured one, the one given by ``expect``, or
    that of the first contact.
    """

    def __init__(
        self,
        *,
        http: httpx2.AsyncClient,
        base_url: str,
        password: str | None = None,
        mac: str | None = None,
        timeout_s: float = 5.0,
        backoff: Backoff | None = None,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``base_url`` is the device's address without ``/rpc``; no password means no sign-in.

        Without ``mac`` the first device that answers is accepted.
        """
        self._http, self._base_url, self._timeout_s = http, base_url.rstrip("/"), timeout_s
        self._password = password or None
        self._secrets = (password,) if password else ()
        self._backoff = PATIENCE if backoff is None else backoff
        self._sleep, self._turn = sleep, asyncio.Lock()
        self._mac = None if mac is None else _plain(mac)
        self._configured = mac is not None
        self._monotonic, self._seen_s = monotonic, float("-inf")
        self._challenge: Challenge | None = None
        self._lights: frozenset[int] | None = None

    @property
    def mac(self) -> str | None:
        """The device's MAC, upper-case, without separators; None until it is known."""
        return self._mac

    def expect(self, mac: str | None) -> None:
        """Accept only the device with this (stored) MAC, unless one is configured."""
        if mac is None or self._configured or _plain(mac) == self._mac:
            return
        self._mac, self._seen_s = _plain(mac), float("-inf")

    def call(self, name: str) -> Call:
        """The description of one call for errors."""
        return Call(vendor=VENDOR, name=name, secrets=self._secrets)

    async def status(self) -> StatusPayload:
        """All components and the device's clock.

        Raises:
            VendorError: Unreachable, refused, busy, first generation, not understood, or another
                device than before.
        """
        call = self.call("Shelly.GetStatus")
        status = understood(StatusPayload, await self._rpc("Shelly.GetStatus", {}, call), call)
        self._recognise(status.sys.mac, call)
        self._lights = frozenset(status.lights) - frozenset(status.switches)
        return status

    async def config(self) -> ConfigPayload:
        """The set-up of each channel: what it does by itself.

        Raises:
            VendorError: As ``status``.
        """
        call = self.call("Shelly.GetConfig")
        return understood(ConfigPayload, await self._rpc("Shelly.GetConfig", {}, call), call)

    async def set_output(
        self,
        channel: int,
        *,
        on: bool,
        toggle_after_s: float | None = None,
        brightness_pct: int | None = None,
    ) -> None:
        """Switch one channel; with ``toggle_after_s`` it switches back by itself after that time.

        ``brightness_pct`` is sent only to a channel that is a light (a dimmer, a 0–10 V output);
        None keeps the light's brightness.

        Raises:
            VendorError: As ``status``. Sending it twice does no harm, so that it is retried.
        """
        light = channel in await self._known_lights()
        arguments: dict[str, object] = {"id": channel, "on": on}
        if light and brightness_pct is not None:
            arguments["brightness"] = brightness_pct
        if toggle_after_s is not None:
            arguments["toggle_after"] = toggle_after_s
        await self._command("Light.Set" if light else "Switch.Set", arguments)

    async def _known_lights(self) -> frozenset[int]:
        """The channels that are lights. Where the status fails, none is assumed, because nearly all
        channels are relays and a relay must be opened all the same.
        """
        if self._lights is None:
            try:
                await self.status()
            except VendorError as error:
                if not error.retry:
                    raise
        return self._lights or frozenset()

    async def _command(self, method: str, arguments: Mapping[str, object]) -> None:
        await self._identify()
        await self._rpc(method, arguments, self.call(method))

    async def _identify(self) -> None:
        """Check the device's identity, unless it was checked a moment ago.

        Raises:
            VendorError: It is another one, or does not answer.
        """
        if self._monotonic() - self._seen_s < IDENTITY_HOLDS_S:
            return
        call = self.call("identity")

        async def attempt() -> DeviceInfo:
            async with self._turn:
                answer = await self._get_info(call)
            check_status(answer, call)
            return understood(DeviceInfo, json_of(answer, call), call)

        info = await with_retries(attempt, backoff=self._backoff, sleep=self._sleep)
        self._recognise(info.mac, call)

    def _recognise(self, mac: str | None, call: Call) -> None:
        if mac is None and self._mac is not None:
            raise call.failed("it does not say which device it is", retry=True)
        if mac is None:
            return
        if self._mac is not None and _plain(mac) != self._mac:
            raise call.failed(
                f"another device answers at this address: {_plain(mac)} instead of {self._mac}; "
                "nothing is read from it or sent to it",
                retry=False,
            )
        self._mac, self._seen_s = _plain(mac), self._monotonic()

    async def _rpc(self, method: str, arguments: Mapping[str, object], call: Call) -> object:
        async def attempt() -> object:
            async with self._turn:
                answer = await self._signed(method, arguments, call)
            if answer.status == _NOT_FOUND:
                raise await self._not_found(call)
            with usable(call):
                return _result(answer, call)

        return await with_retries(attempt, backoff=self._backoff, sleep=self._sleep)

    async def _signed(self, method: str, arguments: Mapping[str, object], call: Call) -> HttpAnswer:
        """One call, signed with the known challenge, or with a new one where that is refused."""
        known = self._challenge
        answer = await self._post(method, arguments, call, known)
        if answer.status == _TOO_MANY and known is not None:
            # Newer firmware answers 429 to a nonce it has forgotten: the next try gets a new
            # challenge.
            self._challenge = None
        if answer.status != _UNAUTHORIZED or self._password is None:
            return answer
        try:
            self._challenge = challenge_of(answer.headers.get("www-authenticate", ""))
        except OddChallenge as error:
            raise call.failed(f"HTTP {_UNAUTHORIZED}: {error}", retry=False) from None
        answer = await self._post(method, arguments, call, self._challenge)
        if answer.status == _UNAUTHORIZED:
            self._challenge = None
        return answer

    async def _post(
        self, method: str, arguments: Mapping[str, object], call: Call, challenge: Challenge | None
    ) -> HttpAnswer:
        url, headers = f"{self._base_url}/rpc/{method}", {}
        if challenge is not None and self._password is not None:
            target = httpx2.URL(url).raw_path.decode("ascii")
            headers["Authorization"] = challenge.authorization(
                user=USER, password=self._password, method="POST", target=target
            )
        return await exchange(
            self._http,
            "POST",
            url,
            call=call,
            timeout_s=self._timeout_s,
            headers=headers,
            json=dict(arguments),
        )

    async def _get_info(self, call: Call) -> HttpAnswer:
        """``/shelly``, which every generation answers without a sign-in."""
        url = f"{self._base_url}/shelly"
        return await exchange(self._http, "GET", url, call=call, timeout_s=self._timeout_s)

    async def _not_found(self, call: Call) -> VendorError:
        """Why the device does not know the method: ``/shelly`` tells its generation."""
        try:
            info = lenient(DeviceInfo, await self._get_info(call))
        except VendorError:
            info = DeviceInfo()
        if info.gen is None and info.type is not None:
            return call.failed(
                f"{info.type} is a first-generation device, which has no RPC; "
                "use one of the second generation or later",
                retry=False,
            )
        return call.failed("HTTP 404: the device does not know this method", retry=False)


def _result(answer: HttpAnswer, call: Call) -> object:
    """The result of an RPC, whether it came plain or in a frame, and whatever the HTTP status."""
    refused = answer.status == _UNAUTHORIZED
    failure = None if refused else lenient(Frame, answer).failure()
    if failure is None:
        check_status(answer, call)
        return result_of(json_of(answer, call))
    code = 0 if failure.code is None else int(failure.code)
    raise call.failed(
        f"error {code}: {failure.message or 'no message'}",
        retry=code in _TRANSIENT or answer.status == _TOO_MANY,
        retry_after_s=answer.retry_after_s(),
    )


def _plain(mac: str) -> str:
    """A MAC as Shelly writes it: upper-case, without separators."""
    return mac.replace(":", "").replace("-", "").upper()

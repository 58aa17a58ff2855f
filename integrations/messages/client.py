"""Clients that send messages: Apprise in a thread with a deadline, and Twilio's REST API."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import apprise
import httpx2

from integrations.answers import HttpAnswer
from integrations.messages.mapping import (
    LONGEST_SMS,
    TWILIO,
    TwilioTarget,
    refusal,
    retry_after_logs,
    scheme_of,
    twilio_retry,
)
from integrations.messages.payloads import TwilioError, TwilioMessage
from integrations.messages.plugins import PLUGINS
from integrations.vendor_calls import Call, exchange, lenient, redacted
from services.errors import DeliveryError, VendorError

T = TypeVar("T")

TWILIO_BASE_URL = "https://api.twilio.com"
_CREATED = range(200, 300)
_QUIET = logging.CRITICAL + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One machine that a target makes the server connect to."""

    host: str
    port: int | None


class AppriseClient:
    """Sends through the Apprise library, which blocks and limits its rate by sleeping."""

    def __init__(self, *, timeout_s: float = 20.0) -> None:
        """``timeout_s`` bounds one message, wall seconds."""
        self._timeout_s = timeout_s
        self._asset = apprise.AppriseAsset(
            app_id="CommandCenter", app_desc="Energy command center", http_redirects=False
        )

    def open(self, target: str) -> Any:  # noqa: ANN401 - the library's plugins have no common type
        """The library's plugin for ``target``.

        Raises:
            DeliveryError: The library cannot read it.
        """
        log = logging.getLogger("apprise")
        before = log.level
        log.setLevel(_QUIET)  # it would log the target with its secrets
        try:
            kind = PLUGINS[scheme_of(target)]
            return kind(asset=self._asset, **kind.parse_url(target))
        except (TypeError, ValueError, LookupError):  # the library's own error is among them
            raise refusal(target, "the target cannot be read; check its parts") from None
        finally:
            log.setLevel(before)

    async def send(self, target: str, plugin: Any, *, subject: str, body: str) -> None:  # noqa: ANN401 - as above
        """Send one message.

        Raises:
            DeliveryError: Refused, failed, or no answer in time. Then it may have been sent.
        """
        sender = apprise.Apprise(asset=self._asset)
        sender.add(plugin)

        def notify() -> Any:  # noqa: ANN401 - as above
            return sender.notify(body=body, title=subject, timeout=self._timeout_s)

        try:
            async with asyncio.timeout(self._timeout_s + 1.0):
                result = await in_thread(notify)
        except TimeoutError:
            raise self._late(target) from None
        if not result:
            if result.status == apprise.AppriseResultStatus.TIMEOUT:
                raise self._late(target)
            logged = [entry.message for entry in result.logs()]
            words = "; ".join(logged) or "the service did not take it"
            raise refusal(target, words, retry=retry_after_logs(logged))

    def _late(self, target: str) -> DeliveryError:
        return refusal(target, f"no answer within {self._timeout_s:g} s", retry=True)


class TwilioClient:
    """Sends SMS. A message accepted by Twilio is not delivered yet: carriers may still drop it."""

    def __init__(
        self,
        *,
        http: httpx2.AsyncClient,
        base_url: str = TWILIO_BASE_URL,
        timeout_s: float = 15.0,
        validity_s: int = 300,
    ) -> None:
        """A message that a carrier has not taken ``validity_s`` seconds later is dropped."""
        self._http, self._base_url = http, base_url.rstrip("/")
        self._timeout_s, self._validity_s = timeout_s, validity_s

    async def send(self, target: TwilioTarget, *, body: str) -> str | None:
        """Send one SMS and return Twilio's id of it.

        Raises:
            DeliveryError: Refused (not to be retried), or not reached.
        """
        secrets = (target.secret, target.key or "")
        call = Call(vendor="Twilio", name="send", secrets=secrets)
        path = f"2010-04-01/Accounts/{target.account}/Messages.json"
        try:
            answer = await exchange(
                self._http,
                "POST",
                f"{self._base_url}/{path}",
                call=call,
                timeout_s=self._timeout_s,
                data=self._form(target, body),
                auth=httpx2.BasicAuth(target.key or target.account, target.secret),
            )
        except VendorError as error:
            raise DeliveryError(channel=TWILIO, detail=error.detail, retry=error.retry) from None
        return _taken(answer, secrets)

    def _form(self, target: TwilioTarget, body: str) -> dict[str, str]:
        sender = "MessagingServiceSid" if target.sender.startswith("MG") else "From"
        validity_s = self._validity_s if target.validity_s is None else target.validity_s
        return {
            "To": target.to,
            sender: target.sender,
            "Body": body[:LONGEST_SMS],
            "ValidityPeriod": str(validity_s),
        }


def _taken(answer: HttpAnswer, secrets: tuple[str, ...]) -> str | None:
    message, error = lenient(TwilioMessage, answer), lenient(TwilioError, answer)
    status = answer.status
    if status in _CREATED and message.sid is not None and message.error_code is None:
        return message.sid
    code = error.code if message.error_code is None else message.error_code
    known = None if code is None else int(code)
    error_text = message.error_message or error.error_text()
    words = [f"HTTP {status}", f"error {known}" if known is not None else "", error_text or ""]
    raise DeliveryError(
        channel=TWILIO,
        detail=redacted(": ".join(word for word in words if word), secrets),
        retry=twilio_retry(status, known),
    )


async def in_thread(work: Callable[[], T]) -> T:
    """The result of ``work`` in a thread of its own.

    The thread is a daemon, so that a mail server that hangs does not hold up the program's end;
    the sockets' own timeouts end it.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(setter: Callable[[Any], None], value: object) -> None:
        if not done.done():
            setter(value)

    def run() -> None:
        try:
            outcome: tuple[Callable[[Any], None], object] = (done.set_result, work())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            outcome = (done.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop may have ended meanwhile
            loop.call_soon_threadsafe(tell, *outcome)

    threading.Thread(target=run, name="message", daemon=True).start()
    return await done

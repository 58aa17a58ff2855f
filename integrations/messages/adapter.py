"""The messenger: one message to one target, through Apprise or Twilio."""

from __future__ import annotations

from typing import Any

from integrations.messages.client import AppriseClient, Destination, TwilioClient
from integrations.messages.guard import HostGuard
from integrations.messages.mapping import (
    TWILIO,
    check_form,
    refusal,
    scheme_of,
    twilio_target,
)

_CLOUD_SCHEMES = frozenset({"slack", "discord", "tgram", "pover", "pagerduty", "opsgenie"})


class AppriseMessenger:
    """Delivers by mail, webhook, chat service or SMS.

    Implements ``services.alerting.ports.Messenger``.

    The target's scheme chooses the way: ``twilio://`` goes to Twilio's API (message ids, error
    codes, validity), everything else through Apprise.
    """

    def __init__(self, *, sms: TwilioClient, guard: HostGuard, library: AppriseClient) -> None:
        """``guard`` decides which hosts a target may make the server reach."""
        self._sms, self._guard, self._library = sms, guard, library

    async def send(self, *, target: str, subject: str, body: str) -> None:
        """Send one message.

        Raises:
            services.errors.DeliveryError: Not delivered, and whether a retry makes sense. Secrets
                of the target are not in it.
        """
        check_form(target)
        if scheme_of(target) == TWILIO:
            words = f"{subject}\n{body}" if subject else body
            await self._sms.send(twilio_target(target), body=words)
            return
        plugin = self._library.open(target)
        await self._let_through(target, plugin)
        await self._library.send(target, plugin, subject=subject, body=body)

    async def check(self, target: str) -> None:
        """Refuse a target when it is entered, before anything is sent to it.

        Raises:
            services.errors.DeliveryError: Why it cannot be used.
        """
        check_form(target)
        if scheme_of(target) == TWILIO:
            twilio_target(target)
            return
        await self._let_through(target, self._library.open(target))

    async def _let_through(self, target: str, plugin: Any) -> None:  # noqa: ANN401 - of the library
        for place in destinations(scheme_of(target), plugin):
            problem = await self._guard.problem(place.host, place.port)
            if problem is not None:
                detail, retry = problem
                raise refusal(target, detail, retry=retry)


def destinations(scheme: str, plugin: Any) -> list[Destination]:  # noqa: ANN401 - of the library
    """The machines that the library will connect to, taken from the library's own parse of the
    target.

    A parser of our own might read a crafted URL differently and so check another host.
    """
    in_cloud = scheme in _CLOUD_SCHEMES or getattr(plugin, "mode", None) == "cloud"
    if in_cloud:
        return []
    port = plugin.port if isinstance(plugin.port, int) else None
    host = getattr(plugin, "smtp_host", None) or plugin.host
    return [Destination(host=str(host), port=port)]

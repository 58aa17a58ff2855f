"""Recipients, times and texts of messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from energy.safety.validator import within_window
from energy.site.preferences import Preferences
from services.alerting.ports import Messenger
from services.alerting.records import Alert, OutboxMessage, Severity
from services.errors import DeliveryError, Invalid
from services.settings.ports import SettingsStore
from services.stored import Json

_WEBHOOKS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "http", "https"})

SMS_LENGTH = 300
"""Longest text of an SMS: two segments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Senders of mail and SMS from the configuration.

    Attributes:
        mail_url: Apprise URL of the mail server without a recipient, ``mailtos://user:pw@host``.
        sms_url: URL of the SMS sender without a recipient, ``twilio://SID:TOKEN@FROM``.
    """

    mail_url: str | None = field(default=None, repr=False)
    sms_url: str | None = field(default=None, repr=False)

    def written(self, preferences: Preferences) -> tuple[str, ...]:
        """Apprise URLs for long messages: the owner's e-mail and own URLs."""
        mail: tuple[str, ...] = ()
        if self.mail_url is not None and preferences.notify_email is not None:
            joint = "&" if "?" in self.mail_url else "?"
            mail = (f"{self.mail_url}{joint}to={quote(preferences.notify_email, safe='@')}",)
        return (*mail, *preferences.notify_urls)

    def short(self, preferences: Preferences) -> tuple[str, ...]:
        """Apprise URLs for short messages: the owner's phone."""
        if self.sms_url is None or preferences.notify_phone is None:
            return ()
        sender, question, options = self.sms_url.partition("?")
        return (f"{sender.rstrip('/')}/{preferences.notify_phone}{question}{options}",)


class Notifications:
    """Sends the owner test messages."""

    def __init__(self, *, settings: SettingsStore, targets: Targets, messenger: Messenger) -> None:
        self._settings, self._targets, self._messenger = settings, targets, messenger

    async def test(self, system_id: UUID, *, by: str) -> Json:
        """Send a test message to every target now: ``{"targets": [{"target", "ok", "detail"}]}``.

        Raises:
            Invalid: No target is set, or nothing is configured that could reach it.
        """
        preferences = (await self._settings.preferences(system_id)).value
        written = self._targets.written(preferences)
        targets = (*written, *self._targets.short(preferences))
        if not targets:
            advice = "set an e-mail, phone or webhook, and MAIL_URL or SMS_URL in the configuration"
            raise Invalid([("notify_email", f"there is nobody to write to: {advice}")])
        return {"targets": [await self._try(target, by) for target in targets]}

    async def _try(self, target: str, by: str) -> Json:
        shown = without_secrets(target)
        try:
            await self._messenger.send(
                target=target,
                subject="CommandCenter: test message",
                body=f"This is a test, asked for by {by}. Alerts will arrive here.",
            )
        except DeliveryError as error:
            return {"target": shown, "ok": False, "detail": error.detail}
        return {"target": shown, "ok": True, "detail": "sent"}


def without_secrets(target: str) -> str:
    """The target as it may be shown: the scheme, with the recipient of mail and SMS and the host of
    a webhook.

    For other schemes even the host is a secret: ``slack://TokenA/…``, ``tgram://bottoken/…``.
    """
    scheme, _, rest = target.partition("://")
    if scheme.startswith("mailto"):
        recipient = rest.partition("to=")[2].partition("&")[0]
        return f"{scheme}://{recipient or '…'}"
    if scheme == "twilio":
        return f"{scheme}://{rest.partition('?')[0].rpartition('/')[2]}"
    if scheme not in _WEBHOOKS:
        return f"{scheme}://…"
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return f"{scheme}://{host}/…"


def is_wanted(alert: Alert, preferences: Preferences) -> bool:
    """Whether the owner wants messages about this alert at all."""
    if preferences.notify_critical_only and alert.severity is not Severity.CRITICAL:
        return False
    return dict(preferences.notify_categories).get(alert.category, True)


def in_quiet_hours(at: datetime, preferences: Preferences) -> bool:
    """Whether it is quiet time at the site; never without both ends set."""
    start, end = preferences.quiet_hours_start, preferences.quiet_hours_end
    if start is None or end is None or start == end:
        return False
    local = at.astimezone(ZoneInfo(preferences.timezone))
    return within_window(local.hour, start, end)


def last_quiet_span(at: datetime, preferences: Preferences) -> tuple[datetime, datetime] | None:
    """The quiet hours that have ended within the last hour; None when none have."""
    start, end = preferences.quiet_hours_start, preferences.quiet_hours_end
    if start is None or end is None or in_quiet_hours(at, preferences):
        return None
    if not in_quiet_hours(at - timedelta(hours=1), preferences):
        return None
    local = at.astimezone(ZoneInfo(preferences.timezone))
    ended = local.replace(minute=0, second=0, microsecond=0, hour=end)
    length = timedelta(hours=(end - start) % 24)
    return ended - length, ended


def written_text(alerts: Sequence[Alert], *, site: str, verb: str = "") -> tuple[str, str]:
    """Subject and body of one message about one or many alerts, the worst first."""
    ordered = sorted(alerts, key=lambda alert: (_RANK[alert.severity], alert.key))
    prefix = f"{verb}: " if verb else ""
    first = ordered[0]
    if len(ordered) == 1:
        level = "" if verb else f"{first.severity.value.upper()}: "
        return f"[{site}] {prefix}{level}{first.title}", _paragraph(first)
    critical = sum(alert.severity is Severity.CRITICAL for alert in ordered)
    counted = f"{len(ordered)} alerts" + (f", {critical} critical" if critical else "")
    subject = f"[{site}] {prefix}{counted}: {first.title} …"
    return subject, "\n\n".join(
        f"{index}. {alert.severity.value.upper()}: {alert.title}\n{_paragraph(alert)}"
        for index, alert in enumerate(ordered, start=1)
    )


def short_text(alert: Alert, *, site: str) -> str:
    """Text of one SMS: title and detail, then the advice as far as it fits."""
    text = f"{site}: {alert.title}. {alert.detail} {alert.advice}"
    return text if len(text) <= SMS_LENGTH else f"{text[: SMS_LENGTH - 1]}…"


def messages_to(
    targets: Sequence[str],
    alert: Alert,
    *,
    occasion: str,
    subject: str,
    body: str,
    at: datetime,
) -> list[OutboxMessage]:
    """One message per target, about ``alert`` and perhaps others. The same occasion and target give
    the same message, so that a repeated check sends nothing twice.
    """
    messages: list[OutboxMessage] = []
    for target in targets:
        key = f"{alert.system_id}:{occasion}:{uuid5(alert.system_id, target)}"
        messages.append(
            OutboxMessage(
                id=uuid5(alert.system_id, key),
                system_id=alert.system_id,
                alert_id=alert.id,
                dedupe_key=key,
                target=target,
                subject=subject,
                body=body,
                created_at=at,
                next_try_at=at,
            )
        )
    return messages


_RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def _paragraph(alert: Alert) -> str:
    return "\n".join(part for part in (alert.detail, f"What to do: {alert.advice}") if part)

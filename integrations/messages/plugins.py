"""The library's services that targets may use, imported one by one.

The library's own look-up imports all of its 170 services at the first message: more than a second
in which the event loop stands still, and services that run commands or write files.
"""

from __future__ import annotations

import smtplib
import warnings
from types import SimpleNamespace
from typing import Any

with warnings.catch_warnings():
    # A PGP library that mail brings along uses a module that Python has deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from apprise.plugins.custom_form import NotifyForm
    from apprise.plugins.custom_json import NotifyJSON
    from apprise.plugins.custom_xml import NotifyXML
    from apprise.plugins.discord import NotifyDiscord
    from apprise.plugins.email import NotifyEmail
    from apprise.plugins.email import smtp as library_smtp
    from apprise.plugins.ntfy import NotifyNtfy
    from apprise.plugins.opsgenie import NotifyOpsgenie
    from apprise.plugins.pagerduty import NotifyPagerDuty
    from apprise.plugins.pushover import NotifyPushover
    from apprise.plugins.slack import NotifySlack
    from apprise.plugins.telegram import NotifyTelegram

PLUGINS: dict[str, Any] = {
    "mailto": NotifyEmail,
    "mailtos": NotifyEmail,
    "json": NotifyJSON,
    "jsons": NotifyJSON,
    "form": NotifyForm,
    "forms": NotifyForm,
    "xml": NotifyXML,
    "xmls": NotifyXML,
    "slack": NotifySlack,
    "discord": NotifyDiscord,
    "tgram": NotifyTelegram,
    "ntfy": NotifyNtfy,
    "ntfys": NotifyNtfy,
    "pover": NotifyPushover,
    "pagerduty": NotifyPagerDuty,
    "opsgenie": NotifyOpsgenie,
}

GREETING = "[127.0.0.1]"
"""Name for greeting mail servers (EHLO), as Python uses on a machine without a public name."""


def _smtp(host: str, port: int, _name: str | None, **more: Any) -> smtplib.SMTP:
    return smtplib.SMTP(host, port, GREETING, **more)


def _smtp_ssl(host: str, port: int, _name: str | None, **more: Any) -> smtplib.SMTP_SSL:
    return smtplib.SMTP_SSL(host, port, GREETING, **more)


# Otherwise Python would ask the name server for this machine's own name at each greeting.
vars(library_smtp)["smtplib"] = SimpleNamespace(
    SMTP=_smtp, SMTP_SSL=_smtp_ssl, SMTPException=smtplib.SMTPException
)

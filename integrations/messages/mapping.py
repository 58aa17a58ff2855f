"""Message targets as owners enter them, and which failures are worth a retry. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from integrations.vendor_calls import redacted
from services.errors import DeliveryError

TWILIO = "twilio"
SCHEMES = frozenset(
    {
        *("mailto", "mailtos", TWILIO),
        *("json", "jsons", "form", "forms", "xml", "xmls"),
        *("slack", "discord", "tgram", "ntfy", "ntfys", "pover", "pagerduty", "opsgenie"),
    }
)
"""Allowed kinds of targets. All others that the library knows (files, commands, D-Bus, …) are
refused, because the owner enters a target but the server uses it.
"""

FORBIDDEN_OPTIONS = frozenset(
    {"redirect", "pgp", "pgpkey", "template", "attach", "include", "config", "wkd"}
)
"""Options that make the library follow redirects or read files and addresses of the server."""

LONGEST_SMS = 1600
_OPEN_OPTIONS = frozenset({"smtp", "from", "to", "cc", "bcc", "reply", "mode", "validity"})
_HTTP_ERROR = re.compile(r"error=(\d{3})\b")
_PASSING = frozenset({408, 425, 429})
_CLIENT_ERROR, _SERVER_ERROR = 400, 500

# Twilio's error codes of wrong numbers and senders: no later try succeeds.
TWILIO_PERMANENT = frozenset({20003, 21211, 21408, 21610, 21614, 30032, 30034, 30532})
TWILIO_PASSING = frozenset({20429, 21611, 30001})


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioTarget:
    """Who sends to whom. ``sender`` is an E.164 number or a messaging service (``MG…``).

    ``validity_s`` is for how long the message is worth sending, seconds; None takes the default.
    """

    account: str
    secret: str = field(repr=False)
    sender: str
    to: str
    validity_s: int | None = None
    key: str | None = None


def scheme_of(target: str) -> str:
    """The scheme, which names the channel in errors; ``?`` where there is none."""
    scheme, separator, _ = target.strip().partition("://")
    return scheme.lower() if separator and scheme.isascii() and scheme.isalnum() else "?"


def check_form(target: str) -> None:
    """Refuse a target by its scheme and options alone.

    Raises:
        DeliveryError: Not one of ours; never to be retried.
    """
    scheme = scheme_of(target)
    if scheme not in SCHEMES:
        known = ", ".join(sorted(SCHEMES))
        raise refusal(target, f"this kind of target is not supported; use one of: {known}")
    bad = sorted(FORBIDDEN_OPTIONS & set(_options(target)))
    if bad:
        raise refusal(target, f"the option {bad[0]} is not allowed in a target")


def twilio_target(target: str) -> TwilioTarget:
    """``twilio://SID:TOKEN@FROM/TO`` (``?validity=`` seconds; ``?apikey=`` names an API key).

    Raises:
        DeliveryError: Another form, or not exactly one number.
    """
    parts = _split(target)
    to = [_number(piece) for piece in parts.path.split("/") if piece]
    given = parts.username is not None and parts.password is not None and parts.hostname is not None
    if not given or len(to) != 1:
        raise refusal(target, "write twilio://SID:TOKEN@FROM/TO with one number to send to")
    options = _options(target)
    validity = options.get("validity", "")
    sender = parts.netloc.rpartition("@")[2]
    return TwilioTarget(
        account=unquote(parts.username or ""),
        secret=unquote(parts.password or ""),
        sender=sender if sender.startswith("MG") else _number(sender),
        to=to[0],
        validity_s=int(validity) if validity.isdecimal() else None,
        key=options.get("apikey"),
    )


def secrets_of(target: str) -> tuple[str, ...]:
    """Every part of a target that may be a secret: the whole target, password, path, options."""
    try:
        parts = urlsplit(target)
        pieces = [parts.username, parts.password, *parts.path.split("/")]
    except ValueError:
        return (target,)
    pieces += [value for name, value in parse_qsl(parts.query) if name not in _OPEN_OPTIONS]
    long = [piece for piece in pieces if piece is not None and len(piece) > 3]
    return (target, *long, *(unquote(piece) for piece in long))


def refusal(target: str, detail: str, *, retry: bool = False) -> DeliveryError:
    """The error for ``target``, without what is secret in it."""
    return DeliveryError(
        channel=scheme_of(target), detail=redacted(detail, secrets_of(target)), retry=retry
    )


def retry_after_logs(messages: list[str]) -> bool:
    """Whether a later try may succeed, by what the library logged.

    An HTTP 4xx other than 408, 425 and 429 stays wrong; a lost connection or a mail server that is
    busy does not.
    """
    codes = [int(code) for message in messages for code in _HTTP_ERROR.findall(message)]
    return not any(code < _SERVER_ERROR and code not in _PASSING for code in codes)


def twilio_retry(status: int, code: int | None) -> bool:
    """Whether a message that Twilio refused may be taken later."""
    if code in TWILIO_PERMANENT:
        return False
    if code in TWILIO_PASSING:
        return True
    return status in _PASSING or status >= _SERVER_ERROR or status < _CLIENT_ERROR


def _number(text: str) -> str:
    digits = "".join(char for char in unquote(text) if char.isdigit())
    return f"+{digits}"


def _split(target: str) -> SplitResult:
    try:
        return urlsplit(target)
    except ValueError:
        raise refusal(target, "it is not a valid URL") from None


def _options(target: str) -> dict[str, str]:
    try:
        return {name.lower(): value for name, value in parse_qsl(urlsplit(target).query)}
    except ValueError:
        return {}

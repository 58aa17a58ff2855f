"""Alerts and the messages that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Severity(StrEnum):
    """Severity of an alert."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert with one identity (``key``) while its condition lasts; ``cleared_at`` None means it
    still lasts.
    """

    id: UUID
    system_id: UUID
    key: str
    category: str
    severity: Severity
    title: str
    detail: str
    advice: str
    opened_at: datetime
    updated_at: datetime
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One message to one target: tried until it is recorded as sent, or given up with a reason.

    ``target`` is an Apprise URL (``mailto://…``, ``twilio://…``, ``json://…``); ``dedupe_key`` is
    unique.
    """

    id: UUID
    system_id: UUID
    alert_id: UUID | None
    dedupe_key: str
    target: str
    subject: str
    body: str
    created_at: datetime
    next_try_at: datetime
    tries: int = 0
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    last_error: str | None = None

"""Stores of alerts and messages, and the messenger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.alerting.records import Alert, OutboxMessage


class Messenger(Protocol):
    """Delivers one message to one target."""

    async def send(self, *, target: str, subject: str, body: str) -> None:
        """Send, or raise ``services.errors.DeliveryError`` saying whether a retry makes sense."""
        ...


class TargetCheck(Protocol):
    """Knows which targets could be delivered to."""

    async def check(self, target: str) -> None:
        """Send nothing; raise ``services.errors.DeliveryError`` where the target cannot be used.

        Its detail holds no secret of the target.
        """
        ...


class AlertStore(Protocol):
    """Alerts by identity."""

    async def open(self, system_id: UUID) -> Sequence[Alert]: ...
    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[Alert]: ...
    async def count(self, system_id: UUID) -> int:
        """How many alerts are stored: the total of the paginated list."""
        ...

    async def get(self, alert_id: UUID) -> Alert | None: ...
    async def save(self, alert: Alert, *, messages: Sequence[OutboxMessage] = ()) -> None:
        """Insert or update by id, in one transaction with the outbox messages that announce it."""
        ...


class OutboxStore(Protocol):
    """Messages to be delivered; a crash loses none. One that was sent but not recorded is sent
    again.
    """

    async def put(self, messages: Sequence[OutboxMessage]) -> None:
        """Insert; an existing ``dedupe_key`` is ignored."""
        ...

    async def claim(self, *, now: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Due messages, each claimed for this process for 60 s of wall time (SKIP LOCKED)."""
        ...

    async def sent(self, message_id: UUID, *, at: datetime) -> None: ...
    async def retry(self, message_id: UUID, *, error: str, next_try_at: datetime) -> None: ...
    async def give_up(self, message_id: UUID, *, at: datetime, error: str) -> None: ...
    async def pending(self, system_id: UUID) -> int: ...

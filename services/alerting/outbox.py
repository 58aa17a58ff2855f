"""Delivers due messages of the outbox; one that cannot be delivered is given up with a reason."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.alerting.ports import Messenger, OutboxStore
from services.alerting.records import OutboxMessage
from services.clock import Clock
from services.errors import DeliveryError

MAXIMUM_TRIES = 10
"""Tries before a message is given up: with the backoff, about four hours."""

FIRST_BACKOFF_S = 30.0
LONGEST_BACKOFF_S = 6 * 3_600.0
SEND_TIMEOUT_S = 25.0
"""Wall seconds for one try, well below the 60 s for which a message is claimed."""

_AT_ONCE = 4
"""Messages claimed and sent in parallel; few, so that no claim expires before its message is
sent.
"""

_MOST_BATCHES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Result of one run: numbers of messages sent, to be tried again, and given up."""

    sent: int = 0
    retried: int = 0
    given_up: int = 0


class Outbox:
    """Sends due messages. Any number of processes may do so at the same time."""

    def __init__(
        self,
        *,
        store: OutboxStore,
        messenger: Messenger,
        clock: Clock,
        send_timeout_s: float = SEND_TIMEOUT_S,
    ) -> None:
        """``send_timeout_s`` is wall time."""
        self._store, self._messenger, self._clock = store, messenger, clock
        self._send_timeout_s = send_timeout_s
        self._unconfirmed: set[UUID] = set()

    async def deliver_due(self) -> Delivered:
        """Send all messages that are due now. One that fails does not delay the others."""
        outcomes: list[str] = []
        for _ in range(_MOST_BATCHES):
            batch = await self._store.claim(now=self._clock.now(), limit=_AT_ONCE)
            if not batch:
                break
            outcomes += await asyncio.gather(*(self._deliver(message) for message in batch))
        return Delivered(
            sent=outcomes.count("sent"),
            retried=outcomes.count("retried"),
            given_up=outcomes.count("given_up"),
        )

    async def _deliver(self, message: OutboxMessage) -> str:
        """Send one message and record the delivery.

        A message that this process sent earlier but could not record is only recorded. After a
        crash between sending and recording it is sent again.
        """
        failure = None if message.id in self._unconfirmed else await self._try(message)
        now = self._clock.now()
        if failure is None:
            self._unconfirmed.add(message.id)
            await self._store.sent(message.id, at=now)
            self._unconfirmed.discard(message.id)
            return "sent"
        if not failure.retry or message.tries + 1 >= MAXIMUM_TRIES:
            await self._store.give_up(message.id, at=now, error=failure.detail)
            return "given_up"
        await self._store.retry(
            message.id, error=failure.detail, next_try_at=_next_try(message, now)
        )
        return "retried"

    async def _try(self, message: OutboxMessage) -> DeliveryError | None:
        try:
            async with asyncio.timeout(self._send_timeout_s):
                await self._messenger.send(
                    target=message.target, subject=message.subject, body=message.body
                )
        except DeliveryError as error:
            return error
        except TimeoutError:
            channel = message.target.partition(":")[0]
            detail = f"no answer within {self._send_timeout_s:g} s"
            return DeliveryError(channel=channel, detail=detail, retry=True)
        return None


def _next_try(message: OutboxMessage, now: datetime) -> datetime:
    """Twice as long after each try, up to six hours."""
    return now + timedelta(seconds=min(FIRST_BACKOFF_S * 2**message.tries, LONGEST_BACKOFF_S))

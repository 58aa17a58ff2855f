"""Each message once, or given up with a reason; one that fails holds up no other."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid5

import pytest
from typing_extensions import override

from services.alerting.outbox import MAXIMUM_TRIES, Delivered, Outbox
from services.alerting.records import OutboxMessage
from services.errors import DeliveryError, Unavailable
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.stores.alerts import InMemoryOutboxStore

SITE = UUID(int=1)


class ScriptedMessenger:
    """Fails per target as the test set; keeps what was sent."""

    def __init__(self, **failures: DeliveryError | float) -> None:
        self.failures = failures
        self.sent: list[tuple[str, str, str]] = []

    async def send(self, *, target: str, subject: str, body: str) -> None:
        failure = self.failures.get(target.partition(":")[0])
        if isinstance(failure, DeliveryError):
            raise failure
        if failure is not None:
            await asyncio.sleep(failure)
        self.sent.append((target, subject, body))


def message(target: str, number: int = 0) -> OutboxMessage:
    key = f"{target}#{number}"
    return OutboxMessage(
        id=uuid5(SITE, key),
        system_id=SITE,
        alert_id=None,
        dedupe_key=key,
        target=target,
        subject="S",
        body="B",
        created_at=EPOCH,
        next_try_at=EPOCH,
    )


def outbox(
    store: InMemoryOutboxStore, messenger: ScriptedMessenger, clock: SteppingClock
) -> Outbox:
    return Outbox(store=store, messenger=messenger, clock=clock, send_timeout_s=0.05)


async def test_everything_due_is_sent_once() -> None:
    store, messenger, clock = InMemoryOutboxStore(), ScriptedMessenger(), SteppingClock()
    await store.put([message("mailto://x", number) for number in range(10)])
    courier = outbox(store, messenger, clock)
    assert await courier.deliver_due() == Delivered(sent=10)
    assert await courier.deliver_due() == Delivered()
    assert len(messenger.sent) == 10
    assert await store.pending(SITE) == 0


async def test_a_failure_is_tried_again_ever_later_and_holds_up_no_other() -> None:
    wall = [0.0]
    store = InMemoryOutboxStore(wall_s=lambda: wall[0])
    refused = DeliveryError(channel="json", detail="HTTP 503", retry=True)
    messenger, clock = ScriptedMessenger(json=refused), SteppingClock()
    await store.put([message("json://down"), message("mailto://up")])
    courier = outbox(store, messenger, clock)
    seen = []
    for seconds in (0, 29, 30, 89, 90):
        clock.set(EPOCH + timedelta(seconds=seconds))
        seen.append(await courier.deliver_due())
    assert seen == [
        Delivered(sent=1, retried=1),
        Delivered(),
        Delivered(retried=1),
        Delivered(),
        Delivered(retried=1),
    ]
    stored = store.messages[message("json://down").id]
    assert (stored.tries, stored.last_error) == (3, "HTTP 503")
    assert stored.next_try_at == EPOCH + timedelta(seconds=90 + 120)


async def test_a_permanent_error_is_given_up_at_once() -> None:
    store, clock = InMemoryOutboxStore(), SteppingClock()
    wrong = DeliveryError(channel="mailto", detail="no such mailbox", retry=False)
    await store.put([message("mailto://x")])
    courier = outbox(store, ScriptedMessenger(mailto=wrong), clock)
    assert await courier.deliver_due() == Delivered(given_up=1)
    stored = store.messages[message("mailto://x").id]
    assert (stored.failed_at, stored.last_error) == (EPOCH, "no such mailbox")


async def test_after_the_last_try_it_is_given_up() -> None:
    store, clock = InMemoryOutboxStore(), SteppingClock()
    down = DeliveryError(channel="mailto", detail="refused", retry=True)
    await store.put([message("mailto://x")])
    courier = outbox(store, ScriptedMessenger(mailto=down), clock)
    outcomes = []
    for _ in range(MAXIMUM_TRIES):
        outcomes.append(await courier.deliver_due())
        clock.advance(6 * 3_600)
    assert outcomes == [Delivered(retried=1)] * (MAXIMUM_TRIES - 1) + [Delivered(given_up=1)]


async def test_no_answer_is_a_failure() -> None:
    store, clock = InMemoryOutboxStore(), SteppingClock()
    await store.put([message("mailto://x")])
    courier = outbox(store, ScriptedMessenger(mailto=5.0), clock)
    assert await courier.deliver_due() == Delivered(retried=1)
    assert store.messages[message("mailto://x").id].last_error == "no answer within 0.05 s"


class ForgetfulStore(InMemoryOutboxStore):
    """The database goes away right after the first message was sent."""

    def __init__(self) -> None:
        self.wall = 0.0
        super().__init__(wall_s=lambda: self.wall)
        self.down = True

    @override
    async def sent(self, message_id: UUID, *, at: object) -> None:
        if self.down:
            self.down = False
            raise Unavailable(what="database", detail="gone", advice="Wait.")
        await super().sent(message_id, at=EPOCH)


async def test_what_was_sent_but_could_not_be_noted_is_not_sent_again() -> None:
    store, messenger = ForgetfulStore(), ScriptedMessenger()
    await store.put([message("mailto://x")])
    courier = outbox(store, messenger, SteppingClock())
    with pytest.raises(Unavailable):
        await courier.deliver_due()
    store.wall = 61.0
    assert await courier.deliver_due() == Delivered(sent=1)
    assert len(messenger.sent) == 1


async def test_one_run_has_an_end() -> None:
    class Endless(InMemoryOutboxStore):
        @override
        async def claim(self, *, now: object, limit: int) -> list[OutboxMessage]:
            return [message("mailto://x", number) for number in range(limit)]

    messenger = ScriptedMessenger()
    delivered = await outbox(Endless(), messenger, SteppingClock()).deliver_due()
    assert delivered.sent == len(messenger.sent) == 200

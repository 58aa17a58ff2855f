"""Alerts and the messages that announce them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.alerting.records import Alert, OutboxMessage, Severity
from services.errors import Conflict
from tests.contract.conftest import NOON, Site


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def alert(site: Site, number: int = 1, **changes: Any) -> Alert:
    made = Alert(
        id=UUID(int=number),
        system_id=site.system_id,
        key=f"soc_critical/{number}",
        category="battery",
        severity=Severity.CRITICAL,
        title="Battery critical",
        detail="44.9 V",
        advice="Charge.",
        opened_at=at(number),
        updated_at=at(number),
    )
    return replace(made, **changes)


def message(site: Site, number: int = 1, **changes: Any) -> OutboxMessage:
    made = OutboxMessage(
        id=UUID(int=100 + number),
        system_id=site.system_id,
        alert_id=None,
        dedupe_key=f"alert/{number}",
        target="mailto://user:secret@127.0.0.1",
        subject="Battery",
        body="44.9 V",
        created_at=at(0),
        next_try_at=at(number),
    )
    return replace(made, **changes)


async def test_alerts_open_change_and_clear(site: Site) -> None:
    store = site.stores.alerts
    for number in (1, 2):
        await store.save(alert(site, number))
    assert list(await store.open(site.system_id)) == [alert(site, 2), alert(site, 1)]
    cleared = alert(
        site,
        1,
        cleared_at=at(60),
        updated_at=at(60),
        acknowledged_at=at(30),
        acknowledged_by="owner",
        snoozed_until=at(90),
        severity=Severity.WARNING,
    )
    await store.save(cleared)
    assert list(await store.open(site.system_id)) == [alert(site, 2)]
    assert await store.get(UUID(int=1)) == cleared
    assert await store.get(UUID(int=9)) is None
    assert list(await store.page(site.system_id, before=None, limit=9)) == [
        alert(site, 2),
        cleared,
    ]
    assert list(await store.page(site.system_id, before=at(2), limit=9)) == [cleared]
    assert list(await store.page(site.system_id, before=None, limit=1)) == [alert(site, 2)]
    assert list(await store.open(site.other_system_id)) == []
    assert await store.count(site.system_id) == 2


async def test_one_identity_while_it_lasts(site: Site) -> None:
    store = site.stores.alerts
    await store.save(alert(site, 1, key="k"))
    with pytest.raises(Conflict):
        await store.save(alert(site, 2, key="k"), messages=[message(site)])
    assert await site.stores.outbox.pending(site.system_id) == 0
    await store.save(alert(site, 1, key="k", cleared_at=at(5)))
    await store.save(alert(site, 2, key="k"))
    assert [each.id.int for each in await store.open(site.system_id)] == [2]


async def test_an_alert_and_its_messages_are_saved_together(site: Site) -> None:
    announced = message(site, alert_id=UUID(int=1))
    await site.stores.alerts.save(alert(site), messages=[announced])
    assert list(await site.stores.outbox.claim(now=at(1), limit=9)) == [announced]


async def test_a_message_is_put_once_and_claimed_when_due(site: Site) -> None:
    store = site.stores.outbox
    await store.put([message(site, 1), message(site, 2)])
    await store.put([message(site, 3, dedupe_key="alert/1")])
    assert await store.pending(site.system_id) == 2
    assert list(await store.claim(now=at(0), limit=9)) == []
    assert list(await store.claim(now=at(1), limit=9)) == [message(site, 1)]
    assert list(await store.claim(now=at(9), limit=9)) == [message(site, 2)]
    assert list(await store.claim(now=at(9), limit=9)) == []


async def test_a_message_of_a_clock_that_ran_ahead_is_due(site: Site) -> None:
    """No pause before a try is longer than six hours."""
    store = site.stores.outbox
    ahead = [replace(message(site, n), next_try_at=at(n * 3_600)) for n in (6, 8)]
    await store.put(ahead)
    assert list(await store.claim(now=at(0), limit=9)) == ahead[1:]


async def test_due_messages_come_oldest_first_and_no_more_than_asked(site: Site) -> None:
    store = site.stores.outbox
    await store.put([message(site, number) for number in (3, 1, 2)])
    claimed = [await store.claim(now=at(9), limit=2) for _ in range(2)]
    assert [[each.id.int - 100 for each in batch] for batch in claimed] == [[1, 2], [3]]


async def test_a_failed_try_comes_back_later_and_an_end_is_an_end(site: Site) -> None:
    store = site.stores.outbox
    await store.put([message(site, number) for number in (1, 2, 3)])
    await store.claim(now=at(9), limit=9)
    await store.retry(message(site, 1).id, error="timeout", next_try_at=at(60))
    await store.sent(message(site, 2).id, at=at(10))
    await store.give_up(message(site, 3).id, at=at(10), error="no such user")
    assert await store.pending(site.system_id) == 1
    assert list(await store.claim(now=at(59), limit=9)) == []
    assert list(await store.claim(now=at(60), limit=9)) == [
        message(site, 1, tries=1, last_error="timeout", next_try_at=at(60))
    ]
    await store.retry(message(site, 2).id, error="late", next_try_at=at(0))
    assert list(await store.claim(now=at(999), limit=9)) == []

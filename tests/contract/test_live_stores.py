"""Live events, health, job runs."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.stored import Json
from tests.contract.conftest import NOON, Site, Stores


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def test_events_reach_whoever_subscribed_to_their_topic(stores: Stores) -> None:
    bus = stores.events
    decisions, everything = bus.subscribe("decision", "estop"), bus.subscribe()
    await bus.publish("telemetry", {"n": 1})
    await bus.publish("decision", {"n": 2, "w": 11600.0, "s": "ä"})
    await bus.publish("estop", {"n": 3})

    async def next_of(events: object) -> tuple[str, Json]:
        return await asyncio.wait_for(anext(events), 5.0)  # type: ignore[call-overload]  # a subscription

    expected = [
        ("telemetry", {"n": 1}),
        ("decision", {"n": 2, "w": 11600.0, "s": "ä"}),
        ("estop", {"n": 3}),
    ]
    assert [await next_of(everything) for _ in range(3)] == expected
    assert [await next_of(decisions) for _ in range(2)] == expected[1:]


async def test_a_closed_subscription_ends(stores: Stores) -> None:
    events = stores.events.subscribe("decision")
    waiting = asyncio.create_task(anext(events, None))
    await asyncio.sleep(0)
    await events.aclose()  # type: ignore[attr-defined]  # a subscription closes
    assert await asyncio.wait_for(waiting, 5.0) is None


async def test_an_event_from_before_is_not_seen(stores: Stores) -> None:
    await stores.events.publish("decision", {"n": 1})
    await asyncio.sleep(0.05)
    events = stores.events.subscribe("decision")
    await stores.events.publish("decision", {"n": 2})
    assert await asyncio.wait_for(anext(events), 5.0) == ("decision", {"n": 2})


async def test_a_healthy_store_says_so(stores: Stores) -> None:
    health = await stores.health.check()
    assert set(health) == {"ok", "ms", "size_bytes", "detail"}
    assert health["ok"] is True


@pytest.mark.parametrize("of_a_system", [True, False])
async def test_the_last_run_of_a_job_is_kept(site: Site, of_a_system: bool) -> None:
    store = site.stores.jobs
    system_id: UUID | None = site.system_id if of_a_system else None
    await store.record("control", system_id=system_id, at=at(0), ms=5.0, error=None)
    await store.record("control", system_id=system_id, at=at(60), ms=9.0, error="boom")
    await store.record("alerts", system_id=system_id, at=at(30), ms=1.0, error="first")
    assert list(await store.all()) == [
        {
            "job": "alerts",
            "system_id": system_id,
            "last_run_at": at(30),
            "last_ok_at": None,
            "last_error": "first",
            "ms": 1.0,
        },
        {
            "job": "control",
            "system_id": system_id,
            "last_run_at": at(60),
            "last_ok_at": at(0),
            "last_error": "boom",
            "ms": 9.0,
        },
    ]

"""Live events, health, job runs."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.stored import Json
from services.views.records import JobRun
from tests.contract.conftest import NOON, Site, Stores
from tests.waiting import HANGS_S


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def test_events_reach_whoever_subscribed_to_their_topic(stores: Stores) -> None:
    bus = stores.events
    decisions, everything = bus.subscribe("decision", "estop"), bus.subscribe()
    await bus.publish("telemetry", {"n": 1})
    await bus.publish("decision", {"n": 2, "w": 11600.0, "s": "ä"})
    await bus.publish("estop", {"n": 3})

    async def next_of(events: object) -> tuple[str, Json]:
        return await asyncio.wait_for(anext(events), HANGS_S)  # type: ignore[call-overload]  # a subscription

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
    assert await asyncio.wait_for(waiting, HANGS_S) is None


async def test_an_event_from_before_is_not_seen(stores: Stores) -> None:
    await stores.events.publish("decision", {"n": 1})
    await asyncio.sleep(0.05)
    events = stores.events.subscribe("decision")
    await stores.events.publish("decision", {"n": 2})
    assert await asyncio.wait_for(anext(events), HANGS_S) == ("decision", {"n": 2})


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
        JobRun(
            job="alerts",
            system_id=system_id,
            last_run_at=at(30),
            last_ok_at=None,
            last_error="first",
            ms=1.0,
        ),
        JobRun(
            job="control",
            system_id=system_id,
            last_run_at=at(60),
            last_ok_at=at(0),
            last_error="boom",
            ms=9.0,
        ),
    ]


@pytest.mark.parametrize(
    ("starts_s", "expected"),
    [
        pytest.param([0, 60, 120], (3, 0, 3, 0), id="every minute"),
        pytest.param([0, 60.4, 119.6, 180.2], (4, 0, 4, 0), id="a little early and late"),
        pytest.param([0, 60, 240], (3, 2, 3, 2), id="two missed while it ran"),
        pytest.param([0, 60, 60 + 660], (3, 10, 3, 10), id="ten missed is too slow"),
        pytest.param([0, 60, 60 + 720], (3, 11, 3, 0), id="eleven is an outage"),
        pytest.param([120, 60, 180], (3, 0, 3, 0), id="one that comes late is no other one's gap"),
        pytest.param([0, 10 * 3_600, 10 * 3_600 + 120], (3, 600, 2, 1), id="hours later"),
        pytest.param([0, 40 * 3_600], (1, 1_440, 1, 0), id="never more than a day's"),
    ],
)
async def test_cycles_are_counted_and_what_was_missed(
    site: Site, starts_s: list[float], expected: tuple[int, int, int, int]
) -> None:
    store = site.stores.jobs
    for start_s in starts_s:
        await store.count_cycle(site.system_id, started_at=at(start_s), interval_s=60.0)
    (count,) = await store.cycles(now=at(max(starts_s)))
    assert count.system_id == site.system_id
    assert (
        count.runs_24h,
        count.missed_24h,
        count.runs_lately,
        count.skipped_lately,
    ) == expected


async def test_counts_of_cycles_are_forgotten_after_thirty_days(site: Site) -> None:
    store = site.stores.jobs
    await store.count_cycle(site.system_id, started_at=at(0), interval_s=60.0)
    await store.forget_cycles(now=at(29 * 86_400))
    assert len(await store.cycles(now=at(60))) == 1
    await store.forget_cycles(now=at(31 * 86_400))
    assert await store.cycles(now=at(60)) == []

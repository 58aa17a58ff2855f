"""The reference site through a week of changing weather, under the whole loop.

One cycle a minute, real physics, no servers: what the owner would see of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from energy.site.preferences import Preferences
from services.actions.records import ActionStatus
from tests.fakes.sites.reference_site import SYSTEM_ID, ReferenceSite
from tests.scenario.week import MONDAY, ZONE, Week, live_week

pytestmark = pytest.mark.no_cover
"""Traced line by line a week takes three times as long; the units' own tests cover each line."""

MINIMUM_ON_MIN = 15.0


@pytest.mark.timeout(1200)
async def test_a_week_with_broken_clouds_and_an_overcast_day() -> None:
    week = await live_week()
    assert week.most_switches_a_day <= 8
    assert [run for run in week.runs if _too_short(run.minutes, urgent=run.urgent)] == []
    assert [run for run in week.runs if run.stopped_for is None] == [], "a timer ran out"
    assert week.lowest_v > Preferences().voltage_critical_low
    assert {action.status for action in week.actions} == {ActionStatus.DONE}
    assert _hashed(week, "primary") > 60.0
    assert _hashed(week, "dump") > 10.0


def _too_short(minutes: float | None, *, urgent: bool) -> bool:
    return minutes is not None and minutes < MINIMUM_ON_MIN and not urgent


def _hashed(week: Week, miner: str) -> float:
    return week.hashing_h.get(miner, 0.0)


async def test_a_full_battery_with_throttled_sun_starts_an_eligible_miner_within_5_minutes() -> (
    None
):
    """The owner allows mining when the battery has long been full: the meters show no surplus, but
    the sky would give it."""
    site = ReferenceSite(start=_at(9, 0), soc_pct=93.0, cloud_plan=("clear",))
    await site.set_up()
    await _allow(site, enabled=False)
    while site.clock.now() < _at(12, 30):
        await site.minute()
    before = site.physics.measure()
    assert before.stage in {"absorption", "float"}
    assert before.potential_w - before.pv_w > 6_000.0, "most of the sun is thrown away"

    await _allow(site, enabled=True)
    await site.minute()
    allowed_at = site.clock.now()
    while not _miners_on(site) and site.clock.now() - allowed_at < timedelta(minutes=10):
        await site.minute()
    assert site.clock.now() - allowed_at <= timedelta(minutes=5)

    for _ in range(30):
        await site.minute()
    after = site.physics.measure()
    assert _miners_on(site), "measured sun has met the promise: nothing is stopped again"
    assert after.pv_w - before.pv_w > 3_000.0
    assert after.battery_w > -200.0


async def _allow(site: ReferenceSite, *, enabled: bool) -> None:
    for stored in await site.stores.settings.miners(SYSTEM_ID):
        await site.stores.settings.save_miner(
            SYSTEM_ID,
            replace(stored.value, enabled=enabled),
            expected_version=stored.version,
            actor="owner",
        )


def _at(hour: int, minute: int) -> datetime:
    return MONDAY.astimezone(ZONE).replace(hour=hour, minute=minute)


def _miners_on(site: ReferenceSite) -> list[str]:
    devices = site.physics.measure().devices
    return [slug for slug in ("primary", "dump") if devices[slug].is_on]

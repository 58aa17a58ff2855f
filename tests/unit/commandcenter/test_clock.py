"""The simulated clock runs faster, from where it was anchored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from commandcenter.clock import Anchor, SimulatedClock, WallClock

SITE_START = datetime(2026, 6, 21, 17, 0, tzinfo=UTC)


def test_an_anchor_survives_its_json() -> None:
    anchor = Anchor(wall_at=SITE_START, site_at=SITE_START + timedelta(hours=1), speed=60.0)
    assert Anchor.from_json(anchor.to_json()) == anchor


async def test_site_time_passes_at_its_speed() -> None:
    wall = WallClock()
    clock = SimulatedClock(Anchor(wall_at=wall.now(), site_at=SITE_START, speed=600.0))
    before, wall_before = clock.now(), wall.now()
    await clock.sleep(6.0)
    wall_s = (wall.now() - wall_before).total_seconds()
    site_s = (clock.now() - before).total_seconds()
    assert site_s >= 6.0
    assert abs(site_s - wall_s * 600.0) < 60.0
    assert (clock.speed, wall.speed) == (600.0, 1.0)


def test_a_clock_made_later_goes_on_where_the_anchor_says() -> None:
    started = WallClock().now() - timedelta(seconds=10)
    clock = SimulatedClock(Anchor(wall_at=started, site_at=SITE_START, speed=60.0))
    assert timedelta(seconds=600) <= clock.now() - SITE_START < timedelta(seconds=900)


async def test_the_wall_clock_sleeps_and_is_aware() -> None:
    clock = WallClock()
    before = clock.now()
    await clock.sleep(0.001)
    assert before.tzinfo is UTC
    assert clock.now() > before

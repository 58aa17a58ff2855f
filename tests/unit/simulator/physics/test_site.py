from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import pytest

from simulator.physics.clouds import Clouds, DayKind
from simulator.physics.site import SimulatedSite
from simulator.physics.site_plan import ArrayPlan, Place
from simulator.physics.sun import ClearSun

START = datetime(2026, 6, 21, 7, 0, tzinfo=UTC)


class BellSun:
    """A sun without pvlib: a bell from 13 to 03 h UTC."""

    def power_w(self, at_s: float) -> float:
        hour = (at_s / 3_600.0 - 13.0) % 24.0
        return 12_000.0 * math.sin(math.pi * hour / 14.0) if hour < 14.0 else 0.0


def site(**changes: object) -> SimulatedSite:
    values: dict[str, object] = {"start": START, "clear_sun": BellSun(), **changes}
    return SimulatedSite(**values)  # type: ignore[arg-type] # a test's short form


def test_the_same_seed_gives_the_same_day() -> None:
    runs = []
    for _ in range(2):
        one = site(seed=5, cloud_plan=["broken"])
        one.switch("primary", on=True)
        for _ in range(1_440):
            one.step(60.0)
        runs.append(one.to_json())
    assert runs[0] == runs[1]


def test_another_seed_gives_another_day() -> None:
    one, other = site(seed=1, cloud_plan=["broken"]), site(seed=2, cloud_plan=["broken"])
    for _ in range(1_440):
        one.step(60.0)
        other.step(60.0)
    assert one.inverter.totals != other.inverter.totals


def test_weather_of_the_plan_orders_the_days_by_energy() -> None:
    one = site(cloud_plan=["clear", "broken", "overcast"])
    energies = []
    for _ in range(3):
        before = one.inverter.totals.available_wh
        for _ in range(1_440):
            one.step(60.0)
        energies.append(one.inverter.totals.available_wh - before)
    clear, broken, overcast = energies
    assert clear > 1.2 * broken
    assert broken > 2.0 * overcast


def test_days_after_the_plan_are_drawn_by_the_seed() -> None:
    clouds = Clouds(seed=1, longitude=0.0, first_s=0.0, plan=["overcast"])
    kinds = [clouds.kind(day * 86_400.0) for day in range(40)]
    assert kinds[0] is DayKind.OVERCAST
    assert set(kinds[1:]) == set(DayKind)
    assert all(0.0 < clouds.transmittance(minute * 61.0) <= 1.1 for minute in range(20_000))


def test_a_running_miner_is_part_of_the_load_and_warms_its_room() -> None:
    one = site()
    one.step(60.0)
    before = one.measure()
    one.switch("primary", on=True)
    for _ in range(30):
        one.step(60.0)
    after = one.measure()
    assert after.devices["primary"].power_w == pytest.approx(3_878.0, rel=0.01)
    assert after.load_w - before.load_w == pytest.approx(3_878.0, abs=800.0)
    assert after.rooms_c["heat-room"] > before.rooms_c["heat-room"] + 1.0
    assert one.at == START + timedelta(minutes=31)


def test_fast_forward_over_downtime_lets_the_timer_end() -> None:
    one = site()
    one.switch("primary", on=True, toggle_after_s=300.0)
    state = json.loads(json.dumps(one.to_json()))
    later = site()
    later.restore(state)
    later.advance_to(START + timedelta(hours=3))
    reading = later.measure().devices["primary"]
    assert (reading.is_on, reading.source, reading.power_w) == (False, "timer", 0.0)
    assert later.devices["primary"].relay.switched_s == START.timestamp() + 300.0
    assert later.devices["primary"].relay.energy_wh < 3_878.0 * 0.1
    assert later.at == START + timedelta(hours=3)


def test_restored_site_goes_on_like_the_one_that_was_never_stopped() -> None:
    one = site(cloud_plan=["broken", "clear"])
    one.switch("dump", on=True)
    one.advance_to(START + timedelta(hours=9))
    state = json.loads(json.dumps(one.to_json()))
    other = site(cloud_plan=["broken", "clear"])
    other.restore(state)
    for each in (one, other):
        each.advance_to(START + timedelta(hours=18))
    assert one.measure() == other.measure()


def test_a_state_saved_by_an_older_release_is_restored() -> None:
    one = site()
    one.advance_to(START + timedelta(hours=1))
    state = json.loads(json.dumps(one.to_json()))
    state["totals"]["self_use_wh"] = state["midnight"]["self_use_wh"] = 250.0
    other = site()
    other.restore(state)
    assert other.to_json() == one.to_json()


def test_energies_of_today_start_at_local_midnight() -> None:
    one = site()
    one.advance_to(START + timedelta(hours=23, minutes=59))
    assert one.measure().pv_today_wh > 10_000.0
    one.advance_to(START + timedelta(hours=24, minutes=1))
    assert one.measure().pv_today_wh == 0.0
    assert one.measure().load_today_wh < 100.0


def test_clear_sun_of_the_reference_array() -> None:
    sun = ClearSun(Place(), ArrayPlan())
    noon = datetime(2026, 6, 21, 20, 10, tzinfo=UTC).timestamp()
    midnight = datetime(2026, 6, 21, 8, 10, tzinfo=UTC).timestamp()
    assert not sun.is_prepared(noon)
    sun.prepare(noon)
    assert sun.is_prepared(noon)
    assert 11_000.0 < sun.power_w(noon) < 13_500.0
    assert sun.power_w(midnight) == 0.0
    copy = ClearSun(Place(), ArrayPlan())
    copy.restore(json.loads(json.dumps(sun.to_json())))
    assert copy.power_w(noon) == sun.power_w(noon)


def test_clear_sun_keeps_only_the_newest_days() -> None:
    sun = ClearSun(Place(), ArrayPlan())
    for day in range(10):
        sun.prepare(START.timestamp() + day * 86_400.0)
    assert len(sun.to_json()) == 8
    assert not sun.is_prepared(START.timestamp())
